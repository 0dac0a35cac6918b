"""From a query to moments: frames and speech in one ranking.

Each channel ranks the clips on its own: frames by the cosine of query and clip, speech by the share of the query that
is said. If both have hits, a clip's score is the sum of 1 / (60 + rank) over the channels (reciprocal rank fusion,
Cormack et al. 2009), so that the scales of the channels need not be compared.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.files import is_gone
from hdvila.search.database import from_column
from hdvila.search.vectors import Vectors
from hdvila.types import Moment

__all__ = ["best_moments"]

_SAME_MOMENT = 0.5  # clips of one tape that share this part of the shorter one are the same moment
_OF_ONE_TAPE = 3  # most hits of one tape, while other tapes have some left
_CONSTANT = 60  # of reciprocal rank fusion
_SURE_SPEECH = 0.6  # share of the query's weight that makes a hit confident
_DEEPEST = 10_000  # clips searched for moments of other tapes
_AT_ONCE = 500  # rows of one SQLite statement


@dataclass(frozen=True, slots=True)
class _Clip:
    id: int
    path: str | bytes
    tape: str
    """The content of its file: copies of a video are one tape."""
    start: float
    end: float
    text: str


def best_moments(
    connection: sqlite3.Connection,
    vectors: Vectors | None,
    query_D: NDArray[np.float32] | None,
    heard: Mapping[int, float],
    floor: float,
    k: int,
) -> list[Moment]:
    """The `k` best moments, best first, without repeats.

    A clip that overlaps a better hit of the same tape by half or more is the same moment and dropped; the hit keeps the
    bounds of its best clip. A tape has at most three of the hits, unless there are too few others.

    Args:
        vectors: of the clips; None if frames are not searched, or there are no clips.
        query_D: the vector of the query.
        heard: shares of the query that are said in the clips, best first (`hdvila.search.speech.heard`).
        floor: the cosine from which frames are trusted. If no clip reaches it, frames have half the weight.
    """
    wanted = max(4 * k, 100)
    while True:
        seen: dict[int, float] = {}
        whole = True
        if vectors is not None and query_D is not None:
            seen = dict(zip(*vectors.best(query_D, wanted), strict=True))
            whole = wanted >= len(vectors)
        clips = _clips(connection, [*seen, *(clip for clip in heard if clip not in seen)])
        points = _points(clips, seen, heard, floor)
        order = sorted(points, key=lambda clip: -points[clip])
        found = [clip for clip, new in _each_moment(clips[clip] for clip in order) if new]
        chosen = _of_many_tapes(found, k)
        crowded = max(Counter(clip.tape for clip in chosen).values(), default=0) > _OF_ONE_TAPE
        if whole or (len(chosen) == k and not (crowded and wanted < _DEEPEST)):
            break
        wanted *= 4
    seen |= _cosines(vectors, query_D, [clip.id for clip in chosen if clip.id not in seen])
    return [_moment(connection, clip, points[clip.id], seen.get(clip.id), heard.get(clip.id), floor) for clip in chosen]


def _points(
    clips: Mapping[int, _Clip], seen: Mapping[int, float], heard: Mapping[int, float], floor: float
) -> dict[int, float]:
    """The score of each clip: the value of the only channel, or the fused ranks of two, 1 for the first in both."""
    if not heard or not seen:
        return dict(seen or heard)
    points: defaultdict[int, float] = defaultdict(float)
    trust = 0.5 if max(seen.values()) >= floor else 0.25
    for channel, weight in ((seen, trust), (heard, 0.5)):
        rank = 0
        for clip, new in _each_moment(clips[clip] for clip in channel):
            rank += new
            points[clip.id] += weight * (_CONSTANT + 1) / (_CONSTANT + rank)
    return points


def _each_moment(clips: Iterable[_Clip]) -> Iterable[tuple[_Clip, bool]]:
    """Each clip, and whether it is a different moment from all before it."""
    of_tape: defaultdict[str, list[_Clip]] = defaultdict(list)
    for clip in clips:
        new = not any(_same(clip, other) for other in of_tape[clip.tape])
        if new:
            of_tape[clip.tape].append(clip)
        yield clip, new


def _same(one: _Clip, other: _Clip) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0 and shared >= _SAME_MOMENT * min(one.end - one.start, other.end - other.start)


def _of_many_tapes(found: Sequence[_Clip], k: int) -> list[_Clip]:
    """The first `k` with at most three of a tape; if those are too few, the best of the others as well."""
    of_tape: Counter[str] = Counter()
    first: list[int] = []
    for place, clip in enumerate(found):
        if len(first) < k and of_tape[clip.tape] < _OF_ONE_TAPE:
            of_tape[clip.tape] += 1
            first.append(place)
    others = sorted(set(range(len(found))) - set(first))
    chosen = sorted([*first, *others[: k - len(first)]])
    return [found[place] for place in chosen]


def _moment(
    connection: sqlite3.Connection, clip: _Clip, score: float, seen: float | None, heard: float | None, floor: float
) -> Moment:
    """The hit for a clip; an existing copy is preferred to a file that is gone."""
    rows = connection.execute("SELECT path FROM tapes WHERE content = ? ORDER BY id", (clip.tape,))
    own = from_column(clip.path) if clip.text else ""  # the file with these words; without words any file will do
    places = sorted((from_column(path) for (path,) in rows), key=lambda path: (is_gone(path), own not in ("", path)))
    channels = {name: value for name, value in (("picture", seen), ("speech", heard)) if value is not None}
    sure = (seen is not None and seen >= floor) or (heard is not None and heard >= _SURE_SPEECH)
    return Moment(places[0], clip.start, clip.end, score, clip.text, channels, sure, tuple(places[1:]))


def _cosines(vectors: Vectors | None, query_D: NDArray[np.float32] | None, clips: Sequence[int]) -> dict[int, float]:
    if vectors is None or query_D is None or not clips:
        return {}
    return dict(zip(clips, vectors.scores(query_D, clips), strict=True))


def _clips(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, _Clip]:
    found = {}
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        for row in connection.execute(
            "SELECT clips.id, tapes.path, tapes.content, clips.start, clips.end, clips.text FROM clips"
            f" JOIN tapes ON tapes.id = clips.file WHERE clips.id IN ({marks})",
            some,
        ):
            found[row[0]] = _Clip(*row)
    return found

"""From words to moments."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from hdvila.search.database import from_column
from hdvila.search.vectors import Vectors
from hdvila.types import Moment

__all__ = ["closest", "said"]

_SAME_MOMENT = 0.5  # clips of one file that share this part of the shorter one are one moment
_AT_ONCE = 500  # rows asked of SQLite in one statement


def closest(connection: sqlite3.Connection, vectors: Vectors, query_D: NDArray[np.float32], k: int) -> list[Moment]:
    """The `k` best moments, best first, each moment once.

    A clip that shares half of its time or more with a better hit of the same file is that moment again and left out;
    the hit keeps the bounds of its best clip.
    """
    wanted = 4 * k
    while True:
        clips, scores = vectors.best(query_D, wanted)
        found = _each_moment_once(_moments(connection, clips, scores))
        if len(found) >= k or wanted >= len(vectors):
            return found[:k]
        wanted *= 4


def said(connection: sqlite3.Connection, words: str, k: int) -> list[Moment]:
    """The `k` best clips in whose subtitles all these words are said; score: BM25, higher is better."""
    phrase = " ".join('"' + word.replace('"', '""') + '"' for word in words.replace("\0", " ").split())
    rows = connection.execute(
        "SELECT files.path, clips.start, clips.end, -bm25(subtitles), clips.text FROM subtitles"
        " JOIN clips ON clips.id = subtitles.rowid JOIN files ON files.id = clips.file"
        " WHERE subtitles MATCH ? ORDER BY bm25(subtitles), clips.id LIMIT ?",
        (phrase, k),
    )
    return [Moment(from_column(path), *rest) for path, *rest in rows]


def _moments(connection: sqlite3.Connection, clips: list[int], scores: list[float]) -> Iterator[Moment]:
    for first in range(0, len(clips), _AT_ONCE):
        some = clips[first : first + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = {
            row[0]: row[1:]
            for row in connection.execute(
                "SELECT clips.id, files.path, clips.start, clips.end, clips.text FROM clips"
                f" JOIN files ON files.id = clips.file WHERE clips.id IN ({marks})",
                some,
            )
        }
        for clip, score in zip(some, scores[first : first + _AT_ONCE], strict=True):
            path, start, end, text = rows[clip]
            yield Moment(from_column(path), start, end, score, text)


def _each_moment_once(moments: Iterable[Moment]) -> list[Moment]:
    kept: list[Moment] = []
    of_file: dict[str, list[Moment]] = defaultdict(list)
    for moment in moments:
        if not any(_same(moment, other) for other in of_file[moment.file]):
            kept.append(moment)
            of_file[moment.file].append(moment)
    return kept


def _same(one: Moment, other: Moment) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0 and shared >= _SAME_MOMENT * min(one.end - one.start, other.end - other.start)

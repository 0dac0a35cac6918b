"""Check that all times of a file share one clock: sorting cues of several recordings would interleave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hdvila.text.formats.cues import RawCue, Refused, left_out
from hdvila.text.marks import plain

_WRAPS = 86_400.0, (1 << 33) / 90_000  # seconds after which a clock wraps: a day, and MPEG's 33 bits
_NEAR = 600.0  # seconds around a wrap
_JITTER = 0.5  # seconds by which a start may lie before the previous one
_STEP = 0.001  # seconds between two starts that had to be reordered
_SWAPPED = 2.0  # seconds by which a recogniser may swap neighbouring words
_LARGE = 0.25  # share of the cues of a file: so many out of order are a joined part, not an edit


def on_one_clock(cues: Sequence[RawCue], edited: bool) -> tuple[list[RawCue], list[str]]:
    """The cues of a file, in its order, with times on one clock, and notes on what was changed.

    A clock that wraps (after 24 hours, or after the 33 bits of MPEG timestamps) is continued. Cues that an
    editor left out of order belong where their times put them. A clock that restarts is refused: the offsets
    are unknown.

    Args:
        cues: in the order of the file.
        edited: whether people edit such files and may leave cues out of order; recognisers do not.

    Raises:
        Refused: the clock restarts; the message says where.
    """
    unwrapped, notes = _unwrapped(cues)
    runs = _runs(unwrapped)
    if not edited:
        return (unwrapped if _check_recognised(unwrapped, runs) else _rising(unwrapped)), notes
    if len(runs) == 1:
        return unwrapped, notes
    order = sorted(range(len(unwrapped)), key=lambda at: unwrapped[at].start)
    place = {at: number for number, at in enumerate(order)}
    run_of = {at: number for number, run in enumerate(runs) for at in run}
    highest = unwrapped[runs[0][-1]].start
    lanes = {unwrapped[at].lane for at in runs[0]}
    moved: list[int] = []
    for run in runs[1:]:
        first, before = unwrapped[run.start], unwrapped[run.start - 1]
        fallen = [at for at in run if unwrapped[at].start <= highest]
        overlapping = sum(_overlaps_another(at, place[at], order, run_of, unwrapped) for at in fallen)
        places = [place[at] for at in fallen]
        scattered = len(fallen) <= max(places) - min(places) and any(unwrapped[at].lane in lanes for at in fallen)
        together = max(places) - min(places) < len(fallen)
        fills_a_gap = together and min(places) > 0 and fallen[-1] == run[-1] and not overlapping
        joined = first.part != before.part and not fills_a_gap
        many = len(fallen) >= max(2, _LARGE * len(unwrapped))
        if joined or (len(fallen) > 1 and 2 * overlapping >= len(fallen)) or (scattered and many):
            raise Refused(_restart_message(before, first))
        moved += fallen
        lanes |= {unwrapped[at].lane for at in run}
        highest = max(highest, unwrapped[run[-1]].start)
    first = unwrapped[moved[0]]
    where = f" at {first.start:.1f} s"
    done = "out of order and sorted by time"
    return unwrapped, [*notes, left_out(len(moved), "cue", plain(first.lines[0]), where, done)]


def _rising(cues: Sequence[RawCue]) -> list[RawCue]:
    """The cues of a recogniser in its own order: of two swapped starts, the second follows the first directly."""
    rising: list[RawCue] = []
    for cue in cues:
        if rising and cue.start < rising[-1].start:
            least = rising[-1].start + _STEP
            cue = replace(cue, start=least, end=max(least, cue.end))
        rising.append(cue)
    return rising


def check_starts(starts: Sequence[float | None], texts: Sequence[str]) -> None:
    """Refuse words or segments of a recogniser whose clock restarts. A start of None is unknown.

    Raises:
        Refused: the clock restarts; the message says where.
    """
    known = [
        RawCue(start, start, (text or "?",)) for start, text in zip(starts, texts, strict=True) if start is not None
    ]
    _check_recognised(known, _runs(known))


def _unwrapped(cues: Sequence[RawCue]) -> tuple[list[RawCue], list[str]]:
    shift, latest = 0.0, 0.0
    result: list[RawCue] = []
    notes = []
    for cue in cues:
        for wrap in _WRAPS:
            near_end = abs(latest - shift - wrap) < _NEAR
            if near_end and cue.start < _NEAR:
                shift += wrap
                notes.append(f"its clock wraps at {wrap:.0f} s; later times are continued from there")
                break
        result.append(replace(cue, start=cue.start + shift, end=cue.end + shift) if shift else cue)
        latest = max(latest, result[-1].start)
    return result, notes


def _runs(cues: Sequence[RawCue]) -> list[range]:
    """The ranges of cues within which times do not decrease."""
    falls = [
        at
        for at in range(1, len(cues))
        if cues[at].start < cues[at - 1].start - _JITTER
        or (cues[at].part != cues[at - 1].part and cues[at].start <= cues[at - 1].start)
    ]
    bounds = [0, *falls, len(cues)]
    return [range(begin, end) for begin, end in pairwise(bounds)]


def _check_recognised(cues: Sequence[RawCue], runs: Sequence[range]) -> bool:
    """True if the runs are channels or speakers, which may interleave. One lane may only swap neighbours.

    Raises:
        Refused: the clock restarts.
    """
    lanes = [{cues[at].lane for at in run} for run in runs]
    alone = all(len(lane) == 1 and "" not in lane for lane in lanes)
    if len(runs) > 1 and alone and len(set.union(*lanes)) == len(runs) and not _mostly_overlap(cues):
        return True
    for run in runs[1:]:
        at = run.start
        fall = cues[at - 1].start - cues[at].start
        if fall > _SWAPPED or (at > 1 and cues[at].start <= cues[at - 2].start) or at == 1 or cues[at].start == 0.0:
            raise Refused(_restart_message(cues[at - 1], cues[at]))
    return False


def _mostly_overlap(cues: Sequence[RawCue]) -> bool:
    """Whether most cues overlap one of another lane, which the turns of a conversation do not."""
    order = sorted(range(len(cues)), key=lambda at: cues[at].start)
    lane_of = {at: hash(cues[at].lane) for at in order}
    free = [replace(cue, lane="") for cue in cues]
    overlapping = sum(_overlaps_another(at, place, order, lane_of, free) for place, at in enumerate(order))
    return 2 * overlapping >= len(cues)


def _overlaps_another(
    at: int, place: int, order: Sequence[int], run_of: dict[int, int], cues: Sequence[RawCue]
) -> bool:
    """Whether a cue and a neighbour from another run in its lane overlap by half the shorter of the two."""
    mine = cues[at]
    for near in (place - 1, place + 1):
        if not 0 <= near < len(order) or run_of[order[near]] == run_of[at]:
            continue
        other = cues[order[near]]
        shared = min(mine.end, other.end) - max(mine.start, other.start)
        if mine.lane == other.lane and shared > 0 and 2 * shared >= min(mine.end - mine.start, other.end - other.start):
            return True
    return False


def _restart_message(before: RawCue, cue: RawCue) -> str:
    text = " ".join(plain(" ".join(cue.lines)).split())
    return (
        f"its clock restarts: after {before.start:.1f} s comes {cue.start:.1f} s, at {text[:50]!r}; the file was "
        "joined from parts that each count from 0, so the times of these words are unknown: add the start of each part "
        "to its times, or give the parts as separate files"
    )

"""Put the cues of a file on one clock, sort them by start, and keep each word once.

Rolling captions repeat a line as it moves up; live and paint-on captions grow by a word or a letter a cue.
Both differ from words that are said twice in that many cues of the file begin with the text of the cue
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from hdvila.text.formats.clock import on_one_clock
from hdvila.text.formats.cues import Parsed, RawCue, split_word_times
from hdvila.text.formats.growing import merge_growing
from hdvila.text.formats.highlight import merge_highlights
from hdvila.text.formats.substation import with_tags
from hdvila.text.marks import plain

_TOUCHING = 0.3  # seconds, at most, between two consecutive cues
_MOST_LINES = 15  # in a caption
_ROLLING_SHARE = 0.3  # share of cues that repeat a line, above which a file rolls


def normalise(parsed: Parsed, edited: bool = True, rolls: bool = True) -> Parsed:
    """The parsed text with its cues in order of their start, each word once.

    Args:
        parsed: cues in the order of the file.
        edited: whether people edit such files (see `hdvila.text.formats.clock.on_one_clock`).
        rolls: whether files of this format may roll (see `unroll`).

    Raises:
        Refused: the clock of the file restarts.
    """
    cues, notes = on_one_clock(parsed.cues, edited)
    once = merge_highlights([with_tags(cue) for cue in in_order(cues)])
    return Parsed(unroll(cues, rolls) if once is None else once, parsed.language, [*parsed.notes, *notes])


def unroll(cues: Sequence[RawCue], rolls: bool = True) -> list[RawCue]:
    """The cues in order of their start, each word once. Files that do not roll keep repeated lines.

    A file rolls if it times words, or if many cues of several lines begin with the line shown before, which
    only happens where lines move up. A cue that only repeats the one before is dropped if it follows
    directly: "no" after "no" a second later is said twice.

    Args:
        cues: in any order.
        rolls: whether a file of this format rolls if it times words. JSON does not; its captions may only grow.
    """
    ordered = in_order(cues)
    timed = [[len(split_word_times(line)) > 1 for line in cue.lines] for cue in ordered]
    has_times = any(map(any, timed))
    if not has_times:
        if (grown := merge_growing(ordered)) is not None:
            return grown
    elif not rolls:
        return ordered
    shown = [[" ".join(plain(line).split()) for line in cue.lines] for cue in ordered]
    repeats = [0] * len(ordered)
    chances = rolled = 0
    for number, (before, cue) in enumerate(pairwise(ordered), start=1):
        count = _overlap(shown[number - 1], shown[number], timed[number])
        touching = cue.start <= before.end + _TOUCHING
        if touching or count < len(cue.lines):
            repeats[number] = count
        if len(cue.lines) > 1 or len(before.lines) > 1:
            chances += 1
            rolled += repeats[number] > 0
    if not has_times and rolled <= _ROLLING_SHARE * chances:
        return ordered
    kept = [replace(cue, lines=cue.lines[seen:]) for cue, seen in zip(ordered, repeats, strict=True)]
    return [cue for cue in kept if cue.lines]


def in_order(cues: Iterable[RawCue]) -> list[RawCue]:
    """Sort by start. Cues that start together (layers of a style, two speakers) become one, without repeats."""
    together: dict[float, list[RawCue]] = {}
    for cue in cues:
        together.setdefault(cue.start, []).append(cue)
    return [_together(group) for _, group in sorted(together.items())]


def _together(group: list[RawCue]) -> RawCue:
    if len(group) == 1:
        return group[0]
    lines = {
        " ".join(plain(line, voices=True).split()): line for cue in reversed(group) for line in reversed(cue.lines)
    }
    return replace(group[0], end=max(cue.end for cue in group), lines=tuple(reversed(lines.values())))


def _overlap(before: list[str], now: list[str], timed: list[bool]) -> int:
    """How many lines at the top of `now` are the bottom lines of `before`. A line with word times is new."""
    for count in range(min(len(before), len(now), _MOST_LINES), 0, -1):
        if before[-count:] == now[:count] and not any(timed[:count]):
            return count
    return 0

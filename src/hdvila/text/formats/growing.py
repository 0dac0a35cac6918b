"""Merge captions that grow: by words (live captions), by letters, or in the lowest of several rolling lines.

Each word is kept once, with the time of the first cue that shows it and the spelling of the last.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from hdvila.text.formats.cues import RawCue, comparison_key, time_tag
from hdvila.text.marks import plain

_TOUCHING = 0.3  # seconds, at most, between two consecutive cues
_WAITING = 3.0  # seconds, at most, until a caption grows by its next word
_SHARE = 0.3  # share of cues that continue the one before, in chains, above which a file grows
_CHAIN = 3  # consecutive cues that grow: speech does not repeat itself like this
_REVISED = 2  # words at the end of a live caption that may still change
_SLIDING_SHARE = 0.5  # share of cues that begin with the end of the one before, above which it slides


@dataclass(frozen=True, slots=True)
class _Screen:
    """What a cue shows.

    Attributes:
        words: as written.
        keys: the words as they are compared.
        breaks: the positions of the words at which lines begin.
    """

    cue: RawCue
    words: tuple[str, ...]
    keys: tuple[str, ...]
    breaks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """From one cue to the next: the first `gone` words disappear, the next begins with the `kept` after them."""

    gone: int
    kept: int


@dataclass(slots=True)
class _Word:
    """A word in its latest spelling, with start and end of the cue that showed it first."""

    text: str
    start: float
    end: float


def merge_growing(cues: Sequence[RawCue]) -> list[RawCue] | None:
    """The cues with each word once; None if the file does not grow.

    Args:
        cues: in order of their start.
    """
    screens = [_screen(cue) for cue in cues]
    steps = _steps(list(pairwise(screens)))
    return _merged(screens, steps) if steps is not None else None


def _screen(cue: RawCue) -> _Screen:
    words: list[str] = []
    breaks = []
    for line in cue.lines:
        breaks.append(len(words))
        words += plain(line).split()
    return _Screen(cue, tuple(words), tuple(map(comparison_key, words)), tuple(breaks))


def _steps(pairs: list[tuple[_Screen, _Screen]]) -> list[_Step] | None:
    """What each cue keeps of the one before; None if the file does not grow."""
    touch = [
        now.cue.start
        <= before.cue.end + (_WAITING if before.keys == now.keys[: len(before.keys)] != now.keys else _TOUCHING)
        for before, now in pairs
    ]
    steps = [_rolled(*pair) if near else _new(pair[0]) for pair, near in zip(pairs, touch, strict=True)]
    grows = [
        near and ((step == _Step(0, len(before.keys)) and step.kept < len(now.keys)) or _is_spelled(before, now))
        for (before, now), step, near in zip(pairs, steps, touch, strict=True)
    ]
    chains = _chains(grows)
    grown = sum(end - begin for begin, end in chains if end - begin > 1)
    rolled = sum(near and step.gone > 0 < step.kept for step, near in zip(steps, touch, strict=True))
    if grown and grown + rolled > _SHARE * len(grows):
        return [
            step if step.kept or not near else _rewritten_or_slid(*pair)
            for pair, step, near in zip(pairs, steps, touch, strict=True)
        ]
    slid = [
        (step if step.kept else _slid(*pair)) if near else _new(pair[0])
        for pair, step, near in zip(pairs, steps, touch, strict=True)
    ]
    slides = sum(
        0 < step.gone < len(before.keys) and len(now.keys) - step.kept <= _REVISED
        for (before, now), step in zip(pairs, slid, strict=True)
    )
    if len(slid) > _CHAIN and slides > _SLIDING_SHARE * len(slid):
        return slid
    if all(end - begin < _CHAIN for begin, end in chains):
        return None
    inside = {at for begin, end in chains if end - begin >= _CHAIN for at in range(begin, end)}
    return [
        (step if step.kept else _rewritten(*pair)) if at in inside else _new(pair[0])
        for at, (pair, step) in enumerate(zip(pairs, steps, strict=True))
    ]


def _chains(grows: list[bool]) -> list[tuple[int, int]]:
    """The ranges within which each cue continues the one before."""
    chains: list[tuple[int, int]] = []
    for at, grow in enumerate(grows):
        if grow and chains and chains[-1][1] == at:
            chains[-1] = chains[-1][0], at + 1
        elif grow:
            chains.append((at, at + 1))
    return chains


def _new(before: _Screen) -> _Step:
    return _Step(len(before.keys), 0)


def _rolled(before: _Screen, now: _Screen) -> _Step:
    """The step where `now` begins with whole lines from the end of `before`."""
    for gone in before.breaks:
        kept = len(before.keys) - gone
        if 0 < kept <= len(now.keys) and before.keys[gone:] == now.keys[:kept]:
            return _Step(gone, kept)
    return _new(before)


def _slid(before: _Screen, now: _Screen) -> _Step:
    """The step where `now` begins with two words or more from the end of `before`."""
    for kept in range(min(len(before.keys), len(now.keys), 40), 1, -1):
        if before.keys[-kept:] == now.keys[:kept]:
            return _Step(len(before.keys) - kept, kept)
    return _new(before)


def _rewritten_or_slid(before: _Screen, now: _Screen) -> _Step:
    """The step where the last words of `before` changed, or its first words make room for new ones."""
    step = _rewritten(before, now)
    slid = _new(before) if step.kept else _slid(before, now)
    return slid if slid.kept and len(now.keys) - slid.kept <= _REVISED else step


def _is_spelled(before: _Screen, now: _Screen) -> bool:
    """Whether `now` continues the last word of `before`, which was not complete."""
    last = len(before.keys) - 1
    return (
        0 <= last < len(now.keys)
        and before.keys[:last] == now.keys[:last]
        and before.keys[last] != now.keys[last]
        and now.keys[last].startswith(before.keys[last])
    )


def _rewritten(before: _Screen, now: _Screen) -> _Step:
    """The step where the last words of `before` changed or were completed, and more words may follow."""
    if _is_spelled(before, now):
        return _Step(0, len(before.keys))
    for gone in before.breaks:
        old = before.keys[gone:]
        same = next((at for at, (a, b) in enumerate(zip(old, now.keys, strict=False)) if a != b), 0)
        respaced = "".join(now.keys).startswith("".join(old))
        if (same >= 2 or (same and respaced)) and len(old) - same <= _REVISED and len(now.keys) >= len(old):
            return _Step(gone, same)
    return _new(before)


def _merged(screens: list[_Screen], steps: list[_Step]) -> list[RawCue]:
    lines: list[tuple[RawCue, list[_Word]]] = []
    shown: list[_Word] = []
    for screen, step in zip(screens, [_Step(0, 0), *steps], strict=True):
        for word in shown[step.gone + step.kept :]:
            word.text = ""  # it was replaced
        shown = shown[step.gone : step.gone + step.kept]
        for word, written in zip(shown, screen.words, strict=False):
            word.text = written
        for at in range(step.kept, len(screen.words)):
            if not lines or at in screen.breaks:
                lines.append((screen.cue, []))
            shown.append(_Word(screen.words[at], screen.cue.start, screen.cue.end))
            lines[-1][1].append(shown[-1])
    merged = []
    for cue, words in lines:
        said = [word for word in words if word.text]
        if not said:
            continue
        starts = [cue.start, *(word.start for word in said)]
        pieces = [
            (time_tag(word.start) if word.start != before else "") + html.escape(word.text, quote=False)
            for word, before in zip(said, starts, strict=False)
        ]
        merged.append(replace(cue, end=max(word.end for word in said), lines=(" ".join(pieces),)))
    return merged

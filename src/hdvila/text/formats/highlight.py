"""A line shown once for each of its words, that word underlined or coloured: the line once, with the times of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hdvila.text.formats.cues import RawCue, time_tag

_STYLE = re.compile(r"<(/?)(u|b|i|s|em|strong|font|c|span)\b([^<>]*)>", re.IGNORECASE)
_TOUCHING = 0.3  # seconds between two showings of a line that follow at once
_PAUSE = 10.0  # seconds that a speaker may pause within a line

_Style = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Showing:
    """One cue: its text without tags of style, and the style of each character."""

    cue: RawCue
    text: str
    styles: tuple[_Style, ...]


def merge_highlights(cues: Sequence[RawCue]) -> list[RawCue]:
    """Cues in order of their start; where a highlight moves through equal lines, these are one line.

    The highlight says when each word begins and ends. Files without such lines stay as they are.
    """
    if not any(_STYLE.search(line) for cue in cues for line in cue.lines):
        return list(cues)
    showings = [_showing(cue) for cue in cues]
    groups: list[list[_Showing]] = []
    for showing in showings:
        last = groups[-1][-1] if groups else None
        if last and last.text.split() == showing.text.split() and showing.cue.start - last.cue.end <= _PAUSE:
            groups[-1].append(showing)
        else:
            groups.append([showing])
    marked = [_highlights(group) for group in groups]
    if not any(_moves(spans, group) for spans, group in zip(marked, groups, strict=True)):
        return list(cues)
    return [cue for group, spans in zip(groups, marked, strict=True) for cue in _lines(group, spans)]


def _showing(cue: RawCue) -> _Showing:
    text: list[str] = []
    styles: list[_Style] = []
    joined = "\n".join(cue.lines)
    stack: list[tuple[str, str]] = []
    at = 0
    for tag in _STYLE.finditer(joined):
        piece = joined[at : tag.start()]
        text.append(piece)
        styles += [tuple(style for _, style in stack)] * len(piece)
        closing, name, rest = tag.group(1), tag.group(2).lower(), tag.group(3)
        if not closing:
            stack.append((name, f"{name}{rest}"))
        elif stack:
            place = next((n for n in range(len(stack) - 1, -1, -1) if stack[n][0] == name), len(stack) - 1)
            del stack[place:]
        at = tag.end()
    text.append(joined[at:])
    styles += [tuple(style for _, style in stack)] * len(text[-1])
    return _Showing(cue, "".join(text), tuple(styles))


def _highlights(group: list[_Showing]) -> list[tuple[int, int] | None]:
    """For each showing the first and the last character (exclusive) of its highlight."""
    counts = Counter(
        style for one in group for style, char in zip(one.styles, one.text, strict=True) if not char.isspace()
    )
    base: _Style = () if () in counts else counts.most_common(1)[0][0] if counts else ()
    found: list[tuple[int, int] | None] = []
    for one in group:
        places = [
            at
            for at, (style, char) in enumerate(zip(one.styles, one.text, strict=True))
            if style != base and char.isalnum()
        ]
        if not places:
            found.append(None)
            continue
        begin = next((at + 1 for at in range(places[0], -1, -1) if one.styles[at] == base), 0)
        end = next((at for at in range(places[0], len(one.text)) if one.styles[at] == base), len(one.text))
        found.append((begin, end))
    return found


def _moves(spans: list[tuple[int, int] | None], group: list[_Showing]) -> bool:
    """Whether the highlight goes through the line word by word."""
    seen = [span for span in spans if span]
    starts = {start for start, _ in seen}
    ends = {end for _, end in seen}
    words = len(group[0].text.split())
    steps = max(len(starts), len(ends))
    return words > 1 and steps > 1 and (steps > 2 or words == steps)


def _lines(group: list[_Showing], spans: list[tuple[int, int] | None]) -> list[RawCue]:
    """The lines of a group: a new one where the highlight begins anew, or nothing says that it is the same."""
    lines: list[list[tuple[_Showing, tuple[int, int] | None]]] = []
    reached = -1
    for showing, span in zip(group, spans, strict=True):
        touches = bool(lines) and showing.cue.start - lines[-1][-1][0].cue.end <= _TOUCHING
        if lines and span is None:
            same = touches and any(known for _, known in lines[-1])
        elif lines and span:
            same = span[1] > reached and (touches or reached >= 0)
        else:
            same = False
        if not same:
            lines.append([])
            reached = -1
        lines[-1].append((showing, span))
        reached = max(reached, span[1]) if span else reached
    return [_line(line) for line in lines]


def _line(showings: list[tuple[_Showing, tuple[int, int] | None]]) -> RawCue:
    first, last = showings[0][0], showings[-1][0]
    known = [(one, span) for one, span in showings if span]
    if len(known) < 2:
        cue = first.cue
        return RawCue(cue.start, last.cue.end, tuple(first.text.split("\n")), cue.lane, cue.part)
    text, pieces, at = first.text, [], 0
    for one, (begin, end) in known:
        begin = max(begin, at)  # a highlight that grows: only its new part is said now
        begin += len(text[begin:end]) - len(text[begin:end].lstrip())
        pieces += [text[at:begin], time_tag(one.cue.start), text[begin:end]]
        if end < len(text) and text[end:].strip():
            pieces.append(time_tag(one.cue.end))
        at = max(end, begin)
    pieces.append(text[at:])
    return RawCue(first.cue.start, last.cue.end, tuple("".join(pieces).split("\n")), first.cue.lane, first.cue.part)

"""Merge lines that are shown once a word, with that word highlighted, into one line with word times.

The highlight may be an underline, a colour, another style, capitals, or marks around the word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from hdvila.text.formats.cues import RawCue, comparison_key, time_tag
from hdvila.writing import word_count

_STYLE = re.compile(r"<(/?)(u|b|i|s|em|strong|font|c|span)\b([^<>]*)>", re.IGNORECASE)
_TOUCHING = 0.3  # seconds, at most, between two consecutive showings of a line
_FEW = 3  # words, at least, in a line through which capitals or marks move
_PAUSE = 10.0  # seconds, at most, of a pause within a line

_Style = tuple[str, ...]
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Showing:
    """One cue: its text without style tags, and the span of each style. Positions count characters other than
    white space, because the same line may be broken differently in another cue."""

    cue: RawCue
    text: str
    spans: dict[_Style, _Span]


def merge_highlights(cues: Sequence[RawCue]) -> list[RawCue] | None:
    """The cues with each highlighted line once, with word times; None if the file has no such lines.

    Args:
        cues: in order of their start.
    """
    cues = _with_tags(cues)
    if not any(_STYLE.search(line) for cue in cues for line in cue.lines):
        return None
    groups: list[list[_Showing]] = []
    for showing in map(_showing, cues):
        last = groups[-1][-1] if groups else None
        if last and last.text.split() == showing.text.split() and showing.cue.start - last.cue.end <= _PAUSE:
            groups[-1].append(showing)
        else:
            groups.append([showing])
    styles = [_moving(group) for group in groups]
    if all(style is None for style in styles):
        return None
    usual = next(style for style in styles if style is not None)
    return [
        cue
        for group, style in zip(groups, styles, strict=True)
        for cue in _lines(group, usual if style is None else style)
    ]


def _with_tags(cues: Sequence[RawCue]) -> list[RawCue]:
    """Underline the changed word where a line repeats with a word in capitals or between marks (``*this*``)."""
    tagged: list[RawCue] = []
    words = [[line.split() for line in cue.lines] for cue in cues]
    keys = [[comparison_key(word) for line in lines for word in line] for lines in words]
    begin = 0
    for at in range(1, len(cues) + 1):
        if at < len(cues) and keys[at] == keys[begin] and cues[at].start - cues[at - 1].end <= _TOUCHING:
            continue
        shown = [[word for line in lines for word in line] for lines in words[begin:at]]
        usual = [Counter(forms).most_common(1)[0][0] for forms in zip(*shown, strict=True)]
        other = [[place for place, word in enumerate(one) if word != usual[place]] for one in shown]
        alone = {places[0] for places in other if len(places) == 1}
        if len(usual) >= _FEW <= len(alone) and all(len(places) <= 1 for places in other):
            for cue, lines, places in zip(cues[begin:at], words[begin:at], other, strict=True):
                put = [f"<u>{word}</u>" if place in places else word for place, word in enumerate(usual)]
                ends = [0, *accumulate(map(len, lines))]
                tagged.append(replace(cue, lines=tuple(" ".join(put[a:b]) for a, b in pairwise(ends))))
        else:
            tagged += cues[begin:at]
        begin = at
    return tagged


def _showing(cue: RawCue) -> _Showing:
    text = ""
    spans: dict[_Style, _Span] = {}
    joined = "\n".join(cue.lines)
    stack: list[tuple[str, str]] = []
    at = place = 0
    for tag in [*_STYLE.finditer(joined), None]:
        piece = joined[at : tag.start() if tag else len(joined)]
        length = len("".join(piece.split()))
        style = tuple(style for _, style in stack)
        if any(map(str.isalnum, piece)) and (style not in spans or spans[style][1] == place):
            spans[style] = spans.get(style, (place, place))[0], place + length
        text, place = text + piece, place + length
        if tag is None:
            break
        closing, name, rest = tag.group(1), tag.group(2).lower(), tag.group(3)
        if not closing:
            stack.append((name, f"{name}{rest}"))
        elif stack:
            del stack[next((n for n in range(len(stack) - 1, -1, -1) if stack[n][0] == name), len(stack) - 1) :]
        at = tag.end()
    return _Showing(cue, text, spans)


def _moving(group: list[_Showing]) -> _Style | None:
    """The style that moves through the line word by word; of several the one that covers least."""
    words = word_count(group[0].text)
    found: list[tuple[int, bool, _Style]] = []
    for style in dict.fromkeys(style for one in group for style in one.spans):
        spans = [one.spans[style] for one in group if style in one.spans]
        steps = len({end for _, end in spans})
        if words > 1 and steps > 1 and (steps > 2 or words == steps):
            found.append((sum(end - start for start, end in spans), not style, style))
    return min(found)[2] if found else None


def _lines(group: list[_Showing], style: _Style) -> list[RawCue]:
    """The lines of a group. A new one starts where the highlight restarts, or at a gap without a highlight."""
    lines: list[list[_Showing]] = []
    reached = -1
    for showing in group:
        span = showing.spans.get(style)
        touches = bool(lines) and showing.cue.start - lines[-1][-1].cue.end <= _TOUCHING
        goes_on = span[1] > reached and (touches or reached >= 0) if span else touches and reached >= 0
        if not lines or not goes_on:
            lines.append([])
            reached = -1
        lines[-1].append(showing)
        reached = max(reached, span[1]) if span else reached
    return [_line(line, style) for line in lines]


def _line(showings: list[_Showing], style: _Style) -> RawCue:
    first, last = showings[0], showings[-1]
    known = [(one.cue, one.spans[style]) for one in showings if style in one.spans]
    text, pieces, at = first.text, [], 0
    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    for cue, (begin, end) in known if len(known) > 1 else []:
        start = max(places[begin], at)  # if a highlight grows, only its new part is said now
        start += len(text[start:]) - len(text[start:].lstrip())
        stop = places[end - 1] + 1
        pieces += [text[at:start], time_tag(cue.start), text[start:stop]]
        if text[stop:].strip():
            pieces.append(time_tag(cue.end))
        at = max(start, stop)
    pieces.append(text[at:])
    lines = tuple(line for line in "".join(pieces).split("\n") if line.strip())
    return replace(first.cue, end=last.cue.end, lines=lines)

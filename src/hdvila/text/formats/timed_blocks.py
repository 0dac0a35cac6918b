"""WebVTT, SRT and SBV: a timing line, then lines of text.

WebVTT files follow the W3C parsing rules (what a browser shows is what is read), with leniency where it is clear what
was meant: times as SRT writes them, an empty line between a time and its text. Lines that belong to no cue, and cues
whose times cannot be read, are left out and counted. Files that were joined keep the number of their part; HLS segments
are put on one clock by their ``X-TIMESTAMP-MAP``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hdvila.text.formats.cues import Parsed, RawCue, Refused, left_out, raw_cue
from hdvila.text.formats.timing_lines import Timing, clock_seconds, is_broken_off, is_broken_timing, read_timing

_STRICT = r"(?:(\d{2,9}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?!\d)"
_WORD_TIME = re.compile(rf"<{_STRICT}>")
_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_LANGUAGE = re.compile(r"Language:\s*([A-Za-z][\w-]*)\s*")
_KIND = re.compile(r"Kind:\s*(chapters|metadata)\s*", re.IGNORECASE)
_MAP = re.compile(r"X-TIMESTAMP-MAP\s*=(.*)", re.IGNORECASE)
_DATA = re.compile(r"\S+\.\w{2,5}#xywh=\S+|https?://\S+|\S+\.(?:jpe?g|png|webp)|\{.*\}|\[\{.*\}\]", re.DOTALL)
_INDEX = re.compile(r"\s*#?(\d{1,9})[.:)]?\s*")
_NOT_SHOWN = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TICKS = 90_000  # a second of MPEG's clock
_WRAP = 1 << 33  # ticks after which it begins again
_SAME = 0.05  # seconds between two showings of one cue that a segment's end cut in two
_UNREADABLE = "cue without a time that can be read"
_UNTIMED, _BEFORE = "line outside of any cue", "cue before the start"


@dataclass(slots=True)
class _Block:
    """A timing line and what stands below it. `index`: the number above it; `timing` None: it cannot be read."""

    at: int
    line: str
    timing: Timing | None
    index: int | None = None
    body: list[tuple[int, str]] = field(default_factory=list)


class _Lost:
    """What could not be read: of each kind how many, and where the first stands."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, int, str]] = {}

    def add(self, kind: str, line: int, text: str) -> None:
        number, at, first = self._first.get(kind, (0, line, text))
        self._first[kind] = number + 1, at, first

    def notes(self) -> Iterator[str]:
        for kind, (number, line, text) in self._first.items():
            yield left_out(number, kind, text, f" at line {line + 1}")


def is_webvtt(text: str) -> bool:
    """Whether the text carries the WebVTT signature."""
    return re.match(r"WEBVTT(?:[ \t\n\r]|$)", text) is not None


def has_timing_line(text: str) -> bool:
    """Whether any line says when something is shown."""
    return any(map(read_timing, text.splitlines()))


def parse_timed_blocks(text: str) -> Parsed:
    """The cues of a WebVTT, SRT or SBV file, in the order of the file; those without text are left out.

    Raises:
        Refused: its header says, or its text shows, that it is not speech.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    if is_webvtt(text):
        text = re.sub(r"(?<=[^\n])WEBVTT(?=\n(?:\n|X-TIMESTAMP-MAP))", "\n\nWEBVTT", text)
    lines = text.split("\n")
    lost = _Lost()
    if not is_webvtt(text):
        return Parsed(list(_cues(_blocks(lines, 0, lost, web=False), 0, 0.0, lost)), None, list(lost.notes()))
    signed = [at for at, line in enumerate(lines) if _SIGNATURE.fullmatch(line)]
    starts = [at for at in signed if lines[at] == "WEBVTT" or not at or not lines[at - 1]]
    parsed = Parsed([])
    shift, earlier = 0.0, None
    for part, (begin, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True)):
        body = _body_of(lines, begin, end)
        for line in lines[begin:body]:
            if kind := _KIND.fullmatch(line):
                raise Refused(f"is a track of {kind.group(1).lower()}, which nobody says; name the subtitles")
            if named := _LANGUAGE.fullmatch(line):
                parsed.language = parsed.language or named.group(1)
            if (mapped := _MAP.match(line)) and (zero := _map(mapped.group(1))) is not None:
                shift += 0.0 if earlier is None else _since(earlier, zero)
                earlier = zero
        blocks = _blocks(lines[:end], body, lost, web=True)
        cues = list(_cues(blocks, part, shift, lost))
        parsed.cues += _without_repeats(parsed.cues, cues) if part else cues
    parsed.notes += lost.notes()
    data = sum(_DATA.fullmatch("\n".join(cue.lines)) is not None for cue in parsed.cues)
    if 2 * data > len(parsed.cues):
        raise Refused("is a track of pictures or data, which nobody says; name the subtitles")
    return parsed


def split_word_times(line: str) -> list[tuple[float | None, str]]:
    """``"this<00:00:01.500> will"`` -> ``[(None, "this"), (1.5, " will")]``: text and the second at which it starts."""
    pieces = _WORD_TIME.split(line)
    parts: list[tuple[float | None, str]] = [(None, pieces[0])]
    for at in range(1, len(pieces), 5):
        hours, minutes, seconds, fraction = (group or "0" for group in pieces[at : at + 4])
        when = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
        parts.append((when, pieces[at + 4]))
    return parts


def _body_of(lines: list[str], begin: int, end: int) -> int:
    """The first line after the header of a part."""
    for at in range(begin + 1, end):
        if not lines[at]:
            return at
        if "-->" in lines[at]:
            return at - 1 if at - 1 > begin and _INDEX.fullmatch(lines[at - 1]) else at
    return end


def _map(value: str) -> tuple[int, float] | None:
    """``LOCAL:00:00:00.000,MPEGTS:900000`` -> (ticks, seconds) of one moment."""
    local, ticks = re.search(r"LOCAL:\s*([\d:.,]+)", value), re.search(r"MPEGTS:\s*(\d{1,12})", value)
    seconds = clock_seconds(local.group(1).rstrip(",")) if local else 0.0
    return (int(ticks.group(1)), seconds) if ticks and seconds is not None else None


def _since(earlier: tuple[int, float], now: tuple[int, float]) -> float:
    """By how many seconds a part's own clock is behind that of the part before."""
    ticks = (now[0] - earlier[0] + _WRAP // 2) % _WRAP - _WRAP // 2
    return ticks / _TICKS - (now[1] - earlier[1])


def _without_repeats(before: list[RawCue], cues: list[RawCue]) -> list[RawCue]:
    """A cue that lasts from one segment into the next stands in both; of a cut one the second half is added."""
    known = {(cue.start, cue.end, cue.lines) for cue in before[-100:]}
    kept = [cue for cue in cues if (cue.start, cue.end, cue.lines) not in known]
    if kept and before and before[-1].lines == kept[0].lines and abs(before[-1].end - kept[0].start) <= _SAME:
        before[-1] = replace(before[-1], end=max(before[-1].end, kept[0].end))
        kept = kept[1:]
    return kept


def _blocks(lines: list[str], begin: int, lost: _Lost, web: bool) -> list[_Block]:
    read = {at: timing for at in range(begin, len(lines)) if (timing := read_timing(lines[at]))}
    arrows = sum("-->" in lines[at] for at in read)
    blocks: list[_Block] = []
    for at in range(begin, len(lines)):
        line, timing = lines[at], read.get(at)
        if timing and "-->" not in line and web and not _opens(lines, at):
            continue  # in a comment, as text
        if timing and not timing.arrow and arrows:
            lines[at] = ""  # of another format, left behind where the file was converted
        elif timing:
            blocks.append(_Block(at, line, timing))
        elif is_broken_timing(line) or (web and "-->" in line):
            blocks.append(_Block(at, line, None))
    if not blocks:
        return []
    heads = _heads(lines, begin, blocks, web)
    last = _above(lines, len(lines), begin)
    if not web and last > blocks[-1].at and is_broken_off(lines[last]):  # cut within a time
        index = _is_index(lines, last - 1)
        if index or not lines[last - 1].strip():
            blocks.append(_Block(last, lines[last], None))
            heads.append(last - 1 if index else last)
    for block, head, end in zip(blocks, heads, [*heads[1:], len(lines)], strict=True):
        if head < block.at and (number := _INDEX.fullmatch(lines[head])):
            block.index = int(number.group(1))
        if block.timing and block.timing.text and not web:
            block.body.append((block.at, block.timing.text))
        inner = [(at, lines[at]) for at in range(block.at + 1, end)]
        _fill(block, inner, blocks, lost, web)
    return blocks


def _opens(lines: list[str], at: int) -> bool:
    """Whether a block of lines begins here, or one line above."""
    if at < 1 or not lines[at - 1].strip():
        return True
    return not _NOT_SHOWN.match(lines[at - 1]) and (at < 2 or not lines[at - 2].strip())


def _heads(lines: list[str], begin: int, blocks: list[_Block], web: bool) -> list[int]:
    """For each block the line at which it begins: its index or identifier, or its timing line."""
    direct = [_is_index(lines, block.at - 1) and block.at - 1 >= begin for block in blocks]
    above = [_above(lines, block.at, begin) for block in blocks]
    spaced = [at < block.at - 1 and _is_index(lines, at) for at, block in zip(above, blocks, strict=True)]
    is_indexed = 2 * sum(direct) >= len(blocks) > 0
    is_spaced = not web and not is_indexed and len(blocks) > 1 and 2 * sum(spaced) > len(blocks)
    apart = [not lines[block.at - 2].strip() for block, own in zip(blocks, direct, strict=True) if own and block.at > 1]
    is_dense = is_indexed and direct[0] and 2 * sum(apart) < len(apart)
    heads: list[int] = []
    expected: int | None = None
    for number, block in enumerate(blocks):
        head = block.at
        before = blocks[number - 1].at if number else begin - 1
        if direct[number] and block.at - 1 > before:
            index = int(_INDEX.fullmatch(lines[block.at - 1]).group(1))  # type: ignore[union-attr]
            alone = direct[0] if block.at - 2 <= before else not lines[block.at - 2].strip()
            if index == expected or (alone and (is_indexed or web)) or is_dense:
                head, expected = block.at - 1, index + 1
        elif is_spaced and spaced[number] and above[number] > before:
            index = int(_INDEX.fullmatch(lines[above[number]]).group(1))  # type: ignore[union-attr]
            if index == expected or expected is None:
                head, expected = above[number], index + 1
        elif web and block.at - 1 > before and lines[block.at - 1] and not lines[block.at - 2].strip():
            head = block.at - 1  # an identifier
        heads.append(head)
    return heads


def _above(lines: list[str], at: int, begin: int) -> int:
    """The last line with text before `at`."""
    for above in range(at - 1, begin - 1, -1):
        if lines[above].strip():
            return above
    return begin - 1


def _is_index(lines: list[str], at: int) -> bool:
    return 0 <= at < len(lines) and _INDEX.fullmatch(lines[at]) is not None


def _fill(block: _Block, inner: list[tuple[int, str]], blocks: list[_Block], lost: _Lost, web: bool) -> None:
    """Give a block its lines; what belongs to no block is lost."""
    while inner and not inner[-1][1].strip():
        inner.pop()
    if not web:
        block.body += [(at, line) for at, line in _until_untimed(block, inner, blocks, lost) if line.strip()]
        return
    at = 0
    while at < len(inner) and not inner[at][1]:
        at += 1
    if at == len(inner):
        return
    if at and _NOT_SHOWN.match(inner[at][1]):
        at = 0  # a comment behind a cue without text
    while at < len(inner) and inner[at][1]:
        block.body.append(inner[at])
        at += 1
    hidden = False
    for number in range(at, len(inner)):
        line, text = inner[number]
        if not number or not inner[number - 1][1]:
            hidden = _NOT_SHOWN.match(text) is not None
        if text.strip() and not hidden:
            lost.add(_UNTIMED, line, text)


def _until_untimed(
    block: _Block, inner: list[tuple[int, str]], blocks: list[_Block], lost: _Lost
) -> list[tuple[int, str]]:
    """The lines of an SRT cue, without a cue behind it that has a number and no time."""
    if block.index is None:
        return inner
    after = next((other.index for other in blocks if other.at > block.at), None)
    for place in range(1, len(inner)):
        line = inner[place][1]
        if inner[place - 1][1].strip() or not line.strip().isdigit() or int(line) != block.index + 1:
            continue
        follows = [text for _, text in inner[place + 1 :] if text.strip()]
        if after is None and not follows:
            lost.add(_UNREADABLE, inner[place][0], line)  # cut behind a number
        elif follows and (after is None or after == block.index + 2) and inner[place + 1][1].strip():
            lost.add(_UNREADABLE, inner[place][0], " ".join(follows))
        else:
            continue
        return inner[:place]
    return inner


def _cues(blocks: list[_Block], part: int, shift: float, lost: _Lost) -> Iterator[RawCue]:
    index = 0
    for block in blocks:
        if block.index is not None:
            if block.index <= min(index, 1):
                part += 1  # numbers that begin again
            index = block.index
        text = "\n".join(line for _, line in block.body)
        if block.timing is None:
            lost.add(_UNREADABLE, block.at, f"{block.line} {text}")
            continue
        start, end = block.timing.start + shift, block.timing.end + shift
        if start < 0 and end <= 0 and text:
            lost.add(_BEFORE, block.at, text)
            continue
        if cue := raw_cue(max(0.0, start), end, text, part=part):
            yield cue

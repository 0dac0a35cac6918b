"""WebVTT, SRT and SBV: a timing line, then lines of text.

WebVTT is parsed by the rules of the W3C, so that what a browser shows is read. Unambiguous errors are
tolerated: times in the notation of SRT, an empty line between a time and its text. Lines that belong to no
cue, and cues whose times cannot be read, are left out and counted. Cues of joined files keep the number of
their part; HLS segments are put on one clock by their ``X-TIMESTAMP-MAP``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hdvila.text.formats.cue_blocks import UNREADABLE, Block, Lost, find_blocks, is_index
from hdvila.text.formats.cues import Parsed, RawCue, Refused, raw_cue
from hdvila.text.formats.timing_lines import clock_seconds, read_timing

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_LANGUAGE = re.compile(r"Language:\s*([A-Za-z][\w-]*)\s*")
_KIND = re.compile(r"Kind:\s*(chapters|metadata)\s*", re.IGNORECASE)
_MAP = re.compile(r"X-TIMESTAMP-MAP\s*=(.*)", re.IGNORECASE)
_DATA = re.compile(r"\S+\.\w{2,5}#xywh=\S+|https?://\S+|\S+\.(?:jpe?g|png|webp)|\{.*\}|\[\{.*\}\]", re.DOTALL)
_TICKS = 90_000  # per second of an MPEG timestamp
_WRAP = 1 << 33  # ticks after which it wraps
_SAME = 0.05  # seconds between the two halves of a cue that was split at the end of a segment
_BEFORE = "cue before the start"


def is_webvtt(text: str) -> bool:
    """Whether the text carries the WebVTT signature."""
    return re.match(r"WEBVTT(?:[ \t\n\r]|$)", text) is not None


def has_timing_line(text: str) -> bool:
    """Whether the text has a timing line."""
    return any(map(read_timing, text.splitlines()))


def parse_timed_blocks(text: str) -> Parsed:
    """The cues of a WebVTT, SRT or SBV file, in the order of the file, without empty cues.

    Raises:
        Refused: the header or the text shows that the file is not speech.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    if is_webvtt(text):
        text = re.sub(r"(?<=[^\n])WEBVTT(?=\n(?:\n|X-TIMESTAMP-MAP))", "\n\nWEBVTT", text)
    lines = text.split("\n")
    lost = Lost()
    if not is_webvtt(text):
        return Parsed(list(_cues(find_blocks(lines, 0, lost, web=False), 0, 0.0, lost)), None, list(lost.notes()))
    signed = [at for at, line in enumerate(lines) if _SIGNATURE.fullmatch(line)]
    starts = [at for at in signed if lines[at] == "WEBVTT" or not at or not lines[at - 1]]
    parsed = Parsed([])
    shift, earlier = 0.0, None
    for part, (begin, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True)):
        body = _body_of(lines, begin, end)
        for line in lines[begin:body]:
            if kind := _KIND.fullmatch(line):
                raise Refused(f"is a track of {kind.group(1).lower()}, not speech; name the subtitles")
            if named := _LANGUAGE.fullmatch(line):
                parsed.language = parsed.language or named.group(1)
            if (mapped := _MAP.match(line)) and (zero := _map(mapped.group(1))) is not None:
                shift += 0.0 if earlier is None else _since(earlier, zero)
                earlier = zero
        blocks = find_blocks(lines[:end], body, lost, web=True)
        cues = list(_cues(blocks, part, shift, lost))
        parsed.cues += _without_repeats(parsed.cues, cues) if part else cues
    parsed.notes += lost.notes()
    data = sum(_DATA.fullmatch("\n".join(cue.lines)) is not None for cue in parsed.cues)
    if 2 * data > len(parsed.cues):
        raise Refused("is a track of images or data, not speech; name the subtitles")
    return parsed


def _body_of(lines: list[str], begin: int, end: int) -> int:
    """The number of the first line after the header of a part."""
    for at in range(begin + 1, end):
        if not lines[at]:
            return at
        if "-->" in lines[at]:
            return at - 1 if at - 1 > begin and is_index(lines, at - 1) else at
    return end


def _map(value: str) -> tuple[int, float] | None:
    """``LOCAL:00:00:00.000,MPEGTS:900000`` -> the same moment as (ticks, seconds)."""
    local, ticks = re.search(r"LOCAL:\s*([\d:.,]+)", value), re.search(r"MPEGTS:\s*(\d{1,12})", value)
    seconds = clock_seconds(local.group(1).rstrip(",")) if local else 0.0
    return (int(ticks.group(1)), seconds) if ticks and seconds is not None else None


def _since(earlier: tuple[int, float], now: tuple[int, float]) -> float:
    """By how many seconds the clock of a part lags behind that of the part before."""
    ticks = (now[0] - earlier[0] + _WRAP // 2) % _WRAP - _WRAP // 2
    return ticks / _TICKS - (now[1] - earlier[1])


def _without_repeats(before: list[RawCue], cues: list[RawCue]) -> list[RawCue]:
    """Drop cues repeated from the previous segment, and extend a cue that was split between the segments."""
    known = {(cue.start, cue.end, cue.lines) for cue in before[-100:]}
    kept = [cue for cue in cues if (cue.start, cue.end, cue.lines) not in known]
    if kept and before and before[-1].lines == kept[0].lines and abs(before[-1].end - kept[0].start) <= _SAME:
        before[-1] = replace(before[-1], end=max(before[-1].end, kept[0].end))
        kept = kept[1:]
    return kept


def _cues(blocks: list[Block], part: int, shift: float, lost: Lost) -> Iterator[RawCue]:
    index = 0
    for block in blocks:
        if block.index is not None:
            if block.index <= min(index, 1):
                part += 1  # the numbers restart
            index = block.index
        text = "\n".join(line for _, line in block.body)
        if block.timing is None:
            lost.add(UNREADABLE, block.at, f"{block.line} {text}")
            continue
        start, end = block.timing.start + shift, block.timing.end + shift
        if start < 0 and end <= 0 and text:
            lost.add(_BEFORE, block.at, text)
            continue
        if cue := raw_cue(max(0.0, start), end, text, part=part):
            yield cue

"""LRC lyrics (``[00:12.00]now we``) and other lines that begin with a time (``[0:12] now we``)."""

from __future__ import annotations

import re

from hdvila.text.formats.cues import Parsed, RawCue, left_out, raw_cue, time_tag

_TIME = r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.:,](\d{1,3}))?"
_STAMP = re.compile(rf"[ \t]*[\[(]{_TIME}[\])]")
_BARE = re.compile(rf"[ \t]*{_TIME}(?=[ \t]|$)[ \t]*[-\u2013]?")
_WORD = re.compile(rf"<{_TIME}>")
_HEADER = re.compile(r"\s*\[[A-Za-z#]{1,12}:[^\]]*\]\s*")
_OFFSET = re.compile(r"\s*\[offset:\s*([+-]?\d{1,9})\s*\]\s*", re.IGNORECASE)
_SPAN = re.compile(r"<span\b[^<>]*data-timestamp=\"(\d{1,6}(?:\.\d{1,20})?)\"[^<>]*>[^<>]*</span>")
_LAST = 0.5  # seconds that the last word of a line with word times lasts


def is_lyrics(text: str) -> bool:
    """Whether a third of the lines begin with times: in brackets, or bare and in ascending order."""
    lines = [line for line in text[:100_000].split("\n") if line.strip() and not _HEADER.fullmatch(line)]
    if not lines:
        return False
    if 3 * sum(map(bool, map(_STAMP.match, lines))) >= len(lines):
        return True
    bare = [_seconds(found) for line in lines if (found := _BARE.match(line))]
    return len(bare) > 1 and 3 * len(bare) >= len(lines) and bare == sorted(bare)


def parse_stamps(html: str) -> Parsed:
    """The cues of an HTML text with ``<span class="timestamp" data-timestamp="1.5">`` elements."""
    text = re.sub(r"\s*\n\s*|</?(?:p|div|br)\b[^<>]*>", " ", html)
    text = _SPAN.sub(lambda span: f"\n[{int(float(span[1]) // 60):02d}:{float(span[1]) % 60:06.3f}] ", text)
    return parse_lyrics(text)


def parse_lyrics(text: str) -> Parsed:
    """The cues, in the order of the file, or of their times if lines have several. Lines before the first
    time are noted as left out."""
    stamp = _STAMP if any(map(_STAMP.match, text.split("\n"))) else _BARE
    shift = 0.0
    found: list[tuple[float, str]] = []
    lost: list[str] = []
    repeated = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if offset := _OFFSET.fullmatch(line):
            shift = int(offset.group(1)) / 1000
        if not line.strip() or _HEADER.fullmatch(line):
            continue
        times: list[float] = []
        at = 0
        while (match := stamp.match(line, at)) and not (stamp is _BARE and times):
            times.append(_seconds(match))
            at = match.end()
        said = line[at:].strip()
        repeated |= len(times) > 1
        if not times and not found:
            lost.append(line)
        elif not times:
            found[-1] = found[-1][0], f"{found[-1][1]}\n{said}".strip()
        found += [(time, said) for time in times]
    if repeated:
        found.sort(key=lambda pair: pair[0])
    ends = [*(at for at, _ in found[1:]), None]
    empty = [*(not said for _, said in found[1:]), False]
    cues = [
        _cue(at - shift, said, (end - shift) if end is not None and stops else None)
        for (at, said), end, stops in zip(found, ends, empty, strict=True)
    ]
    notes = [left_out(len(lost), "line before the first time", lost[0])] if lost else []
    return Parsed([cue for cue in cues if cue], None, notes)


def _cue(start: float, said: str, end: float | None) -> RawCue | None:
    times = [_seconds(tag) for tag in _WORD.finditer(said)]
    line = _WORD.sub(lambda tag: time_tag(_seconds(tag)), said)
    known = max(times) + (0.0 if said.endswith(">") else _LAST) if times else start
    return raw_cue(max(0.0, start), end if end is not None else known, line)


def _seconds(time: re.Match[str]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in time.groups())
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")

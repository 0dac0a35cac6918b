"""WebVTT and SRT: a timing line, then lines of text.

WebVTT files follow the W3C parsing rules (what a browser shows is what is read), with one leniency: automatic captions
may have an empty first line before a line with word times. A file without a single proper WebVTT time is read a second
time with the loose grammar of SRT (commas, short fractions, missing index).
"""

from __future__ import annotations

import re

from hdvila.text.formats.cues import RawCue, raw_cue

_STRICT = r"(?:(\d{2,9}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?!\d)"
_LOOSE = r"(?:(-?\d{1,9}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?(?!\d)"
_STRICT_LINE = re.compile(rf"[ \t\f]*{_STRICT}[ \t\f]*-->[ \t\f]*{_STRICT}")
_LOOSE_LINE = re.compile(rf"\s*{_LOOSE}\s*-->\s*{_LOOSE}")
_FIRST_LINES = 200  # tell whether cues have an index
_WORD_TIME = re.compile(rf"<{_STRICT}>")
_LANGUAGE = re.compile(r"^Language:\s*([A-Za-z][\w-]*)\s*$", re.MULTILINE)


def is_webvtt(text: str) -> bool:
    """Whether the text carries the WebVTT signature."""
    return re.match(r"WEBVTT(?:[ \t\n\r]|$)", text) is not None


def has_timing_line(text: str) -> bool:
    """Whether any line says when something is shown."""
    return any("-->" in line and _LOOSE_LINE.match(line) for line in text.splitlines())


def header_language(text: str) -> str | None:
    """The ``Language:`` of a WebVTT header, or None."""
    header = re.split(r"\r\r|\n\n|\r\n\r\n|-->", text, maxsplit=1)[0]
    found = _LANGUAGE.search(header.replace("\r", "\n")) if is_webvtt(text) else None
    return found.group(1) if found else None


def parse_timed_blocks(text: str) -> list[RawCue]:
    """The cues of a WebVTT or SRT file, in the order of the file; those without text are left out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").split("\n")
    if is_webvtt(text):
        return _parse(lines[1:], _STRICT_LINE, blank_ends=True) or _parse(lines[1:], _LOOSE_LINE, blank_ends=True)
    return _parse(lines, _LOOSE_LINE, blank_ends=False)


def split_word_times(line: str) -> list[tuple[float | None, str]]:
    """``"this<00:00:01.500> will"`` -> ``[(None, "this"), (1.5, " will")]``: text and the second at which it starts."""
    pieces = _WORD_TIME.split(line)
    parts: list[tuple[float | None, str]] = [(None, pieces[0])]
    for at in range(1, len(pieces), 5):
        parts.append((_seconds(pieces[at : at + 4]), pieces[at + 4]))
    return parts


def _parse(lines: list[str], timing: re.Pattern[str], blank_ends: bool) -> list[RawCue]:
    cues: list[RawCue] = []
    span: tuple[float, float] | None = None
    body: list[str] = []
    indexed = re.search(r"^\s*\d+\s*\n[^\n]*-->", "\n".join(lines[:_FIRST_LINES]), re.MULTILINE) is not None

    def close() -> None:
        if span is not None and (cue := raw_cue(*span, "\n".join(body))):
            cues.append(cue)
        body.clear()

    for number, line in enumerate(lines):
        if "-->" in line:
            if indexed and body and body[-1].strip().isdigit():  # the index of the cue that begins here
                body.pop()
            close()
            match = timing.match(line)
            span = (_seconds(match.groups()[:4]), _seconds(match.groups()[4:])) if match else None
        elif span is not None and line == "" and blank_ends:
            follows = lines[number + 1] if number + 1 < len(lines) else ""
            if body or not _WORD_TIME.search(follows):
                close()
                span = None
        elif span is not None and line.strip():
            body.append(line)
    close()
    return cues


def _seconds(groups: tuple[str | None, ...] | list[str]) -> float:
    hours, minutes, seconds, fraction = (group or "0" for group in groups)
    if hours.startswith("-"):
        return 0.0  # a badly shifted file; nothing is shown before the beginning
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")

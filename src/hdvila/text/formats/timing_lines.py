"""Timing lines of WebVTT, SRT and SBV as people and programs write them: ``00:00:01,000 --> 00:00:03,000``.

Unambiguous variants are read: arrows with one dash or a long one, spaces within times, commas and dots
exchanged, fractions of any length, times in brackets followed by text. Damaged timing lines are recognised as
such, so that their digits never become words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLANK = r"[ \t\f\u00a0\u3000]{0,3}"
_COLON = rf"{_BLANK}[:\uff1a]{_BLANK}"
_FRACTION = rf"{_BLANK}[.,;:\uff0c]{_BLANK}(\d{{1,20}})(?![\d:])(?:[.,](\d{{1,20}})(?![\d:]))?"
_TIME = rf"(-?\d{{1,9}}{_COLON})?(-?\d{{1,2}}){_COLON}(-?\d{{1,2}})(?!\d)(?:{_FRACTION})?"
_CLOCK = re.compile(_TIME)
_HEAD = "(?:>|\uff1e|\u203a|&gt;)"  # of an arrow
_DASH = "[-\u2010-\u2015\u2212=~]"
_ARROW = re.compile(rf"[ \t\f]*(?:{_DASH}[ \t]?){{1,4}}{_HEAD}[ \t\f]*|[ \t\f]*[\u2192\u21d2\u2794\u27f6][ \t\f]*")
_NO_HEAD = re.compile(rf"[ \t\f]*(?:,|{_DASH}{{1,3}})[ \t\f]*")
_SETTINGS = re.compile(r"(?:[A-Za-z][\w-]*[:=]\S*|\S*%\S*)(?:\s+(?:[A-Za-z][\w-]*[:=]\S*|\S*%\S*))*")
_OPENS = re.compile(r"[ \t\f\u00a0]*([\[(]?)[ \t\f]*")
_MOSTLY_TIME = re.compile(r"[\d:.,;\sTZtz+\-\u2010-\u2015=~>&gt\u2192]+")
_BARE = re.compile(r"\s*-?\d{1,3}:\d{2}:\d{2}[.,]\d{1,3}\s*(?:-{1,2}>?\s*[\d:.,]*)?\s*")
_BROKEN_OFF = re.compile(r"\s*\d{1,2}:(?:\d{2}:(?:\d{2}(?:[.,]\d{0,3})?)?)?\s*-{0,2}>?\s*[\d:.,]*\s*")
_NUMBERED = re.compile(r"^[ \t\ufeff]*#?\d{1,9}[.:)]?[ \t]+(?=\d{1,3}:\d{2}:\d)")  # index before a time
_LONGEST = 200  # characters of a timing line
_FRAMES = 30.0  # per second, where a fraction is written as ``:12``


@dataclass(frozen=True, slots=True)
class Timing:
    """The content of a timing line: start and end in seconds (negative if a file was shifted too far),
    whether there is an arrow between them, and the text after them."""

    start: float
    end: float
    arrow: bool = True
    text: str = ""


def read_timing(line: str) -> Timing | None:
    """Read a timing line; None if the line is not one, or cannot be read."""
    if "-->" in line:
        line = _NUMBERED.sub("", line)
    opens = _OPENS.match(line)
    at, bracket = (opens.end(), opens.group(1)) if opens else (0, "")
    first = _CLOCK.match(line, at)
    if not first:
        return None
    arrow = _ARROW.match(line, first.end())
    between = arrow or _NO_HEAD.match(line, first.end())
    second = _CLOCK.match(line, between.end()) if between else None
    if second is None:
        return None
    proper = arrow is not None and "-->" in arrow.group()
    if not proper and not (_is_exact(first) and _is_exact(second)):
        return None  # "open 10:30 - 11:45"
    times = _seconds(first), _seconds(second), arrow is not None
    rest = line[second.end() :]
    if bracket:
        closed = re.match(r"[ \t]*[\])]:?", rest)
        return Timing(*times, rest[closed.end() :].strip()) if closed else None
    if rest and not rest[0].isspace():
        return None
    rest = rest.strip()
    if arrow is None and rest:
        return None
    return Timing(*times, "" if not rest or _SETTINGS.fullmatch(rest) else rest)


def is_broken_timing(line: str) -> bool:
    """Whether a line that `read_timing` cannot read is a damaged timing line, and its digits are not speech."""
    if len(line) > _LONGEST:
        return False
    if _BARE.fullmatch(line):
        return True
    if sum(character.isdigit() for character in line) < 4 or ":" not in line:
        return False
    if "-->" in line:
        return _MOSTLY_TIME.fullmatch(line.partition("-->")[0]) is not None or _is_near(line)
    return _ARROW.search(line) is not None and _MOSTLY_TIME.fullmatch(line) is not None


def is_broken_off(line: str) -> bool:
    """Whether the last line of a file may be a truncated timing line."""
    return _BROKEN_OFF.fullmatch(line) is not None


def clock_seconds(value: str) -> float | None:
    """``"00:01:02.500"``, ``"1:02,5"`` -> 62.5; None if it is not a time."""
    found = _CLOCK.fullmatch(value.strip())
    return _seconds(found) if found else None


def _is_near(line: str) -> bool:
    """Whether at least half of a line is digits and separators."""
    return 2 * sum(character in "0123456789:.,->" for character in line) >= len("".join(line.split()))


def _is_exact(time: re.Match[str]) -> bool:
    return time.group(1) is not None or time.group(4) is not None


def _seconds(time: re.Match[str]) -> float:
    hours, minutes, seconds, fraction, finer = (part or "" for part in time.groups())
    hours = hours.rstrip(":\uff1a \t\f\u00a0\u3000")
    if fraction and len(fraction) <= 2 and time.string[time.end(3) : time.start(4)].strip() in {":", ";"}:
        part = int(fraction) / _FRAMES
    else:
        part = float(f"0.{fraction}{finer}") if fraction else 0.0
    whole = abs(int(hours or 0)) * 3600 + abs(int(minutes)) * 60 + abs(int(seconds))
    return -(whole + part) if "-" in f"{hours}{minutes}{seconds}" else whole + part

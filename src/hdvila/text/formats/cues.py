"""Cues, the common form into which every subtitle format is read: timed lines with the tags of WebVTT.

Two tags carry what a format knows about words and speakers. ``<00:00:01.500>`` precedes a word that starts
then (or follows a word that ends then, if nothing is said until the next tag). ``<v Ann>`` stands where Ann
starts to speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

LATEST = 1e6
"""Seconds (eleven days): a later time is not a time in a video."""

_SHOWN = 60  # characters of a quotation in a note
_WORD_TIME = re.compile(r"<(?:(\d{2,9}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?!\d)>")


class Refused(ValueError):
    """A text cannot be read as a transcript. The message is one line, without the name of the file."""


@dataclass(frozen=True, slots=True)
class RawCue:
    """One cue of a file: start and end in seconds, and its lines with markup, entities and word times.

    Attributes:
        lane: a style or channel whose cues may overlap those of other lanes; or empty.
        part: the number of the part, in a file that was joined from several.
    """

    start: float
    end: float
    lines: tuple[str, ...]
    lane: str = ""
    part: int = 0


@dataclass(slots=True)
class Parsed:
    """The content of a subtitle text.

    Attributes:
        cues: those with text and times, in the order of the file until `normalise` sorts them.
        language: as the text names it.
        notes: what was left out or guessed, one line each.
    """

    cues: list[RawCue]
    language: str | None = None
    notes: list[str] = field(default_factory=list)


def raw_cue(
    start: float, end: float, text: str, speaker: str | None = None, lane: str = "", part: int = 0
) -> RawCue | None:
    """A cue of one or more lines; None if it has no text or no valid time."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not 0 <= start < LATEST:
        return None
    if speaker and speaker.strip():
        lines[0] = voice_tag(speaker) + lines[0]
    return RawCue(start, min(max(start, end), LATEST), tuple(lines), lane, part)


def timed_line(pieces: Iterable[tuple[float | None, str]]) -> str:
    """Join pieces of text, each with its start in seconds (None if unknown), into a line with time tags."""
    return "".join(text if at is None else time_tag(at) + text for at, text in pieces)


def time_tag(seconds: float) -> str:
    """``1.5`` -> ``<00:00:01.500>``."""
    return f"<{clock_time(seconds)}>"


def clock_time(seconds: float) -> str:
    """``1.5`` -> ``00:00:01.500``, as WebVTT writes times."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}"


def split_word_times(line: str) -> list[tuple[float | None, str]]:
    """``"this<00:00:01.500> will"`` -> ``[(None, "this"), (1.5, " will")]``: starts in seconds, and text."""
    pieces = _WORD_TIME.split(line)
    parts: list[tuple[float | None, str]] = [(None, pieces[0])]
    for at in range(1, len(pieces), 5):
        hours, minutes, seconds, fraction = (group or "0" for group in pieces[at : at + 4])
        when = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
        parts.append((when, pieces[at + 4]))
    return parts


def voice_tag(name: str) -> str:
    """``"Ann"`` -> ``"<v Ann>"``."""
    return f"<v {' '.join(name.translate({ord('<'): None, ord('>'): None}).split())}>"


def left_out(number: int, what: str, first: str, where: str = "", done: str = "left out") -> str:
    """A note on how much could not be read, and the first of it. `what` is in the singular, its noun first."""
    shown = " ".join(first.split())
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
    noun, _, rest = what.partition(" ")
    counted = f"{number:,} {noun}{'' if number == 1 else 's'} {rest}".rstrip()
    return f"{counted} {'is' if number == 1 else 'are'} {done}, the first{where}: {shown!r}"


def comparison_key(word: str) -> str:
    """The letters and digits of a word in lower case, to compare spellings; the word itself if it has none."""
    return "".join(char for char in word.casefold() if char.isalnum()) or word

"""What every subtitle format is read into first: timed lines, written the way WebVTT writes them.

Whatever a format knows of words and speakers is said with two tags: ``<00:00:01.500>`` before a word that begins there
(and after a word that ends there, if nothing is said until the next tag), ``<v Ann>`` where Ann begins to speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SHOWN = 60  # characters of a text in a note
_STRICT = r"(?:(\d{2,9}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?!\d)"
_WORD_TIME = re.compile(rf"<{_STRICT}>")
LATEST = 1e6
"""Seconds (eleven days): a time beyond is no time in a video."""


class Refused(ValueError):
    """A text that cannot be read as a transcript; the message is the reason, in one line, without the file's name."""


@dataclass(frozen=True, slots=True)
class RawCue:
    """One cue as it stands in a file: seconds, and its lines with markup, entities and word times in them.

    Attributes:
        lane: what runs beside the other cues and may overlap them: a style, a channel; or empty.
        part: of a file that was joined from several, which one it stood in.
    """

    start: float
    end: float
    lines: tuple[str, ...]
    lane: str = ""
    part: int = 0


@dataclass(slots=True)
class Parsed:
    """What a text holds: its cues, in the order of the file until they are put in order, and what there is to say.

    Attributes:
        cues: those that have text and a place in time.
        language: as the text names it.
        notes: what was left out or guessed, a line each.
    """

    cues: list[RawCue]
    language: str | None = None
    notes: list[str] = field(default_factory=list)


def raw_cue(
    start: float, end: float, text: str, speaker: str | None = None, lane: str = "", part: int = 0
) -> RawCue | None:
    """A cue of one or more lines, or None if it has no text or no place in time."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not 0 <= start < LATEST:
        return None
    if speaker and speaker.strip():
        lines[0] = voice_tag(speaker) + lines[0]
    return RawCue(start, min(max(start, end), LATEST), tuple(lines), lane, part)


def timed_line(pieces: Iterable[tuple[float | None, str]]) -> str:
    """Text in pieces, each with the second at which it begins (None: unknown), as one line."""
    return "".join(text if at is None else time_tag(at) + text for at, text in pieces)


def time_tag(seconds: float) -> str:
    """``1.5`` -> ``<00:00:01.500>``."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"<{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}>"


def split_word_times(line: str) -> list[tuple[float | None, str]]:
    """``"this<00:00:01.500> will"`` -> ``[(None, "this"), (1.5, " will")]``: text and the second at which it starts."""
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
    """A note on what could not be read: how much, and the first of it. `what` in the singular, its noun first."""
    shown = " ".join(first.split())
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
    noun, _, rest = what.partition(" ")
    counted = f"{number:,} {noun}{'' if number == 1 else 's'} {rest}".rstrip()
    return f"{counted} {'is' if number == 1 else 'are'} {done}, the first{where}: {shown!r}"


def comparison_key(word: str) -> str:
    """Letters and digits of a word in lower case, by which two spellings are compared; the word itself without any."""
    return "".join(char for char in word.casefold() if char.isalnum()) or word

"""What every subtitle format is read into first: timed lines, written the way WebVTT writes them.

Whatever a format knows of words and speakers is said with two tags: ``<00:00:01.500>`` before a word that begins there
(and after a word that ends there, if nothing is said until the next tag), ``<v Ann>`` where Ann begins to speak.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LATEST = 1e6
"""Seconds (eleven days): a time beyond is no time in a video."""


@dataclass(frozen=True, slots=True)
class RawCue:
    """One cue as it stands in a file: seconds, and its lines with markup, entities and word times in them."""

    start: float
    end: float
    lines: tuple[str, ...]


def raw_cue(start: float, end: float, text: str, speaker: str | None = None) -> RawCue | None:
    """A cue of one or more lines, or None if it has no text or no place in time."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not 0 <= start < LATEST:
        return None
    if speaker and speaker.strip():
        lines[0] = voice_tag(speaker) + lines[0]
    return RawCue(start, min(max(start, end), LATEST), tuple(lines))


def timed_line(pieces: Iterable[tuple[float | None, str]]) -> str:
    """Text in pieces, each with the second at which it begins (None: unknown), as one line."""
    return "".join(text if at is None else time_tag(at) + text for at, text in pieces)


def time_tag(seconds: float) -> str:
    """``1.5`` -> ``<00:00:01.500>``."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"<{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}>"


def voice_tag(name: str) -> str:
    """``"Ann"`` -> ``"<v Ann>"``."""
    return f"<v {' '.join(name.translate({ord('<'): None, ord('>'): None}).split())}>"

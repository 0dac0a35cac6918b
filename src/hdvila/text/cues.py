"""What every subtitle format is read into first: timed lines with their markup still in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawCue:
    """One cue as it stands in a file: seconds, and its lines as written (tags, entities, word times)."""

    start: float
    end: float
    lines: tuple[str, ...]

"""Time values of JSON and tables: numbers, clock times and ISO durations, in seconds or milliseconds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median

from hdvila.text.formats.cues import LATEST
from hdvila.text.formats.timing_lines import clock_seconds

_NUMBER = re.compile(r"([+-]?\d{1,15}(?:[.,]\d{1,20})?)\s*(s|sec|secs|seconds|ms|msec)?", re.IGNORECASE)
_ISO = re.compile(r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:[.,]\d{1,9})?)S)?", re.IGNORECASE)
_SLOWEST = 20.0  # units a character: too slow for speech in seconds, too fast in milliseconds
MILLISECONDS = "its times are read as milliseconds, because in seconds its words would be too long"


def parse_seconds(value: object, unit: float = 1.0) -> float | None:
    """Seconds of a number in units of `unit` seconds, or of ``"1.5"``, ``"1.5s"``, ``"0:01.500"``,
    ``"PT1.5S"``, ``{"seconds": "1", "nanos": 500000000}``; None if it is not a time in a video."""
    seconds = _seconds(value, unit)
    return seconds if seconds is not None and 0 <= seconds < LATEST * 1000 else None


def unit_of(spans: Sequence[tuple[float | None, float | None, int]]) -> float:
    """0.001 if times are milliseconds, else 1.0, judged by the (start, end, characters) of words or lines."""
    known = [span for span in spans if span[0] is not None and span[2]]
    paces = []
    for at, (start, end, length) in enumerate(known):
        until = end if end is not None else known[at + 1][0] if at + 1 < len(known) else None
        if start is not None and until is not None and until > start:
            paces.append((until - start) / length)
    return 0.001 if paces and median(paces) > _SLOWEST else 1.0


def _seconds(value: object, unit: float) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) * unit if abs(value) < 1e15 else None
    if isinstance(value, dict) and value.keys() & {"seconds", "nanos"}:
        whole, nanos = parse_seconds(value.get("seconds", 0)), parse_seconds(value.get("nanos", 0), 1e-9)
        return whole + nanos if whole is not None and nanos is not None else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    text = value.strip()
    if number := _NUMBER.fullmatch(text):
        named = (number.group(2) or "").lower()
        own = 0.001 if named.startswith("ms") else 1.0 if named else unit
        return float(number.group(1).replace(",", ".")) * own
    if iso := _ISO.fullmatch(text):
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in iso.groups())
        return hours * 3600 + minutes * 60 + seconds if len(text) > 2 else None
    found = clock_seconds(text)
    return found if found is not None and math.isfinite(found) else None

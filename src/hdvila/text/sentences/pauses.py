"""Silence between words, and how long it must be for this speaker to mean something."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles

from hdvila.types import Word

_RANGE = 0.3, 0.7  # seconds: what a pause between sentences may be at least


def pauses(words: Sequence[Word]) -> list[float]:
    """Seconds of silence after each word but the last."""
    return [max(0.0, after.start - before.end) for before, after in pairwise(words)]


def pause_threshold(silences: Sequence[float]) -> float:
    """Seconds from which on a pause ends a sentence, for this speaker.

    Between the two classes of pauses, inside and between sentences, whose means lie furthest apart (Otsu's rule), and
    never outside 0.3 .. 0.7 s.
    """
    low, high = _RANGE
    longer = sorted(pause for pause in silences if pause > 0)
    if len(longer) < 4:
        return (low + high) / 2
    cap = 3 * quantiles(longer, n=20)[-1]
    values = [min(pause, cap) for pause in longer]
    total, below, best = sum(values), 0.0, (-1.0, low)
    for count, value in enumerate(values[:-1], start=1):
        below += value
        rest = len(values) - count
        spread = count * rest * (below / count - (total - below) / rest) ** 2
        best = max(best, (spread, (value + values[count]) / 2))
    return min(max(best[1], low), high)

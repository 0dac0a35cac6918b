"""What is answered in place of what, counted over a whole test of open questions or counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Confusion", "CountTable", "Pairs", "confusions", "count_table", "unreachable"]

Pairs = Counter[tuple[str, str]]
"""How often each (right answer, given answer) occurs."""

MOST = 15
"""Rows of a list."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often `given` was answered where `right` was right, and how often `right` was right at all."""

    right: str
    given: str
    times: int
    asked: int


@dataclass(frozen=True, slots=True)
class CountTable:
    """How often each number was given for each right one.

    Attributes:
        given: the numbers that occur as answers, ascending; the columns.
        rows: right number, how often it is right, its mean answer, and how often each of `given` was given for it.
    """

    given: tuple[int, ...]
    rows: tuple[tuple[int, int, float, tuple[int, ...]], ...]


def confusions(pairs: Pairs, vocabulary: Collection[str]) -> tuple[Confusion, ...]:
    """The most frequent mistakes where the right answer is in the vocabulary."""
    asked: Counter[str] = Counter()
    for (right, _), times in pairs.items():
        asked[right] += times
    mistakes = (
        Confusion(right, given, times, asked[right])
        for (right, given), times in pairs.items()
        if right != given and right in vocabulary
    )
    return tuple(sorted(mistakes, key=lambda one: (-one.times, one.right, one.given))[:MOST])


def unreachable(pairs: Pairs, vocabulary: Collection[str]) -> tuple[tuple[str, int], ...]:
    """The most frequent right answers that are not in the vocabulary, and how often each is right."""
    lost: Counter[str] = Counter()
    for (right, _), times in pairs.items():
        if right not in vocabulary:
            lost[right] += times
    return tuple(sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:MOST])


def count_table(pairs: Pairs) -> CountTable:
    """The table of `pairs` whose answers are whole numbers in digits."""
    times = {(int(right), int(given)): number for (right, given), number in pairs.items()}
    given = tuple(sorted({column for _, column in times}))
    rows = []
    for right in sorted({row for row, _ in times}):
        row = tuple(times.get((right, column), 0) for column in given)
        mean = sum(column * number for column, number in zip(given, row, strict=True)) / sum(row)
        rows.append((right, sum(row), mean, row))
    return CountTable(given, tuple(rows))

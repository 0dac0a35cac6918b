"""Results on subsets of a test: by type of question, or by the benchmark's own categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.evaluate.metrics.bootstrap import Interval, Resampling

__all__ = ["SubsetScore", "subset_scores"]


@dataclass(frozen=True, slots=True)
class SubsetScore:
    """The score of a subset of the queries.

    Attributes:
        name: of the type or category.
        value: the share of its queries that is right, 0..1.
        interval: 95 %; the queries of a video are resampled together (`Resampling.share`).
        queries, videos: how many it has.
    """

    name: str
    value: float
    interval: Interval
    queries: int
    videos: int


def subset_scores(names: Sequence[str], correct_Q: NDArray[np.bool_], videos: Sequence[str]) -> tuple[SubsetScore, ...]:
    """Score every subset of a test, the worst first; none where there is only one subset.

    Args:
        names: (Q,) the subset of each query; empty: in none.
        correct_Q: (Q,) whether its answer is right.
        videos: (Q,) the video of each query.
    """
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name:
            rows_of.setdefault(name, []).append(row)
    if len(rows_of) < 2:
        return ()
    found = [_score(name, correct_Q[rows], [videos[row] for row in rows]) for name, rows in rows_of.items()]
    return tuple(sorted(found, key=lambda one: (one.value, -one.queries, one.name)))


def _score(name: str, correct_Q: NDArray[np.bool_], videos: Sequence[str]) -> SubsetScore:
    interval = Resampling(videos).share(correct_Q)
    return SubsetScore(name, float(correct_Q.mean()), interval, len(videos), len(set(videos)))

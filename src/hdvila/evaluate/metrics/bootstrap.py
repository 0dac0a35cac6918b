"""Confidence intervals by resampling.

Whole groups are resampled: all queries about one video together, because their results depend on each other.
Means and medians have the percentile bootstrap (Efron 1979). Shares have Wilson's interval (1927) of the
effective number of queries, estimated from the resamples (Korn and Graubard 1998), which also holds for few
queries and where all are right.

Legend: R resamples, G groups, N values.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdvila.errors import UsageError

__all__ = ["Interval", "Resampling"]

Interval = tuple[float, float]
_AT_ONCE = 1 << 23  # weights in memory at once for medians


class Resampling:
    """Resamples of groups, drawn once, so that all metrics of a record share them.

    Args:
        groups: (N,) the group of each value.
        resamples: R.
        seed: of the draws.
        level: of confidence, 0..1.

    Raises:
        UsageError: no values, no resamples, or a level outside 0..1.
    """

    def __init__(self, groups: Sequence[Hashable], resamples: int = 1000, seed: int = 0, level: float = 0.95) -> None:
        if not len(groups) or resamples < 1 or not 0 < level < 1:
            raise UsageError(f"{len(groups)} values, {resamples} resamples, level {level}: nothing can be resampled")
        numbers: dict[Hashable, int] = {}
        self._group_N = np.array([numbers.setdefault(group, len(numbers)) for group in groups])
        self._ends = (50 * (1 - level), 50 * (1 + level))
        self._z = NormalDist().inv_cdf((1 + level) / 2)
        count = len(numbers)
        drawn = np.random.default_rng(seed).integers(count, size=(resamples, count), dtype=np.int32)
        places = drawn + count * np.arange(resamples, dtype=np.int64)[:, None]
        weights = np.bincount(places.ravel(), minlength=resamples * count)
        self._weights_RG = weights.reshape(resamples, count).astype(np.float64)
        self._drawn_R = self._weights_RG @ np.bincount(self._group_N)

    def mean(self, values: ArrayLike) -> Interval:
        """The interval of the mean of (N,) values."""
        return self._between(self._means(np.asarray(values, np.float64)))

    def share(self, right: ArrayLike) -> Interval:
        """The interval of the share of (N,) truth values that are true, within 0..1.

        Their effective number is the number of independent values whose share would have the variance of the
        resampled share, at most N. Where all values are equal there is no variance, and it is G.
        """
        right_N = np.asarray(right, np.float64)
        share = float(right_N.mean())
        scatter = float(self._means(right_N).var())
        spread = share * (1 - share)
        effective = min(spread / scatter, len(right_N)) if scatter and spread else self._weights_RG.shape[1]
        z2 = self._z**2 / effective
        middle, half = (share + z2 / 2) / (1 + z2), np.sqrt(z2 * spread + z2**2 / 4) / (1 + z2)
        return max(0.0, float(middle - half)), min(1.0, float(middle + half))

    def median(self, values: ArrayLike) -> Interval:
        """The interval of the median of (N,) values."""
        values_N = np.asarray(values, np.float64)
        order = np.argsort(values_N, kind="stable")
        sorted_N, group_N = values_N[order], self._group_N[order]
        rows = max(1, _AT_ONCE // len(sorted_N))
        parts = []
        for first in range(0, len(self._weights_RG), rows):
            reached_RN = np.cumsum(self._weights_RG[first : first + rows, group_N], axis=1)
            total_R1 = reached_RN[:, -1:]
            lower, upper = ((reached_RN <= at).sum(1) for at in ((total_R1 - 1) // 2, total_R1 // 2))
            parts.append((sorted_N[lower] + sorted_N[upper]) / 2)
        return self._between(np.concatenate(parts))

    def _means(self, values_N: NDArray[np.float64]) -> NDArray[np.float64]:
        """(R,) the mean of each resample."""
        sums_G = np.bincount(self._group_N, values_N, self._weights_RG.shape[1])
        return self._weights_RG @ sums_G / self._drawn_R

    def _between(self, found_R: NDArray[np.float64]) -> Interval:
        lower, upper = np.percentile(found_R, self._ends)
        return float(lower), float(upper)

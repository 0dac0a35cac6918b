"""Which of several sources a step learns from: a pure function of (seed, step), as everything a step does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError

__all__ = ["Mixture"]

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Mixture:
    """Sources by weight; each step takes one of them, with the probability of its share of all weights.

    Raises:
        UsageError: a weight that is not a number above 0.
    """

    weights: tuple[float, ...] = (1.0,)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.weights or not all(0 < weight < float("inf") for weight in self.weights):
            raise UsageError(f"a mixture by the weights {self.weights}: choose finite numbers above 0")

    def at(self, step: int) -> tuple[int, int]:
        """(source, which step of that source), both of step `step`: steps are counted from 1, sources from 0."""
        if len(self.weights) == 1:
            return 0, step
        block, place = divmod(step - 1, _BLOCK)
        chosen, before = _block(self.weights, self.seed, block)
        source = int(chosen[place])
        return source, before[source] + int((chosen[: place + 1] == source).sum())


@lru_cache(maxsize=4)
def _block(weights: tuple[float, ...], seed: int, block: int) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """The sources of the steps of a block, and how often each was taken in all blocks before."""
    bounds = np.cumsum(weights) / sum(weights)
    chosen = np.minimum(np.searchsorted(bounds, _draws(seed, block), side="right"), len(weights) - 1)
    counts = np.zeros(len(weights), np.int64)
    if block:
        earlier, before = _block(weights, seed, block - 1)
        counts += np.array(before) + np.bincount(earlier, minlength=len(weights))
    return chosen, tuple(counts.tolist())


def _draws(seed: int, block: int) -> NDArray[np.float64]:
    # The third word keeps them apart from the orders of epochs, which are drawn from (seed, epoch).
    return np.random.default_rng([seed, block, 3]).random(_BLOCK)

"""Which source and which clips each step reads: a pure function of (seed, step), so a run can resume at any step.

An epoch is a permutation of all clips, drawn from (seed, epoch). It is split into whole batches; the few clips left
over at its end are skipped in this epoch, so no batch holds a clip twice.

Up to 2**20 clips the permutation is NumPy's shuffle of all indices, 8 MB at most: documented runs on such corpora used
it, and they continue with the same bits. For more clips no list is kept: a keyed permutation computes the clip at any
position alone, so the order of 100 million clips takes no memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError

Indices = NDArray[np.int64]

SHUFFLED = 2**20
"""The most clips that are shuffled as a list."""

_ROUNDS = 6
_BLOCK = 4096  # steps of a mixture that are drawn together


@dataclass(frozen=True, slots=True)
class SampleKey:
    """Example `index` in epoch `epoch`. Its frames, crop, wording and masked words are all drawn from this key."""

    epoch: int
    index: int

    def as_int(self, seed: int) -> int:
        """The key under a run's `seed` as 63 bits; every random choice about the sample is seeded with them."""
        words = np.random.SeedSequence([seed, self.epoch, self.index]).generate_state(1, np.uint64)
        return int(words[0] >> np.uint64(1))


@dataclass(frozen=True, slots=True)
class Order:
    """The order of `clips` clips in batches of `batch_size`.

    Raises:
        UsageError: fewer clips than one batch.
    """

    clips: int
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if self.clips < self.batch_size:
            smaller = f"add --set batch_size={self.clips} (or less), or " if self.clips > 1 else ""
            raise UsageError(
                f"batch_size={self.batch_size}, but there are only {self.clips} clips to train on, and a batch holds "
                f"no clip twice: {smaller}train on more clips"
            )

    @property
    def steps_per_epoch(self) -> int:
        return self.clips // self.batch_size

    def sample_keys(self, step: int) -> list[SampleKey]:
        """The batch of a step; steps count from 1."""
        epoch, batch = divmod(step - 1, self.steps_per_epoch)
        first = batch * self.batch_size
        if self.clips <= SHUFFLED:
            chosen = _shuffled(self.seed, epoch, self.clips)[first : first + self.batch_size]
        else:
            chosen = permuted(np.arange(first, first + self.batch_size), self.clips, [self.seed, epoch])
        return [SampleKey(epoch, int(index)) for index in chosen]


@dataclass(frozen=True, slots=True)
class Mixture:
    """Several sources, of which each step reads one, with a probability proportional to its weight.

    Raises:
        UsageError: a weight is not a finite number above 0.
    """

    weights: tuple[float, ...] = (1.0,)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.weights or not all(0 < weight < float("inf") for weight in self.weights):
            raise UsageError(f"a mixture with the weights {self.weights}: choose finite numbers above 0")

    def at(self, step: int) -> tuple[int, int]:
        """(source, step of that source) of step `step`; steps count from 1, sources from 0."""
        if len(self.weights) == 1:
            return 0, step
        block, place = divmod(step - 1, _BLOCK)
        chosen, before = _block(self.weights, self.seed, block)
        source = int(chosen[place])
        return source, before[source] + int((chosen[: place + 1] == source).sum())


@lru_cache(maxsize=2)
def _shuffled(seed: int, epoch: int, clips: int) -> Indices:
    return np.random.default_rng([seed, epoch]).permutation(clips)


def permuted(places: Indices, count: int, key: Sequence[int]) -> Indices:
    """The values at these places of a permutation of 0..count-1 that depends only on `key`.

    A Feistel network permutes all numbers of an even count of bits; a result of `count` or more goes through it again
    until it falls below (cycle walking; Black and Rogaway 2002), fewer than four rounds on average. The round function
    is MurmurHash3's 64-bit finaliser.

    Args:
        places: (n,), each in 0..count-1.
        count: how many numbers are permuted, at least 1.
        key: integers of 0 or more.
    """
    half = max(1, (int(count - 1).bit_length() + 1) // 2)
    keys = np.random.SeedSequence(key).generate_state(_ROUNDS, np.uint64).astype(np.uint64)
    numbers = _feistel(places.astype(np.uint64), half, keys)
    while (outside := numbers >= count).any():
        numbers[outside] = _feistel(numbers[outside], half, keys)
    return numbers.astype(np.int64)


def _feistel(numbers: NDArray[np.uint64], half: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A permutation of all numbers of 2 * half bits."""
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = numbers >> bits, numbers & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & mask)
    return (left << bits) | right


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash of each word in which every bit depends on all bits of the input."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        words = (words ^ (words >> np.uint64(33))) * np.uint64(factor)
    return words ^ (words >> np.uint64(33))


@lru_cache(maxsize=4)
def _block(weights: tuple[float, ...], seed: int, block: int) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """The source of each step of a block, and how often each source was chosen in all earlier blocks."""
    bounds = np.cumsum(weights) / sum(weights)
    chosen = np.minimum(np.searchsorted(bounds, _uniform(seed, block), side="right"), len(weights) - 1)
    counts = np.zeros(len(weights), np.int64)
    if block:
        earlier, before = _block(weights, seed, block - 1)
        counts += np.array(before) + np.bincount(earlier, minlength=len(weights))
    return chosen, tuple(counts.tolist())


def _uniform(seed: int, block: int) -> NDArray[np.float64]:
    # The third word separates these draws from the orders of epochs, which are drawn from (seed, epoch).
    return np.random.default_rng([seed, block, 3]).random(_BLOCK)

"""Which clips make up which step: a pure function of (seed, step), so a run can be continued at any step.

An epoch is a permutation of all clips, drawn from (seed, epoch). It is cut into whole batches; the few clips left over
at its end wait for another epoch, so no batch holds a clip twice.

Up to 2**20 clips the permutation is NumPy's shuffle of all numbers, 8 MB at most: runs on such corpora were made and
documented with it, and they go on with the same bits. Of more clips no list is kept: a keyed permutation gives the
clip at any place alone, so the order of 100 million clips costs a process nothing.
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
"""So many clips at most are shuffled as a list."""

_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Draw:
    """Clip `index` as epoch `epoch` shows it: the key of its frames, crop and masked words."""

    epoch: int
    index: int

    def key(self, seed: int) -> int:
        """63 bits that name this showing under `seed`; every random choice about the sample starts from them."""
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
                f"batch_size={self.batch_size}, but there are {self.clips} clips to learn from, and a batch shows none "
                f"twice: {smaller}learn from more clips"
            )

    @property
    def steps_per_epoch(self) -> int:
        return self.clips // self.batch_size

    def draws(self, step: int) -> list[Draw]:
        """The batch of step `step`, counted from 1."""
        epoch, batch = divmod(step - 1, self.steps_per_epoch)
        first = batch * self.batch_size
        if self.clips <= SHUFFLED:
            chosen = _shuffled(self.seed, epoch, self.clips)[first : first + self.batch_size]
        else:
            chosen = permuted(np.arange(first, first + self.batch_size), self.clips, [self.seed, epoch])
        return [Draw(epoch, int(index)) for index in chosen]


@lru_cache(maxsize=2)
def _shuffled(seed: int, epoch: int, clips: int) -> Indices:
    return np.random.default_rng([seed, epoch]).permutation(clips)


def permuted(places: Indices, count: int, key: Sequence[int]) -> Indices:
    """What stands at these places of a permutation of 0..count-1 that only depends on `key`.

    A Feistel network permutes the numbers of an even number of bits that hold `count`; a result of `count` or more goes
    through it again until it falls below (cycle walking; Black and Rogaway 2002), which takes less than four turns on
    average. The round function is MurmurHash3's 64-bit finaliser.

    Args:
        places: (n,), each 0..count-1.
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
    """A permutation of the numbers of 2 * half bits."""
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = numbers >> bits, numbers & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & mask)
    return (left << bits) | right


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Words of which each bit depends on all bits of those given."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        words = (words ^ (words >> np.uint64(33))) * np.uint64(factor)
    return words ^ (words >> np.uint64(33))

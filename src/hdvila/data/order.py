"""Which clips make up which step: a pure function of (seed, step), so a run can be continued at any step.

An epoch is a permutation of all clips, drawn from (seed, epoch). It is cut into whole batches; the few clips left over
at its end wait for another epoch, so no batch holds a clip twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError

Indices = NDArray[np.int64]


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
        chosen = _permutation(self.seed, epoch, self.clips)[first : first + self.batch_size]
        return [Draw(epoch, int(index)) for index in chosen]


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, clips: int) -> Indices:
    return np.random.default_rng([seed, epoch]).permutation(clips)

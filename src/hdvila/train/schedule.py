"""The learning rate of every step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from hdvila.errors import UsageError

Decay = Literal["linear", "multi_step", "constant", "invsqrt"]
FLOOR = 1e-8
"""No step has a lower rate."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the rate rises and falls around its base value.

    Over the first ``int(warmup * steps)`` steps it rises linearly (except `constant`, which has no warm-up), then:

    * linear: falls to 0 at the last step;
    * multi_step: halves at each of `milestones`, counted in epochs, and once more at the last of them, so that n
      milestones end at 0.5 ** (n + 1), as in the released training code;
    * invsqrt: falls with the square root of the steps since the beginning;
    * constant: stays.
    """

    decay: Decay = "linear"
    warmup: float = 0.1
    milestones: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.warmup <= 1:
            raise UsageError(f"schedule.warmup={self.warmup} is a share of all steps: choose 0 <= value <= 1")

    def rate(self, base: float, step: int, steps: int, epoch: int = 0) -> float:
        """The learning rate of `step`, counted from 1, of `steps`; `epoch` is counted from 0."""
        return max(FLOOR, base * self._factor(step, steps, epoch))

    def _factor(self, step: int, steps: int, epoch: int) -> float:
        warmup = int(self.warmup * steps)
        if self.decay == "constant":
            return 1.0
        if step < warmup:
            return step / warmup
        if self.decay == "linear":
            return max(0.0, (steps - step) / max(1, steps - warmup))
        if self.decay == "invsqrt":
            return math.sqrt(max(warmup, 1) / max(step, 1))
        passed = sum(epoch >= milestone for milestone in self.milestones)
        return math.ldexp(1.0, -passed - (passed == len(self.milestones) > 0))

"""The settings of the optimiser and the learning rate of every step. Without torch: recipes are listed without it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from hdvila.errors import UsageError

__all__ = ["Optim", "Schedule", "what_decay_leaves"]

Decay = Literal["linear", "multi_step", "constant", "invsqrt"]
FLOOR = 1e-8
"""No step has a lower rate."""


@dataclass(frozen=True, slots=True)
class Optim:
    """Learning rates, weight decays and the rest of the optimiser.

    `lr` and `weight_decay` are those of the transformers; the convolutional parts (`cnn_`: both ResNets and the grid
    encoders) and the hybrid transformer (`align_`) have the same unless they are given their own.
    """

    lr: float = 5e-5
    cnn_lr: float | None = None
    align_lr: float | None = None
    weight_decay: float = 1e-3
    cnn_weight_decay: float | None = None
    align_weight_decay: float | None = None
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-6
    clip_norm: float = 5.0
    """Gradients are scaled down to this global norm."""

    def __post_init__(self) -> None:
        for key in ("lr", "cnn_lr", "align_lr", "weight_decay", "cnn_weight_decay", "align_weight_decay"):
            value = getattr(self, key)
            if value is not None and not 0 <= value < math.inf:
                raise UsageError(f"optim.{key}={value}: choose a finite number of 0 or more")
        for key in ("eps", "clip_norm"):
            if not 0 < getattr(self, key) < math.inf:
                raise UsageError(f"optim.{key}={getattr(self, key)}: choose a finite number above 0")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise UsageError(f"optim.betas={','.join(map(str, self.betas))}: choose 0 <= value < 1 for both")
        for lr, decay in self.of_parts().values():
            what_decay_leaves(lr, decay)

    def of_parts(self) -> dict[str, tuple[float, float]]:
        """Learning rate and weight decay of each part of the model."""
        return {
            "transformer": (self.lr, self.weight_decay),
            "cnn": (_or(self.cnn_lr, self.lr), _or(self.cnn_weight_decay, self.weight_decay)),
            "align": (_or(self.align_lr, self.lr), _or(self.align_weight_decay, self.weight_decay)),
        }


def what_decay_leaves(lr: float, decay: float) -> float:
    """The share of every weight that a step at this rate keeps, above 0."""
    if lr * decay >= 1:
        raise UsageError(
            f"a learning rate of {lr:g} times a weight decay of {decay:g} is {lr * decay:g}: a step would take "
            "away all of every weight; lower optim.lr or optim.weight_decay until their product is far below 1"
        )
    return 1.0 - lr * decay


def _or(own: float | None, common: float) -> float:
    return common if own is None else own


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

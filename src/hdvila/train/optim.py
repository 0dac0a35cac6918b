"""The settings of the optimiser. Without torch: recipes are listed without it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hdvila.errors import UsageError


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

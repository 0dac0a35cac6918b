"""AdamW as the paper's training code has it, and who learns at which rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

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
            _what_decay_leaves(lr, decay)

    def of_parts(self) -> dict[str, tuple[float, float]]:
        """Learning rate and weight decay of each part of the model."""
        return {
            "transformer": (self.lr, self.weight_decay),
            "cnn": (_or(self.cnn_lr, self.lr), _or(self.cnn_weight_decay, self.weight_decay)),
            "align": (_or(self.align_lr, self.lr), _or(self.align_weight_decay, self.weight_decay)),
        }


class AdamW(torch.optim.AdamW):
    """Adam with decoupled weight decay, where decay follows the update and epsilon precedes the bias correction:

        p <- (p - lr * sqrt(c2) / c1 * m / (sqrt(v) + eps)) * (1 - lr * wd),   ck = 1 - beta_k ** t

    torch decays first and adds epsilon to the corrected root, in one fused pass over memory. Its formula becomes ours
    with lr' = lr (1 - lr wd), wd' = wd / (1 - lr wd), eps' = eps / sqrt(c2), so that pass is used with these values.
    """

    def __init__(
        self, params: Any, lr: float, betas: tuple[float, float], eps: float, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, fused=True)

        for group in self.param_groups:
            group.setdefault("updates", 0)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update. A parameter that has a gradient once must have one in every step (c2 counts the group's).

        Raises:
            UsageError: a learning rate times its weight decay is 1 or more; nothing has changed then.
        """
        wanted = [(group["lr"], group["weight_decay"], group["eps"]) for group in self.param_groups]
        left = [_what_decay_leaves(lr, decay) for lr, decay, _ in wanted]
        for group, kept, (lr, decay, eps) in zip(self.param_groups, left, wanted, strict=True):
            group["updates"] += 1
            c2 = 1.0 - group["betas"][1] ** group["updates"]
            group["lr"], group["weight_decay"], group["eps"] = lr * kept, decay / kept, eps / c2**0.5
        try:
            return super().step(closure)
        finally:
            for group, (lr, decay, eps) in zip(self.param_groups, wanted, strict=True):
                group["lr"], group["weight_decay"], group["eps"] = lr, decay, eps


CNN = ("cnn.", "cnn_low.", "grid_encoder.", "grid_encoder_low.", "grid_encoder_combine.")
PARTS = {"transformer": ("transformer.",), "cnn": CNN, "align": ("timesformer.",)}
NEVER_DECAYED = ("bias", "LayerNorm.weight", "embed")


def build_optimizer(model: nn.Module, optim: Optim) -> AdamW:
    """One group for each part (transformer, cnn, align) and decay; each carries `name` and `base_lr`.

    Biases, BERT's LayerNorm weights and every table with "embed" in its name are not decayed; BatchNorm weights and the
    norms of the hybrid transformer are, as in the released training code.
    """
    rates = optim.of_parts()
    groups: dict[str, dict[str, Any]] = {}
    for name, parameter in _trained(model):
        part = part_of(name)
        lr, decay = rates[part]
        decayed = not any(word in name for word in NEVER_DECAYED)
        group = groups.setdefault(
            part if decayed else f"{part} (no decay)",
            {"params": [], "lr": lr, "base_lr": lr, "weight_decay": decay if decayed else 0.0},
        )
        group["params"].append(parameter)
    named = [group | {"name": name} for name, group in sorted(groups.items())]
    return AdamW(named, lr=optim.lr, betas=optim.betas, eps=optim.eps)


def part_of(name: str) -> str:
    """Which learning-rate part a parameter belongs to, by its name.

    Raises:
        UsageError: no part has such a name.
    """
    for part, prefixes in PARTS.items():
        if name.startswith(prefixes):
            return part
    raise UsageError(f"parameter {name!r} belongs to no learning-rate group: known are {PARTS}")


def _trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)


def _what_decay_leaves(lr: float, decay: float) -> float:
    """The share of every weight that a step at this rate keeps, above 0."""
    if lr * decay >= 1:
        raise UsageError(
            f"a learning rate of {lr:g} times a weight decay of {decay:g} is {lr * decay:g}: a step would take "
            "away all of every weight; lower optim.lr or optim.weight_decay until their product is far below 1"
        )
    return 1.0 - lr * decay


def _or(own: float | None, common: float) -> float:
    return common if own is None else own

"""AdamW as the paper's training code has it, and who learns at which rate (`hdvila.train.optim` has the settings)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from hdvila.models.system import System
from hdvila.train.optim import Optim, what_decay_leaves


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
        left = [what_decay_leaves(lr, decay) for lr, decay, _ in wanted]
        for group, kept, (lr, decay, eps) in zip(self.param_groups, left, wanted, strict=True):
            group["updates"] += 1
            c2 = 1.0 - group["betas"][1] ** group["updates"]
            group["lr"], group["weight_decay"], group["eps"] = lr * kept, decay / kept, eps / c2**0.5
        try:
            return super().step(closure)
        finally:
            for group, (lr, decay, eps) in zip(self.param_groups, wanted, strict=True):
                group["lr"], group["weight_decay"], group["eps"] = lr, decay, eps


def build_optimizer(model: nn.Module, optim: Optim, system: System) -> AdamW:
    """One group for each learning-rate part of the system and decay; each carries `name` and `base_lr`."""
    rates = optim.of_parts()
    groups: dict[str, dict[str, Any]] = {}
    for name, parameter in _trained(model):
        part = system.learning_rate_part(name)
        lr, decay = rates[part]
        decayed = not any(word in name for word in system.never_decayed)
        group = groups.setdefault(
            part if decayed else f"{part} (no decay)",
            {"params": [], "lr": lr, "base_lr": lr, "weight_decay": decay if decayed else 0.0},
        )
        group["params"].append(parameter)
    named = [group | {"name": name} for name, group in sorted(groups.items())]
    return AdamW(named, lr=optim.lr, betas=optim.betas, eps=optim.eps)


def _trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)

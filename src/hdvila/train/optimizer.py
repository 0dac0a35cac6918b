"""AdamW as the paper's training code has it, and who learns at which rate (`hdvila.train.optim` has the settings)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from hdvila.models.system import System
from hdvila.train.optim import Optim, what_decay_leaves


class AdamW(torch.optim.AdamW):
    """Adam with decoupled weight decay, where decay follows the update and epsilon precedes the bias correction:

        p <- (p - lr * sqrt(c2) / c1 * m / (sqrt(v) + eps)) * (1 - lr * wd),   ck = 1 - beta_k ** t

    torch decays first and adds epsilon to the corrected root, in one fused pass over memory. Its formula becomes ours
    with lr' = lr (1 - lr wd), wd' = wd / (1 - lr wd), eps' = eps / sqrt(c2), so that pass is used with these values.

    Args:
        decay_after_update: False: torch's own formula.
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float = 0.0,
        decay_after_update: bool = True,
    ) -> None:
        self._official = decay_after_update
        super().__init__(params, lr, betas, eps, weight_decay, fused=True)

        for group in self.param_groups:
            group.setdefault("updates", 0)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of the parameters that have a gradient; t counts the updates of each.

        Raises:
            UsageError: a learning rate times its weight decay is 1 or more; nothing has changed then.
        """
        if not self._official:
            return super().step(closure)
        left = [what_decay_leaves(group["lr"], group["weight_decay"]) for group in self.param_groups]
        groups = self.param_groups
        self.param_groups = [
            self._corrected(group, kept, params, updates)
            for group, kept in zip(groups, left, strict=True)
            for updates, params in self._by_updates(group)
        ]
        try:
            return super().step(closure)
        finally:
            self.param_groups = groups

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, into memory that lies as each parameter's does: the fused pass goes through both in step."""
        super().load_state_dict(state_dict)
        for parameter, state in self.state.items():
            shape, stride = parameter.shape, parameter.stride()
            for name, value in state.items():
                if isinstance(value, Tensor) and value.shape == shape and value.stride() != stride:
                    room = torch.empty_strided(shape, stride, dtype=value.dtype, device=value.device)
                    state[name] = room.copy_(value)

    def _corrected(self, group: dict[str, Any], kept: float, params: list[Any], updates: int) -> dict[str, Any]:
        c2 = 1.0 - group["betas"][1] ** updates
        lr, decay, eps = group["lr"], group["weight_decay"], group["eps"]
        return group | {"params": params, "lr": lr * kept, "weight_decay": decay / kept, "eps": eps / c2**0.5}

    def _by_updates(self, group: dict[str, Any]) -> list[tuple[int, list[Any]]]:
        """(t, those of which it is the update t); counts it. Without a gradient there is no update."""
        params, counts = group["params"], group["updates"]
        counts = [counts] * len(params) if isinstance(counts, int) else list(counts)
        found: dict[int, list[Any]] = {}
        for at, parameter in enumerate(params):
            if parameter.grad is not None:
                counts[at] += 1
                found.setdefault(counts[at], []).append(parameter)
        group["updates"] = counts[0] if len(set(counts)) == 1 else counts
        return list(found.items())


def build_optimizer(model: nn.Module, optim: Optim, system: System, decay_after_update: bool = True) -> AdamW:
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
    return AdamW(named, lr=optim.lr, betas=optim.betas, eps=optim.eps, decay_after_update=decay_after_update)


def _trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)

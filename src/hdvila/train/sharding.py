"""A model cut over the processes (torch's FSDP2), stage by stage: each holds a part of weights, gradients and moments.

A stage's weights are gathered when it runs and let go again after it, so a process needs room for its part and for one
stage. Loss and gradient are those of every process holding everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

__all__ = ["cut_module", "cut_state", "total_norm", "whole"]


def cut_module(forward: nn.Module, stages: Iterable[nn.Module]) -> None:
    """Cut each stage by itself and `forward`, through which they are called, around them; the first process's weights
    count."""
    for tensor in (*forward.parameters(), *forward.buffers()):
        dist.broadcast(tensor.data, 0)
    for stage in stages:
        fully_shard(stage)
    fully_shard(forward, reshard_after_forward=True)


def whole(value: Any) -> Any:
    """The same with every tensor that was cut put together again, at any depth; all processes call it."""
    if isinstance(value, DTensor):
        return value.full_tensor()
    if isinstance(value, Mapping):
        return {key: whole(one) for key, one in value.items()}
    return [whole(one) for one in value] if isinstance(value, list | tuple) else value


def cut_state(optimizer: torch.optim.Optimizer) -> None:
    """Cut whole states, as they were loaded, as their parameters are; all processes call it."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(parameter, DTensor) and isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = distribute_tensor(value, parameter.device_mesh, parameter.placements)


def total_norm(norm: Tensor) -> float:
    """A norm over all parts."""
    return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)

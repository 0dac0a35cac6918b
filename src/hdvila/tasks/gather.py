"""Features of all processes, with the exact gradient.

Legend: b rows of this process, B = world * b rows of all, D width.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable


def gather(rows_bD: Tensor) -> tuple[Tensor, int]:
    """The rows of all processes in order of rank, and where this process's own begin: (B, D), index.

    The gradient that reaches a row is the sum of what all processes' losses ask of it. Averaging parameter gradients
    over processes, as data-parallel training does, then gives the gradient of the mean of the processes' losses.
    Without other processes the rows come back as they are. Every process must hold equally many rows.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return rows_bD, 0
    gathered: Tensor = _Gather.apply(rows_bD)  # type: ignore[no-untyped-call]
    return gathered, dist.get_rank() * len(rows_bD)


class _Gather(torch.autograd.Function):
    """all-gather forward, reduce-scatter (sum) backward."""

    @staticmethod
    def forward(ctx: Any, rows_bD: Tensor) -> Tensor:
        rows_bD = rows_bD.contiguous()
        out_BD = rows_bD.new_empty(dist.get_world_size() * len(rows_bD), *rows_bD.shape[1:])
        dist.all_gather_into_tensor(out_BD, rows_bD)
        return out_BD

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BD: Tensor) -> Tensor:
        grad_BD = grad_BD.contiguous()
        own_bD = grad_BD.new_empty(len(grad_BD) // dist.get_world_size(), *grad_BD.shape[1:])
        dist.reduce_scatter_tensor(own_bD, grad_BD)
        return own_bD

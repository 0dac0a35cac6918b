"""The symmetric contrastive loss between texts and videos (paper, equation 4), and features of all processes for it.

Legend: b pairs of this process, B pairs of all processes, D width.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["contrastive_loss", "gather"]


def contrastive_loss(
    text_bD: Tensor,
    video_bD: Tensor,
    temperature: float,
    *,
    all_text_BD: Tensor | None = None,
    all_video_BD: Tensor | None = None,
    first_row: int = 0,
    weight: float = 0.5,
) -> Tensor:
    """``weight * (CE over videos of each text + CE over texts of each video)``, a scalar in float32.

    The features are unit vectors; row i of the texts belongs to row i of the videos. On one process only the first
    three arguments are given. On several, each process passes its own rows and the features of all, gathered so that
    gradients flow back: the *mean over processes* of the values (and of the gradients, as data-parallel training takes
    it) is then the loss over the whole batch, while no process ever holds a B x B matrix.

    Args:
        temperature: 0.05 in pre-training, 0.08 in retrieval fine-tuning.
        all_text_BD, all_video_BD: the gathered features; None: there is one process.
        first_row: where this process's rows begin among all.
        weight: 0.5 in pre-training, 1.0 (the plain sum) in fine-tuning.
    """
    texts = text_bD if all_text_BD is None else all_text_BD
    videos = video_bD if all_video_BD is None else all_video_BD
    right = torch.arange(first_row, first_row + len(text_bD), device=text_bD.device)
    text_to_video = text_bD.float() @ videos.float().T / temperature
    video_to_text = video_bD.float() @ texts.float().T / temperature
    return weight * (F.cross_entropy(text_to_video, right) + F.cross_entropy(video_to_text, right))


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

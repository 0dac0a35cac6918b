"""The symmetric contrastive loss between texts and videos (paper, equation 4).

Legend: b pairs of this process, B pairs of all processes, D width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


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

"""Statistics for a model that starts from random weights.

BatchNorm never changes its statistics in training, because the papers' models start from a trained ResNet. A new model
has mean 0 and variance 1 in them, which is far from true: signals grow from block to block and training is slow or
diverges. One pass over a few frames of the training set measures them; after that they stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from hdvila.nn.conv_norm import measuring_statistics
from hdvila.nn.pretrained import PretrainedModel, evaluating


@torch.no_grad()
def calibrate_batch_norm(
    model: PretrainedModel, see: Callable[..., Tensor], batches: Iterable[tuple[Any, ...]]
) -> None:
    """Set running mean and variance of every BatchNorm from frames, once, before training.

    Layers are measured in order, each on inputs that are already normalised, so afterwards every BatchNorm gives mean 0
    and variance 1 (before its own weight and bias) on these frames: exactly for one batch, closely for several. 64 or
    more varied segments are plenty. A branch without frames keeps its statistics. The result depends on the batches
    only. With several processes, give all of them the same batches, or call it before the model is copied to them.

    Args:
        see: the model's method that passes frames through its convolutions, such as ``model.segment_grids``.
        batches: its arguments, batch by batch.
    """
    autocast_off = torch.autocast(model.device.type, enabled=False)
    with evaluating(model), autocast_off, measuring_statistics(model):
        for video in batches:
            see(*video)

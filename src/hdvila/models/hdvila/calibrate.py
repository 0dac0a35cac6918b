"""Statistics for a model that starts from random weights.

BatchNorm never changes its statistics in training, because the paper's model starts from a trained ResNet. A new model
has mean 0 and variance 1 in them, which is far from true: signals grow from block to block and training is slow or
diverges. One pass over a few pictures of the training set measures them; after that they stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from hdvila.models.hdvila.model import HDVILA
from hdvila.nn.conv_norm import measuring_statistics
from hdvila.nn.pretrained import evaluating


@torch.no_grad()
def calibrate_batch_norm(model: HDVILA, batches: Iterable[tuple[Tensor | None, Tensor | None]]) -> None:
    """Set running mean and variance of every BatchNorm from pictures, once, before training.

    Layers are measured in order, each on inputs that are already normalised, so afterwards every BatchNorm gives mean 0
    and variance 1 (before its own weight and bias) on these pictures: exactly for one batch, closely for several. 64 or
    more varied segments are plenty. A branch without pictures keeps its statistics. The result depends on the batches
    only. With several processes, give all of them the same batches, or call it before the model is copied to them.

    Args:
        batches: pairs (high, low) as `HDVILA.encode_video` takes them.
    """
    autocast_off = torch.autocast(model.device.type, enabled=False)
    with evaluating(model), autocast_off, measuring_statistics(model):
        for high, low in batches:
            model.segment_grids(high, low)

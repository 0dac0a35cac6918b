"""ResNet-50 and smaller ResNets, with batch normalisation whose statistics are fixed.

Legend: N images, C channels, H W pixels or grid. Names follow torchvision (`layer1.0.conv1`, `downsample.0`), so its
weights load unchanged. The stride of a stage lies in the 3x3 convolution of its first block, as in torchvision, or in
the 1x1 before it, as in the networks of He et al. 2016 and of detectron2 ("MSRA").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from hdvila.nn.conv_norm import FixedBatchNorm, conv_norm, folds

EXPANSION = 4
StrideIn = Literal["3x3", "1x1"]
"""Which convolution of the first block of a stage has the stride."""


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions around a residual."""

    def __init__(self, inputs: int, width: int, stride: int, stride_in: StrideIn = "3x3") -> None:
        super().__init__()
        outputs = width * EXPANSION
        first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
        self.conv1 = nn.Conv2d(inputs, width, 1, first, bias=False)
        self.bn1 = FixedBatchNorm(width)
        self.conv2 = nn.Conv2d(width, width, 3, second, 1, bias=False)
        self.bn2 = FixedBatchNorm(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = FixedBatchNorm(outputs)
        self.downsample: nn.ModuleList | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.ModuleList(
                [nn.Conv2d(inputs, outputs, 1, stride, bias=False), FixedBatchNorm(outputs)]
            )

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y = F.relu(conv_norm(x_NCHW, self.conv1, self.bn1), inplace=True)
        y = F.relu(conv_norm(y, self.conv2, self.bn2), inplace=True)
        y = conv_norm(y, self.conv3, self.bn3)
        shortcut = x_NCHW
        if self.downsample is not None:
            conv, norm = self.downsample
            assert isinstance(conv, nn.Conv2d)
            assert isinstance(norm, FixedBatchNorm)
            shortcut = conv_norm(x_NCHW, conv, norm)
        return F.relu(y + shortcut, inplace=True)


class ResNet(nn.Module):
    """The residual network up to a stage, without pooling and classifier.

    Args:
        depths: blocks of the four stages; (3, 4, 6, 3) is ResNet-50.
        width: channels of the stem.
        stages: number of stages that are built and run.
        stride_in: which convolution of a stage's first block has the stride.

    With `checkpoint_stages` each stage is recomputed in the backward pass: less memory, the same gradients.
    """

    def __init__(
        self, depths: Sequence[int] = (3, 4, 6, 3), width: int = 64, stages: int = 4, stride_in: StrideIn = "3x3"
    ) -> None:
        super().__init__()
        self.checkpoint_stages = False
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = FixedBatchNorm(width)
        inputs, self.stages = width, stages
        for stage, depth in enumerate(depths[:stages]):
            blocks = []
            for block in range(depth):
                stride = 2 if stage > 0 and block == 0 else 1
                blocks.append(Bottleneck(inputs, width << stage, stride, stride_in))
                inputs = (width << stage) * EXPANSION
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x_N3HW: Tensor) -> list[Tensor]:
        """Normalised images -> the outputs of all stages; that of stage k = 1, 2, .. has H / 2**(k+1) rows."""
        layout = torch.channels_last if folds(self.bn1, x_N3HW, self.conv1) else torch.contiguous_format
        x_N3HW = x_N3HW.contiguous(memory_format=layout)
        y = F.max_pool2d(F.relu(conv_norm(x_N3HW, self.conv1, self.bn1), inplace=True), 3, 2, 1)
        outputs = []
        for stage in range(1, self.stages + 1):
            layer: nn.Module = getattr(self, f"layer{stage}")
            if self.checkpoint_stages and torch.is_grad_enabled():
                y = checkpoint(layer, y, use_reentrant=False, preserve_rng_state=False)
            else:
                y = layer(y)
            outputs.append(y)
        return outputs

"""ResNet-50 and its smaller kin, with batch normalisation whose statistics never change.

Legend: N pictures, C channels, H W pixels or grid. Names follow torchvision (`layer1.0.conv1`, `downsample.0`), so its
weights load as they are. The stride of a stage sits on the 3x3 convolution of its first block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

EXPANSION = 4


@dataclass(slots=True)
class Measurement:
    """Sums over all values of each channel seen so far, in float64."""

    count: int
    total_C: Tensor
    squares_C: Tensor

    @classmethod
    def empty(cls, like_C: Tensor) -> Measurement:
        zeros = torch.zeros_like(like_C, dtype=torch.float64)
        return cls(0, zeros, zeros.clone())

    def add(self, x_NCHW: Tensor) -> None:
        x = x_NCHW.detach().double()
        self.count += x.shape[0] * x.shape[2] * x.shape[3]
        self.total_C += x.sum((0, 2, 3))
        self.squares_C += (x * x).sum((0, 2, 3))

    def mean_and_variance(self) -> tuple[Tensor, Tensor]:
        mean = self.total_C / self.count
        return mean, (self.squares_C / self.count - mean * mean).clamp(min=0)


class FixedBatchNorm(nn.Module):
    """Batch normalisation by stored statistics, in training too; its weight and bias are trained.

    With fixed statistics it is the affine map ``x * scale + shift``, which `conv_norm` folds into the convolution
    before it, so it costs nothing per pixel. The map stays differentiable in weight and bias.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.measured: Measurement | None = None

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """The map as two (C,) vectors in float32."""
        scale = self.weight.float() * torch.rsqrt(self.running_var.float() + self.eps)
        return scale, self.bias.float() - self.running_mean.float() * scale

    def measure(self, x_NCHW: Tensor) -> None:
        """Make the statistics those of all pictures measured so far; only inside `measuring_statistics`."""
        assert self.measured is not None
        self.measured.add(x_NCHW)
        mean, variance = self.measured.mean_and_variance()
        self.running_mean.copy_(mean)
        self.running_var.copy_(variance)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        scale, shift = (v[:, None, None].to(x_NCHW.dtype) for v in self.scale_and_shift())
        return x_NCHW * scale + shift


def conv_norm(x_NCHW: Tensor, conv: nn.Conv2d, norm: FixedBatchNorm) -> Tensor:
    """``norm(conv(x))`` as one convolution with folded weights."""
    if norm.measured is not None:
        y: Tensor = conv(x_NCHW)
        norm.measure(y)
        out: Tensor = norm(y)
        return out
    scale, shift = norm.scale_and_shift()
    weight = (conv.weight * scale[:, None, None, None]).to(conv.weight.dtype)
    return F.conv2d(x_NCHW, weight, shift.to(conv.weight.dtype), conv.stride, conv.padding)


@contextmanager
def measuring_statistics(model: nn.Module) -> Iterator[None]:
    """Inside, every picture that passes sets the stored statistics, layer by layer from the first to the last."""
    norms = [module for module in model.modules() if isinstance(module, FixedBatchNorm)]
    for norm in norms:
        norm.measured = Measurement.empty(norm.running_mean)
    try:
        yield
    finally:
        for norm in norms:
            norm.measured = None


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions around a residual."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * EXPANSION
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = FixedBatchNorm(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
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
        stages: how many of the stages are built and run.

    `checkpoint_stages` recomputes each stage in the backward pass: less memory, the same gradients.
    """

    def __init__(self, depths: Sequence[int] = (3, 4, 6, 3), width: int = 64, stages: int = 4) -> None:
        super().__init__()
        self.checkpoint_stages = False
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = FixedBatchNorm(width)
        inputs, self.stages = width, stages
        for stage, depth in enumerate(depths[:stages]):
            blocks = []
            for block in range(depth):
                stride = 2 if stage > 0 and block == 0 else 1
                blocks.append(Bottleneck(inputs, width << stage, stride))
                inputs = (width << stage) * EXPANSION
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x_N3HW: Tensor) -> list[Tensor]:
        """Normalised pictures to the outputs of every stage; that of stage k = 1, 2, .. is H / 2**(k+1) high."""
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

"""Convolution and batch normalisation with stored statistics, as one step.

Legend: N images, C channels, H W pixels or grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(slots=True)
class Measurement:
    """Running sums of the values of each channel, in float64."""

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
    """Batch normalisation by stored statistics, also in training. Its weight and bias are parameters as any others:
    trained, unless the model freezes them.

    With fixed statistics it is the affine map ``x * scale + shift``, which `conv_norm` can fold into the preceding
    convolution at no cost per pixel. The map stays differentiable in weight and bias.
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
        self.folded = False
        self.measured: Measurement | None = None

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """The map as two (C,) vectors, at least in float32."""
        wide = torch.promote_types(self.weight.dtype, torch.float32)
        scale = self.weight.to(wide) * torch.rsqrt(self.running_var.to(wide) + self.eps)
        return scale, self.bias.to(wide) - self.running_mean.to(wide) * scale

    def measure(self, x_NCHW: Tensor) -> None:
        """Update the statistics to those of all images measured so far; only inside `measuring_statistics`."""
        assert self.measured is not None
        self.measured.add(x_NCHW)
        mean, variance = self.measured.mean_and_variance()
        self.running_mean.copy_(mean)
        self.running_var.copy_(variance)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return F.batch_norm(
            x_NCHW, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
        )


def conv_norm(x_NCHW: Tensor, conv: nn.Conv2d, norm: FixedBatchNorm) -> Tensor:
    """``norm(conv(x))``, computed as one convolution with folded weights if `folds`."""
    if not folds(norm, x_NCHW, conv):
        y: Tensor = conv(x_NCHW)
        if norm.measured is not None:
            norm.measure(y)
        out: Tensor = norm(y)
        return out
    scale, shift = norm.scale_and_shift()
    dtype = _compute_type(x_NCHW, conv.weight)
    weight = (conv.weight * scale[:, None, None, None]).to(dtype, memory_format=torch.channels_last)
    return F.conv2d(x_NCHW, weight, shift.to(dtype), conv.stride, conv.padding)


def folds(norm: FixedBatchNorm, x_NCHW: Tensor, conv: nn.Conv2d) -> bool:
    """Whether `conv_norm` folds: always in bfloat16 and where no gradients are recorded (inference, frozen weights),
    otherwise only after `fold_batch_norm`.

    Folding computes the same function, but its rounding differs in the last bit. That moves some ReLU inputs across 0,
    and changes gradients of the convolutions by about 1e-3. Unfolded in float32, operations and gradients are exactly
    those of the original implementation.
    """
    if norm.measured is not None:
        return False
    reduced = _compute_type(x_NCHW, norm.weight) in (torch.bfloat16, torch.float16)
    parts = (norm.weight, conv.weight, x_NCHW)
    recorded = torch.is_grad_enabled() and any(part.requires_grad for part in parts)
    return norm.folded or reduced or not recorded


def _compute_type(x: Tensor, weight: Tensor) -> torch.dtype:
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype


def fold_batch_norm(model: nn.Module, enabled: bool = True) -> None:
    """Fold every BatchNorm into its convolution also in float32 training: about twice as fast on a CPU (`folds`)."""
    for module in model.modules():
        if isinstance(module, FixedBatchNorm):
            module.folded = enabled


@contextmanager
def measuring_statistics(model: nn.Module) -> Iterator[None]:
    """A context in which forward passes set the stored statistics, layer by layer from the first to the last."""
    norms = [module for module in model.modules() if isinstance(module, FixedBatchNorm)]
    for norm in norms:
        norm.measured = Measurement.empty(norm.running_mean)
    try:
        yield
    finally:
        for norm in norms:
            norm.measured = None

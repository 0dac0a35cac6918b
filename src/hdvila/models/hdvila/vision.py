"""The picture side of HD-VILA: two ResNets, adapters, hybrid transformer, fusion, as in the paper.

Legend: N segments (all videos'), F frames of a segment, D width, H W pixels of the HR frame, h w rows and columns
of the grid (H/64 x W/64).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hdvila.errors import UsageError
from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.hybrid import HybridTransformer
from hdvila.nn.resnet import EXPANSION, ResNet

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


def normalise(rgb_N3HW: Tensor, dtype: torch.dtype) -> Tensor:
    """RGB 0..255, uint8 or float, to (x - mean) / std, computed in float32 at least and returned as `dtype`."""
    wide = torch.promote_types(dtype, torch.float32)
    mean = torch.tensor(MEAN, device=rgb_N3HW.device, dtype=wide)[:, None, None]
    std = torch.tensor(STD, device=rgb_N3HW.device, dtype=wide)[:, None, None]
    return ((rgb_N3HW.to(wide) - mean) / std).to(dtype)


def check_pictures(high: Tensor | None, low: Tensor | None) -> tuple[int, int]:
    """Batch and segments of a pair of inputs.

    Raises:
        UsageError: both are None, an axis is wrong, or the sizes do not meet at H/64.
    """
    if high is None and low is None:
        raise UsageError("high and low are both None: the model needs HR frames, LR frames or both")
    if high is not None:
        if high.ndim != 5 or high.shape[2] != 3:
            raise UsageError(f"high has shape {tuple(high.shape)}, expected (B, S, 3, H, W): RGB frames of S segments")
        _check_not_empty("high", high)
        if high.shape[-2] % 64 or high.shape[-1] % 64:
            raise UsageError(
                f"high is {high.shape[-2]}x{high.shape[-1]}, but its grid is H/64 x W/64: crop to multiples of 64"
            )
    if low is not None:
        if low.ndim != 6 or low.shape[3] != 3:
            raise UsageError(
                f"low has shape {tuple(low.shape)}, expected (B, S, 2N, 3, H/4, W/4): RGB neighbour frames"
            )
        _check_not_empty("low", low)
        if low.shape[-2] % 16 or low.shape[-1] % 16:
            raise UsageError(
                f"low is {low.shape[-2]}x{low.shape[-1]}, but its grid is h/16 x w/16: crop to multiples of 16"
            )
    if high is not None and low is not None:
        if high.shape[:2] != low.shape[:2]:
            raise UsageError(
                f"high has (B, S) = {tuple(high.shape[:2])} and low {tuple(low.shape[:2])}: give both the same segments"
            )
        if (high.shape[-2], high.shape[-1]) != (4 * low.shape[-2], 4 * low.shape[-1]):
            raise UsageError(
                f"high is {high.shape[-2]}x{high.shape[-1]} and low {low.shape[-2]}x{low.shape[-1]}: "
                "the LR side must be exactly a quarter of the HR side"
            )
        if low.shape[2] % 2:
            raise UsageError(
                f"low has {low.shape[2]} neighbours a segment: half lie before the HR frame, give an even number"
            )
    given = high if high is not None else low
    assert given is not None
    return given.shape[0], given.shape[1]


def _check_not_empty(name: str, pictures: Tensor) -> None:
    if 0 in pictures.shape:
        raise UsageError(
            f"{name} has shape {tuple(pictures.shape)}, so it holds no pictures: give at least one, or {name}=None"
        )


def build_vision(config: HDVILAConfig) -> dict[str, nn.Module]:
    """The modules of the picture side by the names that `HDVILA` gives them."""
    width, stage3 = config.hidden_size, config.resnet_width * EXPANSION * 4
    return {
        "cnn": ResNet(config.resnet_depths, config.resnet_width),
        "cnn_low": ResNet(config.resnet_depths, config.resnet_width, stages=3),
        "grid_encoder": nn.Sequential(nn.Conv2d(2 * stage3, width, 1, bias=False), nn.MaxPool2d(2), nn.GELU()),
        "grid_encoder_low": nn.Sequential(nn.Conv2d(stage3, width, 1, bias=False), nn.GELU()),
        "timesformer": HybridTransformer(
            width,
            config.hybrid_layers,
            config.hybrid_attention_heads,
            int(width * config.hybrid_mlp_ratio),
            config.hybrid_stochastic_depth,
            config.grid,
            config.frames,
        ),
        "grid_encoder_combine": nn.Sequential(nn.Conv2d(2 * width, width, 1, bias=False), nn.GELU()),
    }

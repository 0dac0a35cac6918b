"""The picture side of ClipBERT: frames of a clip to one grid of features.

Legend: N clips (all videos'), T frames of a clip, D width, H W pixels, h w rows and columns of
the grid, ceil(H/32) // 2 and ceil(W/32) // 2.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdvila.errors import UsageError
from hdvila.models.clipbert.config import LEAST_SIDE, ClipBERTConfig
from hdvila.nn.conv_norm import FixedBatchNorm
from hdvila.nn.resnet import EXPANSION, ResNet

__all__ = ["GridFeatures", "check_frames", "normalised"]

MEAN_BGR = (103.53, 116.28, 123.675)


class GridFeatures(nn.Module):
    """ResNet, 3x3 grid encoder, and fusion of the frames of a clip: (N, T, 3, H, W) -> (N, D, h, w).

    The ResNet reads BGR of which only the mean is subtracted, as the grid-feature networks of detectron2 do.
    """

    def __init__(self, config: ClipBERTConfig) -> None:
        super().__init__()
        width, channels = config.hidden_size, config.resnet_width * EXPANSION * 8
        self.feature = ResNet(config.resnet_depths, config.resnet_width, stride_in=config.stride_in)
        self.grid_encoder = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.ReLU()
        )
        if config.fusion != "mean":
            self.fusion = fusion(config)

    def forward(self, frames_NT3HW: Tensor) -> Tensor:
        """RGB 0..255, padded with 0, -> one grid a clip."""
        clips, frames = frames_NT3HW.shape[:2]
        maps = self.grid_encoder(self.feature(normalised(frames_NT3HW.flatten(0, 1), self._dtype))[-1])
        maps_NTDhw: Tensor = maps.unflatten(0, (clips, frames))
        if hasattr(self, "fusion"):
            maps_NTDhw = self.fusion(maps_NTDhw.transpose(1, 2)).transpose(1, 2)
        return maps_NTDhw.mean(1)

    @property
    def _dtype(self) -> torch.dtype:
        return self.feature.conv1.weight.dtype

    @torch.no_grad()
    def centre(self, frames_NT3HW: Tensor) -> None:
        """Make the grid encoder blind to the mean feature of these frames, and give its output a spread of 1
        (`ClipBERTConfig.centred_grid`)."""
        conv = self.grid_encoder[0]
        assert isinstance(conv, nn.Conv2d)
        features_MChw = self.feature(normalised(frames_NT3HW.flatten(0, 1), self._dtype))[-1]
        common_C = F.normalize(features_MChw.mean((0, 2, 3)), dim=0)
        seen_DkkC = torch.einsum("dckl,c->dkl", conv.weight, common_C)[..., None] * common_C
        conv.weight -= seen_DkkC.permute(0, 3, 1, 2)
        conv.weight /= conv(features_MChw).std()

    def frozen(self, stages: int) -> list[nn.Module]:
        """What is never trained of the ResNet: every BatchNorm, and the first stages, beginning with the stem."""
        net = self.feature
        norms = [module for module in net.modules() if isinstance(module, FixedBatchNorm)]
        pieces = [net.conv1, *(getattr(net, f"layer{number}") for number in range(1, net.stages + 1))]
        return [*norms, *pieces[:stages]]


def normalised(rgb_M3HW: Tensor, dtype: torch.dtype) -> Tensor:
    """RGB 0..255, uint8 or float, to BGR without its mean, computed in float32 at least and returned as `dtype`."""
    wide = torch.promote_types(dtype, torch.float32)
    mean = torch.tensor(MEAN_BGR, device=rgb_M3HW.device, dtype=wide)[:, None, None]
    return (rgb_M3HW.flip(1).to(wide) - mean).to(dtype)


def fusion(config: ClipBERTConfig) -> nn.Module:
    """A convolution over the frames of a clip, (N, D, T, h, w) -> the same shape (paper, Table 2).

    The paper gives its kernel of 3, and the factorised form in words; padding keeps all frames for the mean after it,
    and the factorised one has a ReLU between its halves, as R(2+1)D does (Tran et al. 2018).
    """
    width = config.hidden_size
    if config.fusion == "conv3d":
        return nn.Conv3d(width, width, 3, padding=1)
    return nn.Sequential(
        nn.Conv3d(width, width, (1, 3, 3), padding=(0, 1, 1)),
        nn.ReLU(),
        nn.Conv3d(width, width, (3, 1, 1), padding=(1, 0, 0)),
    )


def check_frames(frames: Tensor) -> tuple[int, int]:
    """Videos B and clips S of (B, S, T, 3, H, W).

    Raises:
        UsageError: another shape, nothing in it, or frames too small for one place of the grid.
    """
    if frames.ndim != 6 or frames.shape[3] != 3:
        raise UsageError(
            f"frames has shape {tuple(frames.shape)}, expected (B, clips, T, 3, H, W): RGB frames of the clips of each "
            "video"
        )
    if 0 in frames.shape:
        raise UsageError(f"frames has shape {tuple(frames.shape)}, so it holds no frames: give at least one")
    if min(frames.shape[-2:]) < LEAST_SIDE:
        raise UsageError(
            f"frames of {frames.shape[-2]}x{frames.shape[-1]} give no grid, which needs {LEAST_SIDE} pixels a side: "
            "enlarge them (ClipBERT's paper: the longer side at 448)"
        )
    return frames.shape[0], frames.shape[1]

"""Frame preparation exactly as the released HD-VILA code does it in evaluation, to reproduce its numbers.

Our own paths never use it: it shrinks with the nearest neighbour, and its high-resolution frame is the low-resolution
crop enlarged four times, without any detail of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.sampling import HybridSampling, hybrid_indices
from hdvila.media.view import RATIO
from hdvila.types import Frames, HybridClip, Pixels

Rule = Literal["video", "gif"]
_VIDEO_SIZE, _VIDEO_CROP = (180, 288), (160, 256)
_GIF_SIDE, _GIF_PAD = 192, 127


def official_clip(frames: Frames, sampling: HybridSampling, rule: Rule = "video") -> HybridClip:
    """All frames of a clip -> the segments that the released code evaluates.

    Args:
        frames: every frame of the clip (the released code reads videos at 6 frames a second).
        sampling: S, N and r; the evaluation rule chooses the frames.
        rule: ``"video"``: 180x288 by nearest neighbour, centre crop 160x256 (video retrieval and question answering);
            ``"gif"``: longer side 192 by bilinear interpolation without antialiasing, padded with grey 127 on the
            right and below to 192x192 (TGIF).

    Returns:
        ``low`` (S, 2N, 3, h, w) in that size; ``high`` (S, 3, 4h, 4w), the middle frames enlarged by bicubic
        interpolation (a = -0.75), within one grey level of OpenCV's.

    Raises:
        UsageError: a rule that does not exist.
    """
    rules: dict[str, Callable[[Pixels], Pixels]] = {"video": _video, "gif": _gif}
    if rule not in rules:
        raise UsageError(f"there is no official frame preparation {rule!r}, only {sorted(rules)}")
    middle, others = hybrid_indices(len(frames), sampling)
    high = _enlarge(_channels_first(rules[rule](frames.rgb[middle])))
    low = _channels_first(rules[rule](frames.rgb[others.ravel()]))
    pts = frames.pts_seconds
    return HybridClip(high, low.reshape(*others.shape, *low.shape[1:]), pts[middle], pts[others])


def _video(rgb: Pixels) -> Pixels:
    """(n, H, W, 3) -> (n, 160, 256, 3)."""
    (height, width), (crop_height, crop_width) = _VIDEO_SIZE, _VIDEO_CROP
    rows = _nearest(rgb.shape[1], height)
    columns = _nearest(rgb.shape[2], width)
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return rgb[:, rows[top : top + crop_height, None], columns[left : left + crop_width]]


def _nearest(source: int, target: int) -> NDArray[np.int64]:
    """Which source line stands for each target line: floor(i * source / target), in float32 as torch computes it."""
    scaled = np.arange(target, dtype=np.float32) * (np.float32(source) / np.float32(target))
    lines: NDArray[np.int64] = np.minimum(np.floor(scaled).astype(np.int64), source - 1)
    return lines


def _gif(rgb: Pixels) -> Pixels:
    """(n, H, W, 3) -> (n, 192, 192, 3)."""
    height, width = rgb.shape[1:3]
    scale = _GIF_SIDE / max(height, width)
    size = (_GIF_SIDE, int(width * scale)) if height > width else (int(height * scale), _GIF_SIDE)
    padded = np.full((len(rgb), _GIF_SIDE, _GIF_SIDE, 3), _GIF_PAD, np.uint8)
    resized = _interpolate(_channels_first(rgb), size, "bilinear")
    padded[:, : size[0], : size[1]] = resized.astype(np.uint8).transpose(0, 2, 3, 1)
    return padded


def _enlarge(rgb: Pixels) -> Pixels:
    """(n, 3, h, w) -> (n, 3, 4h, 4w)."""
    size = rgb.shape[2] * RATIO, rgb.shape[3] * RATIO
    return np.clip(np.round(_interpolate(rgb, size, "bicubic")), 0, 255).astype(np.uint8)


def _interpolate(rgb: Pixels, size: tuple[int, int], mode: str) -> NDArray[np.float32]:
    """(n, 3, H, W) uint8 -> (n, 3, *size) float32."""
    import torch

    pixels = torch.from_numpy(rgb).float()
    resized = torch.nn.functional.interpolate(pixels, size=size, mode=mode, align_corners=False)
    return np.asarray(resized.numpy(), np.float32)


def _channels_first(rgb: Pixels) -> Pixels:
    return np.ascontiguousarray(rgb.transpose(0, 3, 1, 2))

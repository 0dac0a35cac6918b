"""Whole frames as padded squares, as ClipBERT sees them (the paper has the size, the official code the rest).

Legend: n frames, H W of the source, h w after resizing, L pixels of the square's side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.types import Pixels

__all__ = ["Square", "fit_square", "fitted_size"]


@dataclass(frozen=True, slots=True)
class Square:
    """A transform that fits whole frames into a square (a `hdvila.media.frame_source.FrameTransform`).

    It gives `fit_square` rounded to whole levels. That moves a value by at most half a level of 255, by 0.29 in the
    root mean square of enlarged or shrunk frames, and not at all where the frame has the size already.

    Attributes:
        side: L, pixels of the square's side.
    """

    side: int

    @property
    def size(self) -> tuple[int, int]:
        """(L, L)."""
        return self.side, self.side

    def __call__(self, rgb: Pixels) -> Pixels:
        """(n, H, W, 3) -> (n, L, L, 3), uint8."""
        height, width = fitted_size(rgb.shape[1], rgb.shape[2], self.side)
        square = np.zeros((len(rgb), self.side, self.side, 3), np.uint8)
        if rgb.shape[1:3] == (height, width):
            square[:, :height, :width] = rgb
        else:
            square[:, :height, :width] = np.rint(_resized(rgb, height, width))
        return square


def fit_square(rgb_nHW3: Pixels, side: int) -> NDArray[np.float32]:
    """Resize frames so that the longer side is L, and pad them with 0 on the right and below, as the official code.

    Bilinear without antialiasing, up or down alike (pixel centres at half integers). The padding comes before the
    model subtracts its mean colour, so the model sees black there.

    Args:
        rgb_nHW3: (n, H, W, 3) uint8.
        side: L.

    Returns:
        (n, 3, L, L) float32, 0..255, not rounded.
    """
    height, width = fitted_size(rgb_nHW3.shape[1], rgb_nHW3.shape[2], side)
    square = np.zeros((len(rgb_nHW3), 3, side, side), np.float32)
    square[..., :height, :width] = np.moveaxis(_resized(rgb_nHW3, height, width), -1, 1)
    return square


def fitted_size(height: int, width: int, side: int) -> tuple[int, int]:
    """(H, W) after resizing: the longer side is L, the other is cut to whole pixels, at least 1."""
    if height >= width:
        return side, max(1, int(side * (width / height)))
    return max(1, int(side * (height / width))), side


def _resized(rgb_nHW3: Pixels, height: int, width: int) -> NDArray[np.float32]:
    """(n, H, W, 3) uint8 -> (n, height, width, 3) float32."""
    import torch  # imported late: recipes are listed without it

    found = np.empty((len(rgb_nHW3), height, width, 3), np.float32)
    pixels_1HW3 = np.empty((1, *rgb_nHW3.shape[1:]), np.float32)  # a frame at a time: all together leave the cache
    pixels_13HW = torch.from_numpy(pixels_1HW3).permute(0, 3, 1, 2)
    for rgb_HW3, out_hw3 in zip(rgb_nHW3, found, strict=True):
        pixels_1HW3[0] = rgb_HW3
        resized_13hw = torch.nn.functional.interpolate(
            pixels_13HW, size=(height, width), mode="bilinear", align_corners=False
        )
        out_hw3[...] = resized_13hw[0].permute(1, 2, 0).numpy()
    return found

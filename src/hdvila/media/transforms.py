"""Resizing, cropping and padding of frames, all with one kernel.

The kernel is a separable triangle (bilinear) filter whose support grows with the reduction, so shrinking
averages and does not alias; pixel centres are at half integers, the result is rounded to uint8. It is torch's
``interpolate(mode="bilinear", antialias=True, align_corners=False)`` on uint8, which follows Pillow's
``BILINEAR``. A frame that already has the size is returned as it is. `DecodedFrame.sized` applies the same
filter to YUV planes.
"""

from __future__ import annotations

import numpy as np

from hdvila.errors import UsageError
from hdvila.types import Pixels

GREY = 127
"""The level of padding, as in the released HD-VILA code."""


def resize(rgb: Pixels, height: int, width: int) -> Pixels:
    """(H, W, 3) or (T, H, W, 3) uint8 -> the same with `height` x `width` pixels.

    Raises:
        UsageError: a size below one pixel.
    """
    if height < 1 or width < 1:
        raise UsageError(f"cannot resize to {height}x{width} pixels: both must be at least 1")
    if rgb.shape[-3:-1] == (height, width):
        return rgb
    import torch  # imported late: the command line imports this module and must start fast

    frames = np.ascontiguousarray(rgb if rgb.ndim == 4 else rgb[None])
    with torch.inference_mode():
        resized = torch.nn.functional.interpolate(
            torch.from_numpy(frames).permute(0, 3, 1, 2), size=(height, width), mode="bilinear", antialias=True
        )
        out: Pixels = np.ascontiguousarray(resized.permute(0, 2, 3, 1).numpy())
    return out if rgb.ndim == 4 else out[0]


def enlarge(rgb: Pixels, factor: int) -> Pixels:
    """(n, H, W, 3) uint8 -> (n, factor H, factor W, 3), bicubic with a = -0.75.

    Within one grey level of OpenCV's, which the released HD-VILA code uses.
    """
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(rgb.transpose(0, 3, 1, 2))).float()
    size = rgb.shape[1] * factor, rgb.shape[2] * factor
    with torch.inference_mode():
        larger = torch.nn.functional.interpolate(pixels, size=size, mode="bicubic", align_corners=False)
        rounded: Pixels = larger.round_().clamp_(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return rounded


def shrink(rgb: Pixels, width: int | None = None, height: int | None = None) -> Pixels:
    """(H, W, 3) uint8 -> at most `height` x `width` pixels in the same aspect ratio, never larger."""
    full_height, full_width = rgb.shape[:2]
    factor = min(1.0, width / full_width if width else 1.0, height / full_height if height else 1.0)
    return resize(rgb, max(1, round(full_height * factor)), max(1, round(full_width * factor)))


def crop_to(
    rgb: Pixels,
    height: int,
    width: int,
    where: tuple[float, float] = (0.5, 0.5),
    zoom: float = 1.0,
    grid: int = 1,
) -> Pixels:
    """Scale a frame so that it covers `zoom` times the window, then cut the window out.

    The same `where` and `zoom` show the same part of a frame at any window size. For two sizes to agree to
    the pixel, set `grid` to their ratio for the larger one.

    Args:
        rgb: (H, W, 3) or (T, H, W, 3) uint8; the result has its number of axes.
        height, width: the window in pixels.
        where: (vertical, horizontal) position of the window in the room that is left, 0..1; 0.5 is the centre.
        zoom: 1 shows as much as fits; 9/8 leaves an eighth of the window to move it in.
        grid: the covering size and the window's corner are multiples of this many pixels.

    Raises:
        UsageError: a window below one pixel, a `where` outside 0..1 or a `zoom` below 1.
    """
    return np.ascontiguousarray(window_of(rgb, height, width, where, zoom, grid))


def window_of(
    rgb: Pixels,
    height: int,
    width: int,
    where: tuple[float, float],
    zoom: float,
    grid: int,
    *,
    mirrored: bool = False,
) -> Pixels:
    """The window that `crop_to` cuts out, as a NumPy view if nothing has to be resized or mirrored.

    Args:
        mirrored: flip the frame left to right before the window is cut.
    """
    if not (0 <= where[0] <= 1 and 0 <= where[1] <= 1 and zoom >= 1):
        raise UsageError(f"cannot crop at where={where} with zoom={zoom}: where is 0..1 each way, zoom at least 1")
    covered_height, covered_width = covering_size(rgb.shape[-3:-1], height, width, zoom, grid)
    top = round((covered_height - height) * where[0] / grid) * grid
    left = round((covered_width - width) * where[1] / grid) * grid
    if mirrored and rgb.shape[-3:-1] != (covered_height, covered_width):
        rgb, mirrored = mirror(rgb), False
    if mirrored:  # only the window
        left = covered_width - width - left
    window = resize(rgb, covered_height, covered_width)[..., top : top + height, left : left + width, :]
    return mirror(window) if mirrored else window


def mirror(rgb: Pixels) -> Pixels:
    """(..., H, W, 3) uint8 -> a new array, flipped left to right; several times faster than NumPy."""
    import torch

    if not rgb.flags.writeable or min(rgb.strides) < 0:  # torch cannot wrap such an array
        rgb = rgb.copy()
    mirrored: Pixels = torch.from_numpy(rgb).flip(-2).numpy()
    return mirrored


def covering_size(size: tuple[int, ...], height: int, width: int, zoom: float = 1.0, grid: int = 1) -> tuple[int, int]:
    """The (height, width) to which `crop_to` scales a frame of `size` (height, width)."""
    scale = max(height / size[0], width / size[1]) * zoom
    return max(round(size[0] * scale / grid) * grid, height), max(round(size[1] * scale / grid) * grid, width)


def pad_to(rgb: Pixels, height: int, width: int, grid: int = 1) -> Pixels:
    """Scale a frame so that all of it just fits the window, at its top left, and fill the rest with `GREY`.

    Args:
        rgb: (H, W, 3) or (T, H, W, 3) uint8; the result has its number of axes.
        height, width: the window in pixels.
        grid: the scaled size is a multiple of this many pixels, as in `crop_to`.

    Raises:
        UsageError: a window below one pixel.
    """
    scale = min(height / rgb.shape[-3], width / rgb.shape[-2])
    lines = min(max(round(rgb.shape[-3] * scale / grid), 1) * grid, height)
    columns = min(max(round(rgb.shape[-2] * scale / grid), 1) * grid, width)
    padded: Pixels = np.full((*rgb.shape[:-3], height, width, 3), GREY, np.uint8)
    padded[..., :lines, :columns, :] = resize(rgb, lines, columns)
    return padded

"""Crop windows: which part of a frame a model sees. All frames of a clip share one window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.media.transforms import covering_size, enlarge, mirror, pad_to, resize, window_of
from hdvila.types import Pixels

ZOOM = 9 / 8
"""Scaled size of the frame over the size of the window: 720 over 640 lines, as in the paper. Evaluation uses the same
scale as training."""

SEEN = 0.8
"""The least share of a frame's area that the windows of `look_at` cover together when it tiles."""

Fit = Literal["crop", "pad"]
"""crop: a window inside the frame. pad: the whole frame, with grey padding on the right and below."""


@dataclass(frozen=True, slots=True)
class View:
    """One crop window, in coordinates that do not depend on the size of the frame; the default is the centre crop.

    Attributes:
        where: (y, x), each 0..1 from the top or left edge to the bottom or right edge; (0.5, 0.5) is the centre.
        zoom: scaled size of the frame over the size of the window, 1 or more.
        fit: "pad" shows the whole frame and ignores `where` and `zoom`.
        mirrored: flip the frame left to right before cropping it.
    """

    where: tuple[float, float] = (0.5, 0.5)
    zoom: float = ZOOM
    fit: Fit = "crop"
    mirrored: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator | None, fit: Fit = "crop", flip: float = 0.0) -> View:
        """Draw a window for training; without `rng` it is the centre crop of evaluation.

        Args:
            fit: "pad" draws no place.
            flip: the probability of mirroring, 0..1.
        """
        if rng is None:
            return cls(fit=fit)
        where = (0.5, 0.5) if fit == "pad" else (float(rng.random()), float(rng.random()))
        return cls(where, fit=fit, mirrored=bool(rng.random() < flip))

    def of(self, rgb: Pixels, height: int, width: int, grid: int = 1) -> Pixels:
        """Crop frames: (..., H, W, 3) -> (..., height, width, 3), uint8.

        The result shares memory with `rgb` if no scaling is needed.

        Args:
            height, width: pixels of the window.
            grid: round the window's place and the scaled size to multiples of this many pixels (`crop_to`).
        """
        if self.fit == "pad":
            return pad_to(mirror(rgb) if self.mirrored else rgb, height, width, grid)
        return window_of(rgb, height, width, self.where, self.zoom, grid, mirrored=self.mirrored)


@dataclass(frozen=True, slots=True)
class Seen:
    """A transform that crops frames through a window (a `hdvila.media.frame_source.FrameTransform`).

    Attributes:
        view: the window.
        height, width: pixels of the window.
        grid: as in `View.of`.
        enlarged: the factor by which both sides of the crop are enlarged afterwards; 1: not at all.
    """

    view: View
    height: int
    width: int
    grid: int = 1
    enlarged: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the results."""
        return self.height * self.enlarged, self.width * self.enlarged

    def __call__(self, rgb: Pixels) -> Pixels:
        """(n, H, W, 3) -> (n, h, w, 3)."""
        seen = self.view.of(rgb, self.height, self.width, self.grid)
        return seen if self.enlarged == 1 else enlarge(seen, self.enlarged)


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A transform that resizes whole frames, without keeping their aspect ratio.

    Attributes:
        height, width: pixels of the results.
    """

    height: int
    width: int

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the results."""
        return self.height, self.width

    def __call__(self, rgb: Pixels) -> Pixels:
        """(n, H, W, 3) -> (n, h, w, 3)."""
        return resize(rgb, self.height, self.width)


@dataclass(frozen=True, slots=True)
class Look:
    """The crop windows for frames of one size.

    Attributes:
        views: one or more; a clip is embedded through each, and the vectors are averaged (`joined`).
        seen: the share of the frame's area that the windows cover together, 0..1.
    """

    views: tuple[View, ...]
    seen: float


def look_at(size: tuple[int, int], height: int, width: int, fit: Fit, *, tiled: bool, grid: int = 1) -> Look:
    """Choose the crop windows for frames of one size.

    For example two windows of 640 x 1024 cover 89 % of a frame of 720 x 1280, and three cover 83 % of an upright one.

    Args:
        size: (H, W) of the frames.
        height, width: pixels of a window.
        fit: "pad" takes one window with the whole frame.
        tiled: the fewest windows, evenly spaced and at the scale of training, that cover `SEEN` of the frame or more;
            False: the centre window alone.
        grid: as in `View.of`.
    """
    if fit == "pad":
        return Look((View(fit=fit),), 1.0)
    covered = covering_size(size, height, width, ZOOM, grid)
    rows = columns = 1

    def seen(rows: int, columns: int) -> float:
        return min(1.0, rows * height / covered[0]) * min(1.0, columns * width / covered[1])

    while tiled and seen(rows, columns) < SEEN:
        if seen(rows + 1, columns) > seen(rows, columns + 1):
            rows += 1
        else:
            columns += 1
    views = tuple(View((y, x)) for y in _evenly(rows) for x in _evenly(columns))
    return Look(views, seen(rows, columns))


def joined(vectors: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """Average the unit vectors of each clip's windows: (V, D) -> (B, D), of unit length.

    Args:
        counts: the number of windows of each of the B clips, V together; their vectors are adjacent.
    """
    starts = np.cumsum([0, *counts[:-1]])
    sums: NDArray[np.float32] = np.add.reduceat(vectors, starts, axis=0)
    means: NDArray[np.float32] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return means


def _evenly(count: int) -> list[float]:
    return [0.5] if count == 1 else [number / (count - 1) for number in range(count)]

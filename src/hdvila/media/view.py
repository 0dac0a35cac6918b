"""Where a clip is looked at: one window, laid alike on all its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.media.transforms import covering_size, enlarge, mirror, pad_to, resize, window_of
from hdvila.types import Pixels

ZOOM = 9 / 8
"""A window of 640 lines out of 720, as in the paper. Evaluation looks at the same scale, so that nothing is resampled
that was not resampled in training."""

SEEN = 0.8
"""How much of a picture of any shape is to be seen where one's own videos are looked at."""

Fit = Literal["crop", "pad"]
"""A window inside the picture, or the whole picture with grey to its right and below."""


@dataclass(frozen=True, slots=True)
class View:
    """`where` and `zoom` of `crop_to`, the default is the centre; or all there is. Left and right of a mirrored picture
    are exchanged before the window is laid on it."""

    where: tuple[float, float] = (0.5, 0.5)
    zoom: float = ZOOM
    fit: Fit = "crop"
    mirrored: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator | None, fit: Fit = "crop", flip: float = 0.0) -> View:
        """At random for training, mirrored with the probability `flip`; the centre without `rng`. A picture that is
        padded stays where it is."""
        if rng is None:
            return cls(fit=fit)
        where = (0.5, 0.5) if fit == "pad" else (float(rng.random()), float(rng.random()))
        return cls(where, fit=fit, mirrored=bool(rng.random() < flip))

    def of(self, rgb: Pixels, height: int, width: int, grid: int = 1) -> Pixels:
        """(..., H, W, 3) -> (..., height, width, 3); a view of `rgb` where cutting is all there is to do.

        Args:
            grid: the window's place and the scaled size are multiples of so many pixels (`crop_to`).
        """
        if self.fit == "pad":
            return pad_to(mirror(rgb) if self.mirrored else rgb, height, width, grid)
        return window_of(rgb, height, width, self.where, self.zoom, grid, mirrored=self.mirrored)


@dataclass(frozen=True, slots=True)
class Seen:
    """Frames seen through a window, as so many pixels (a `hdvila.media.frame_source.FrameTransform`).

    Attributes:
        grid: as in `View.of`.
        enlarged: how many times larger, each way, they are made at last.
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
    """Whole frames, whatever their shape, as so many pixels (a `hdvila.media.frame_source.FrameTransform`)."""

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
    """The windows through which a picture is seen, and how much of its area lies in one of them, 0..1."""

    views: tuple[View, ...]
    seen: float


def look_at(size: tuple[int, int], height: int, width: int, fit: Fit, *, tiled: bool, grid: int = 1) -> Look:
    """How a picture of `size` (height, width) is seen through a window of `height` x `width` pixels.

    Args:
        fit: ``"pad"`` shows all of it at once.
        tiled: as few windows as show `SEEN` of it or more, evenly laid, each at the scale of training; else the centre.
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
    """(views, D) unit vectors of what clips show, so many of each -> (clips, D): the direction of each clip's mean."""
    starts = np.cumsum([0, *counts[:-1]])
    sums: NDArray[np.float32] = np.add.reduceat(vectors, starts, axis=0)
    means: NDArray[np.float32] = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return means


def _evenly(count: int) -> list[float]:
    return [0.5] if count == 1 else [number / (count - 1) for number in range(count)]

"""Where a clip is looked at: one window, cut alike out of its high- and low-resolution frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hdvila.media.resize import crop_to
from hdvila.types import Pixels

RATIO = 4
"""How many HR pixels lie along one LR pixel."""

ZOOM = 9 / 8
"""A window of 640 lines out of 720, as in the paper. Evaluation looks at the same scale, so that nothing is resampled
that was not resampled in training."""


@dataclass(frozen=True, slots=True)
class View:
    """`where` and `zoom` of `crop_to`; the default is the centre."""

    where: tuple[float, float] = (0.5, 0.5)
    zoom: float = ZOOM

    @classmethod
    def draw(cls, rng: np.random.Generator | None) -> View:
        """At random for training, the centre without `rng`."""
        return cls() if rng is None else cls((float(rng.random()), float(rng.random())))

    def high(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height, width, 3)."""
        return crop_to(rgb, height, width, self.where, self.zoom, grid=RATIO)

    def low(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height / 4, width / 4, 3): the same window as `high` with these sizes."""
        return crop_to(rgb, height // RATIO, width // RATIO, self.where, self.zoom)

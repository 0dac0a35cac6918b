"""Where a clip is looked at: one window, laid alike on its high- and low-resolution frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hdvila.media.resize import crop_to, pad_to
from hdvila.types import Pixels

RATIO = 4
"""How many HR pixels lie along one LR pixel."""

ZOOM = 9 / 8
"""A window of 640 lines out of 720, as in the paper. Evaluation looks at the same scale, so that nothing is resampled
that was not resampled in training."""

Fit = Literal["crop", "pad"]
"""A window inside the picture, or the whole picture with grey to its right and below."""


@dataclass(frozen=True, slots=True)
class View:
    """`where` and `zoom` of `crop_to`, the default is the centre; or all there is."""

    where: tuple[float, float] = (0.5, 0.5)
    zoom: float = ZOOM
    fit: Fit = "crop"

    @classmethod
    def draw(cls, rng: np.random.Generator | None, fit: Fit = "crop") -> View:
        """At random for training, the centre without `rng`; a picture that is padded stays where it is."""
        return cls(fit=fit) if rng is None or fit == "pad" else cls((float(rng.random()), float(rng.random())))

    def high(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height, width, 3)."""
        return self._lay(rgb, height, width, grid=RATIO)

    def low(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height / 4, width / 4, 3): the same window as `high` with these sizes."""
        return self._lay(rgb, height // RATIO, width // RATIO, grid=1)

    def _lay(self, rgb: Pixels, height: int, width: int, grid: int) -> Pixels:
        if self.fit == "pad":
            return pad_to(rgb, height, width, grid)
        return crop_to(rgb, height, width, self.where, self.zoom, grid)

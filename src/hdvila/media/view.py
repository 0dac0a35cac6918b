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

    def high(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height, width, 3)."""
        return self._lay(rgb, height, width, grid=RATIO)

    def low(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height / 4, width / 4, 3): the same window as `high` with these sizes."""
        return self._lay(rgb, height // RATIO, width // RATIO, grid=1)

    def _lay(self, rgb: Pixels, height: int, width: int, grid: int) -> Pixels:
        if self.mirrored:
            rgb = np.ascontiguousarray(rgb[..., ::-1, :])
        if self.fit == "pad":
            return pad_to(rgb, height, width, grid)
        return crop_to(rgb, height, width, self.where, self.zoom, grid)

"""Where a clip is looked at: one window, laid alike on its high- and low-resolution frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hdvila.media.resize import covering_size, crop_to, pad_to, show_most, showing_size
from hdvila.types import Pixels

RATIO = 4
"""How many HR pixels lie along one LR pixel."""

ZOOM = 9 / 8
"""A window of 640 lines out of 720, as in the paper. Evaluation looks at the same scale, so that nothing is resampled
that was not resampled in training."""

SHOWN = 0.85
"""How much of any picture the fit ``"most"`` shows; rounding to whole pixels leaves more than 0.8 in small windows."""

Fit = Literal["crop", "pad", "most"]
"""A window inside the picture; the whole picture with grey to its right and below; or at least four fifths of it, as
large as that allows, with grey on two sides of a picture of another shape."""


@dataclass(frozen=True, slots=True)
class View:
    """`where` and `zoom` of `crop_to`, the default is the centre; or most or all there is. Left and right of a mirrored
    picture are exchanged before the window is laid on it."""

    where: tuple[float, float] = (0.5, 0.5)
    zoom: float = ZOOM
    fit: Fit = "crop"
    mirrored: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator | None, fit: Fit = "crop", flip: float = 0.0) -> View:
        """At random for training, mirrored with the probability `flip`; the centre without `rng`. Only a crop is moved
        about."""
        if rng is None:
            return cls(fit=fit)
        where = (float(rng.random()), float(rng.random())) if fit == "crop" else (0.5, 0.5)
        return cls(where, fit=fit, mirrored=bool(rng.random() < flip))

    def high(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height, width, 3)."""
        return self._lay(rgb, height, width, grid=RATIO)

    def low(self, rgb: Pixels, height: int, width: int) -> Pixels:
        """(..., H, W, 3) -> (..., height / 4, width / 4, 3): the same window as `high` with these sizes."""
        return self._lay(rgb, height // RATIO, width // RATIO, grid=1)

    def share(self, size: tuple[int, int], height: int, width: int) -> float:
        """How much of the area of a picture of `size` (height, width) lies within a window of these sizes, 0..1."""
        if self.fit == "pad":
            return 1.0
        if self.fit == "most":
            lines, columns = showing_size(size, height, width, SHOWN, self.zoom, RATIO)
        else:
            lines, columns = covering_size(size, height, width, self.zoom, RATIO)
        return min(1.0, height / lines) * min(1.0, width / columns)

    def _lay(self, rgb: Pixels, height: int, width: int, grid: int) -> Pixels:
        if self.mirrored:
            rgb = np.ascontiguousarray(rgb[..., ::-1, :])
        if self.fit == "pad":
            return pad_to(rgb, height, width, grid)
        if self.fit == "most":
            return show_most(rgb, height, width, SHOWN, self.zoom, grid)
        return crop_to(rgb, height, width, self.where, self.zoom, grid)

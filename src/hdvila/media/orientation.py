"""Rotation and reflection: what a display matrix does to the stored picture.

A display matrix maps a stored point (x right, y down) to ``(a x + c y, b x + d y)``; phones write it instead of turning
the pixels. Only the eight right-angle cases occur; anything else is snapped to the nearest of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hdvila.types import Pixels


@dataclass(frozen=True, slots=True)
class Orientation:
    """How to turn a stored picture into the displayed one: swap the axes first, then flip left-right, then up-down."""

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_matrix(cls, a: float, b: float, c: float, d: float) -> Orientation:
        """From the four upper-left values of a display matrix (`a b` first row, `c d` second), in any scale."""
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    @classmethod
    def of_frame(cls, frame: Any) -> Orientation:
        """From the side data of a decoded PyAV frame; a frame without a matrix is upright."""
        try:
            matrix = frame.side_data["DISPLAYMATRIX"]
        except KeyError:
            return cls()
        a, b, _, c, d = np.frombuffer(bytes(matrix), dtype="<i4", count=5).tolist()
        return cls.from_matrix(a, b, c, d)

    @property
    def mirrored(self) -> bool:
        """Whether the display is a mirror image of the stored picture."""
        return self.swap ^ self.flip_x ^ self.flip_y

    @property
    def rotation(self) -> int:
        """Degrees clockwise (0, 90, 180, 270) by which the stored picture is turned, after the left-right mirroring."""
        if self.swap:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def apply(self, rgb: Pixels) -> Pixels:
        """(H, W, 3) as stored -> (H', W', 3) as displayed."""
        if self.swap:
            rgb = rgb.swapaxes(0, 1)
        return np.ascontiguousarray(rgb[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1])

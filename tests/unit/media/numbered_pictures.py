"""Pictures that show their own number, so that a test can tell which frame it got."""

from __future__ import annotations

from typing import Any

import numpy as np

NUMBER_BITS = 8


def numbered(number: int, height: int = 96, width: int = 160) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A picture that shows its own number as eight black and white bars over a grey that grows with it."""
    rgb = np.full((height, width, 3), 40 + number, np.uint8)
    bar = width // NUMBER_BITS
    for bit in range(NUMBER_BITS):
        rgb[: height // 2, bit * bar : (bit + 1) * bar] = 255 * (number >> bit & 1)
    return rgb


def number_in(rgb: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    """The number that a picture shows."""
    bar = rgb.shape[1] // NUMBER_BITS
    return sum(int(rgb[8, bit * bar + bar // 2].mean() > 127) << bit for bit in range(NUMBER_BITS))

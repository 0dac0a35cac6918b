"""ClipBERT's squares are the official ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from hdvila.models.clipbert.square import Square, fit_square, fitted_size
from hdvila.types import Pixels
from tests.shared import SHARED, needs

GOLDENS = Path(__file__).parents[3] / "goldens"
GOLDEN = load_file(GOLDENS / "clipbert_preprocess.safetensors")
FULL = SHARED / "reference" / "goldens" / "clipbert_preprocess.safetensors"
MEAN = np.array([123.675, 116.28, 103.53], np.float32)[:, None, None]
PICTURES = {
    "landscape": (40, 2, 240, 320, 448),
    "portrait": (41, 1, 320, 180, 224),
    "upsample": (42, 1, 60, 80, 224),
    "square": (43, 1, 300, 300, 224),
    "odd": (44, 1, 375, 500, 768),
}
"""(v, T, H, W, L) of the golden's pictures."""


def generated(v: int, frames: int, height: int, width: int) -> Pixels:
    """(T, H, W, 3), the golden's formula."""
    t, y, x, c = np.ogrid[:frames, :height, :width, :3]
    levels = (3 + v) * y + (5 + 2 * v) * x + 37 * c + 53 * t + (x * y) // (7 + v) + (t + 1) * (y // 8) * (c + 1)
    return (levels % 256).astype(np.uint8)


def largest_difference(name: str, golden: dict[str, NDArray[np.float32]], step: int) -> float:
    v, frames, height, width, side = PICTURES[name]
    rgb = generated(v, frames, height, width)
    assert rgb.sum(dtype=np.int64) == golden[f"{name}.raw_sum"][0]
    normalised = fit_square(rgb, side) - MEAN
    assert (normalised[0, :, -1, -1] == golden[f"{name}.pad_value_rgb"]).all() or name == "square"
    return float(np.abs(normalised[..., ::step, ::step] - golden[f"{name}.normalized_s{step}"]).max())


@pytest.mark.parametrize("name", PICTURES)
def test_squares_are_the_official_ones(name: str) -> None:
    assert largest_difference(name, GOLDEN, 32) <= 1e-4


@needs(FULL)
def test_squares_are_the_official_ones_at_every_eighth_pixel() -> None:
    full = load_file(FULL)
    assert max(largest_difference(name, full, 8) for name in PICTURES) <= 1e-4


@pytest.mark.parametrize("side", [224, 448, 768])
def test_sizes_are_the_official_ones(side: int) -> None:
    found = [fitted_size(height, width, side) for height, width in GOLDEN["resize_hw_in"].tolist()]
    assert found == [tuple(size) for size in GOLDEN[f"resize_hw_out_{side}"].tolist()]


def test_the_square_of_training_is_rounded_by_half_a_level_at_most() -> None:
    for v, frames, height, width, side in PICTURES.values():
        rgb = generated(v, frames, height, width)
        error = np.moveaxis(Square(side)(rgb), -1, 1) - fit_square(rgb, side)
        assert np.abs(error).max() <= 0.5
        assert np.sqrt(np.square(error[..., : side // 2, : side // 2]).mean()) < 0.3
    whole = generated(1, 2, 33, 64)
    squares = Square(64)(whole)
    assert (squares[:, :33] == whole).all()
    assert (squares[:, 33:] == 0).all()

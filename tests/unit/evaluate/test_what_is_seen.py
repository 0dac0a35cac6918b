"""How much of a picture a model sees, here and in the official code: the figures that protocols and docs tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hdvila.media.view import View
from hdvila.models.hdvila.benchmarks import SHOWN
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.released_preprocessing import Rule
from hdvila.models.hdvila.sampling import HybridSampling
from hdvila.types import Frames, Pixels
from tests.official_clip import official_clip

PREPARING = (Path(__file__).parents[3] / "docs" / "preparing.md").read_text()
SIZES = {640: [(1280, 720), (320, 240)], 768: [(250, 250), (480, 360), (500, 280), (280, 500)]}
"""By lines of the window: the pictures of which it is told, width and height."""


def ramp(height: int, width: int, axis: int) -> Pixels:
    """A picture whose three channels together rise from 0 to 765 along an axis, each on a third of it."""
    length = (height, width)[axis]
    risen = 3 * (np.arange(length) + 0.5) / length - np.arange(3)[:, None]
    line = np.round(255 * np.clip(risen, 0, 1)).astype(np.uint8).T
    return np.ascontiguousarray(np.broadcast_to(line[:, None] if axis == 0 else line, (height, width, 3)))


def span(seen: Pixels, axis: int) -> float:
    """The share of a ramp (H, W, 3) that is seen."""
    line = np.take(seen.astype(int).sum(-1), 0, axis=1 - axis)
    return float(line[-1] - line[0]) / 765 * len(line) / (len(line) - 1)


def shares(width: int, height: int, see: Preprocess) -> tuple[float, float]:
    """Of height and width in evaluation."""
    view = View.draw(None, see.fit)
    rows, columns = (
        span(pictured(view.of(ramp(height, width, axis), see.height, see.width, 4)), axis) for axis in (0, 1)
    )
    return rows, columns


def pictured(shown: Pixels) -> Pixels:
    """Without the grey of padding."""
    there = ~(shown == 127).all(-1)
    return shown[np.ix_(there.any(1), there.any(0))]


def official_share(width: int, height: int, rule: Rule) -> float:
    area = 1.0
    for axis in (0, 1):
        frames = Frames(np.stack([ramp(height, width, axis)] * 3), np.arange(3) / 6)
        low = official_clip(frames, HybridSampling(1, 1, 1), rule).low
        assert low is not None
        area *= span(pictured(np.moveaxis(low[0, 0], 0, -1)), axis)
    return area


GIFS = [name for name in SHOWN if name.startswith("tgif-")]


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in GIFS])
def test_a_protocol_tells_how_much_of_a_picture_is_lost(name: str) -> None:
    shown = SHOWN[name]
    (told,) = (one for one in shown.differences if one.startswith("Pictures are cut"))
    for width, height in SIZES[640]:
        rows, columns = shares(width, height, shown.test)
        assert f"{width}x{height} {100 * rows * columns:.0f} %" in told
        assert official_share(width, height, "video") == pytest.approx(0.79, abs=0.015)
        assert "sees 79 %" in told
        (row,) = (line for line in PREPARING.splitlines() if line.startswith("|") and f"| {width}x{height}" in line)
        assert row.startswith("| 640x1024")
        assert row.endswith(f"| {100 * rows * columns:.0f} % | 79 % |")
    assert f"({100 * shares(320, 240, shown.test)[0]:.0f} % of the height)" in told


@pytest.mark.parametrize("name", GIFS)
def test_all_of_a_gif_is_seen(name: str) -> None:
    shown = SHOWN[name]
    assert any(one.startswith("Pictures are seen whole") for one in shown.differences)
    for width, height in SIZES[768]:
        assert shares(width, height, shown.test) == (pytest.approx(1, abs=0.01), pytest.approx(1, abs=0.01))
        assert official_share(width, height, "gif") == pytest.approx(1, abs=0.02)

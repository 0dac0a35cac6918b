"""How much of a picture a model sees: four fifths of any shape where one's own videos are looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.media import Preprocess, read_hybrid, write_video
from hdvila.media.resize import GREY, show_most, showing_size
from hdvila.media.view import RATIO, View

SIDES = st.integers(16, 2400)
WINDOWS = st.sampled_from([64, 128, 192, 640, 1024])
SHAPES = {"upright": (160, 90), "square": (96, 96), "cinema": (80, 192), "tv": (90, 160), "exact": (80, 128)}


@given(SIDES, SIDES, WINDOWS, WINDOWS)
def test_at_least_four_fifths_of_any_picture_are_seen(height: int, width: int, lines: int, columns: int) -> None:
    look = Preprocess(lines, columns).to_look()
    assert 0.8 <= look.share_seen(height, width) <= 1


@pytest.mark.parametrize("shape", SHAPES)
def test_the_share_is_what_reaches_the_window(shape: str) -> None:
    """Every pixel carries its line and column, so the window tells which lines and columns are in it."""
    height, width = SHAPES[shape]
    lines, columns = np.mgrid[:height, :width]
    where = np.stack([lines, columns, np.full_like(lines, 255)], -1).astype(np.uint8)
    for fit in ("crop", "most", "pad"):
        preprocess = Preprocess(128, 192, fit=fit)
        window = View(fit=fit).high(where, 128, 192)
        shown = window[window[..., 2] == 255]
        spans = [int(shown[:, axis].max()) - int(shown[:, axis].min()) + 1 for axis in (0, 1)]
        assert spans[0] * spans[1] / (height * width) == pytest.approx(preprocess.share_seen(height, width), abs=0.03)


def test_a_crop_shows_little_of_an_upright_picture_and_says_so() -> None:
    window = Preprocess(640, 1024)
    shares = [window.share_seen(*size) for size in ((1920, 1080), (1080, 1080), (804, 1920))]
    assert [round(share, 2) for share in shares] == [0.28, 0.49, 0.53]
    assert Preprocess(768, 768, fit="pad").to_look() == Preprocess(768, 768, fit="pad")


def test_the_picture_stands_in_the_middle_and_nothing_is_stretched() -> None:
    upright = np.full((160, 90, 3), 200, np.uint8)
    upright[60:100, 25:65] = 10  # a square
    window = show_most(upright, 128, 192, share=0.85)
    dark = np.argwhere(window[..., 0] < 100)
    (top, left), (bottom, right) = dark.min(0), dark.max(0) + 1
    assert abs((bottom - top) - (right - left)) <= 1
    assert abs((top + bottom) - 128) <= 1
    assert abs((left + right) - 192) <= 1
    assert (window[:, [0, -1]] == GREY).all()
    assert (window[[0, -1], 96] == 200).all()


@given(st.sampled_from(sorted(SHAPES)), WINDOWS, WINDOWS)
def test_both_streams_are_scaled_alike(shape: str, lines: int, columns: int) -> None:
    size = SHAPES[shape][0] * RATIO, SHAPES[shape][1] * RATIO
    high = showing_size(size, lines, columns, 0.85, 1.125, RATIO)
    assert high == tuple(
        RATIO * side for side in showing_size(SHAPES[shape], lines // RATIO, columns // RATIO, 0.85, 1.125)
    )


def test_a_mark_at_the_head_of_an_upright_video_is_seen(tmp_path: Path) -> None:
    frames = np.full((6, 160, 90, 3), 60, np.uint8)
    write_video(tmp_path / "plain.mp4", frames, 10)
    frames[:, 16:40] = 250
    write_video(tmp_path / "marked.mp4", frames, 10)
    cropping = Preprocess(64, 128, segments=1, neighbours=1, rate=1)

    def brightest(preprocess: Preprocess) -> list[int]:
        clip = read_hybrid(tmp_path / "marked.mp4", preprocess)
        assert clip.high is not None
        assert clip.low is not None
        return [int(pictures.max()) for pictures in (clip.high, clip.low)]

    assert max(brightest(cropping)) < 100
    assert min(brightest(cropping.to_look())) > 230

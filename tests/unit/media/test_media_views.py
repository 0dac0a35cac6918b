"""How much of a picture a model sees: four fifths of any shape where one's own videos are looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.media import write_video
from hdvila.media.read_clips import read_clip, read_windows
from hdvila.media.view import joined
from hdvila.models.hdvila.preprocess import Preprocess

SIDES = st.integers(16, 2400)
WINDOWS = st.sampled_from([64, 128, 192, 640, 1024])
SHAPES = {"upright": (160, 90), "square": (96, 96), "cinema": (80, 192), "tv": (90, 160), "exact": (80, 120)}


@given(SIDES, SIDES, WINDOWS, WINDOWS)
def test_at_least_four_fifths_of_any_picture_are_seen(height: int, width: int, lines: int, columns: int) -> None:
    look = Preprocess(lines, columns).look(height, width)
    assert 0.8 <= look.seen <= 1
    assert len(set(look.views)) == len(look.views)
    assert all(view.zoom == 9 / 8 for view in look.views), "each window shows what training shows, as large"


def test_few_windows_suffice() -> None:
    shapes = {(720, 1280): 2, (1080, 1080): 2, (804, 1920): 2, (1920, 1080): 3}
    for size, count in shapes.items():
        assert len(Preprocess(640, 1024).look(*size).views) == count
        assert len(Preprocess(640, 1024).look(*size, tiled=False).views) == 1
    padded = Preprocess(768, 768, fit="pad").look(1920, 1080)
    assert (len(padded.views), padded.seen) == (1, 1.0)


@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_share_is_what_reaches_the_windows(shape: str, tiled: bool) -> None:
    """Every pixel carries its line and column, so the windows tell which lines and columns are in them."""
    height, width = SHAPES[shape]
    lines, columns = np.mgrid[:height, :width]
    where = np.stack([lines, columns, np.full_like(lines, 255)], -1).astype(np.uint8)
    look = Preprocess(128, 192).look(height, width, tiled=tiled)
    seen = np.zeros((height, width), np.bool_)
    for view in look.views:
        window = view.of(where, 128, 192, 4).reshape(-1, 3)
        (top, left), (bottom, right) = window[:, :2].min(0), window[:, :2].max(0)
        seen[top : bottom + 1, left : right + 1] = True
    assert seen.mean() == pytest.approx(look.seen, abs=0.04)
    assert seen.mean() > 0.8 or not tiled


def test_the_middle_alone_shows_little_of_an_upright_picture_and_says_so() -> None:
    window = Preprocess(640, 1024)
    shares = [window.look(*size, tiled=False).seen for size in ((1920, 1080), (1080, 1080), (804, 1920))]
    assert [round(share, 2) for share in shares] == [0.28, 0.49, 0.53]


def test_the_mean_of_views_is_a_unit_vector_for_each_clip() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1], [1, 0], [1, 0]], np.float32)
    assert joined(vectors, [2, 1, 2]) == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 1], [1, 0]]))


def test_a_mark_at_the_head_of_an_upright_video_is_seen(tmp_path: Path) -> None:
    frames = np.full((6, 160, 90, 3), 60, np.uint8)
    frames[:, 16:40] = 250
    write_video(tmp_path / "marked.mp4", frames, 10)
    preprocess = Preprocess(64, 128, segments=1, neighbours=1, rate=1)
    middle = read_clip(tmp_path / "marked.mp4", preprocess)
    clips = read_windows(tmp_path / "marked.mp4", preprocess)
    for name in ("high", "low"):
        assert getattr(middle, name).max() < 100
        assert max(getattr(clip, name).max() for clip in clips) > 230


def test_a_store_without_the_streams_of_hdvila_leaves_its_inputs_unchanged() -> None:
    inputs = Preprocess(64, 64, segments=1, neighbours=1)
    assert inputs.at_rates({}) == inputs.at_rates({"frames": 2.0}) == inputs.at_rates({"lr": 6.0}) == inputs
    assert inputs.at_rates({"lr": 6.0, "hr": 2.0}).rate == 2, "0.4 s apart at 6 frames a second"

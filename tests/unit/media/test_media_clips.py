"""Resizing, cropping, and clips of videos as the model and the corpus want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.corpus.options import CorpusOptions
from hdvila.errors import UsageError
from hdvila.media import FrameStream, clip_streams, crop_to, decode_jpeg, encode_jpeg, resize, write_video
from hdvila.media.decode import FrameConverter, clip_times
from hdvila.media.read_clips import read_clip, read_clips
from hdvila.media.transforms import enlarge
from hdvila.media.view import Fit, View
from hdvila.models.hdvila.preprocess import Preprocess
from tests.unit.media.numbered_pictures import number_in, numbered

SMALL = Preprocess(height=64, width=128, segments=2, neighbours=3, rate=2)


def row(*values: int) -> np.ndarray:  # type: ignore[type-arg]
    """A picture of one line of greys."""
    return np.repeat(np.array(values, np.uint8)[None, :, None], 3, axis=2)


def test_the_kernel_by_hand() -> None:
    """Half size: weights 1 3 3 1 over eight, fewer and normalised at the edge. Double size: 3/4 and 1/4."""
    halved = resize(row(0, 80, 160, 240), 1, 2)[0, :, 0]
    assert halved.tolist() == [round((3 * 0 + 3 * 80 + 160) / 7), round((80 + 3 * 160 + 3 * 240) / 7)]
    middle = resize(row(0, 0, 80, 160, 0, 0), 1, 3)[0, 1, 0]
    assert middle == (0 + 3 * 80 + 3 * 160 + 0) / 8
    doubled = resize(row(0, 100), 1, 4)[0, :, 0]
    assert doubled.tolist() == [0, 25, 75, 100]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
@settings(max_examples=50, deadline=None)
def test_resizing_keeps_flat_pictures_flat(height: int, width: int, to_height: int, to_width: int, grey: int) -> None:
    out = resize(np.full((2, height, width, 3), grey, np.uint8), to_height, to_width)
    assert out.shape == (2, to_height, to_width, 3)
    assert (out == grey).all()
    assert out.flags.c_contiguous


def test_a_batch_is_resized_as_its_pictures_are() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 50, 70, 3)).astype(np.uint8)
    together = resize(pictures, 31, 45)
    assert all(np.array_equal(together[k], resize(pictures[k], 31, 45)) for k in range(3))
    assert resize(pictures, 50, 70) is pictures


@given(
    st.integers(20, 300), st.integers(20, 300), st.integers(1, 4), st.integers(1, 4),
    st.tuples(st.floats(0, 1), st.floats(0, 1)), st.sampled_from([1.0, 9 / 8, 2.0]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_both_resolutions_show_the_same_window(
    height: int, width: int, rows: int, columns: int, where: tuple[float, float], zoom: float
) -> None:
    """On pictures whose greys rise evenly downwards and sideways, every LR pixel is the mean of its 4x4 HR pixels."""
    y, x = np.mgrid[: 4 * height, : 4 * width]
    ramp = np.stack([255 * y / y.max(), 255 * x / x.max(), 0 * y], axis=-1).round().astype(np.uint8)
    view = View(where, zoom)
    high = view.of(ramp, 64 * rows, 64 * columns, 4).astype(float)
    low = view.of(resize(ramp, height, width), 16 * rows, 16 * columns).astype(float)
    assert high.shape == (64 * rows, 64 * columns, 3)
    means = high.reshape(16 * rows, 4, 16 * columns, 4, 3).mean(axis=(1, 3))
    step = 255 / min(height, width)
    assert np.abs(means - low).max() < 2.5 + 0.5 * step


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_mirrored_clip_is_the_mirrored_pictures_seen_the_same_way(fit: Fit) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 72, 100, 3)).astype(np.uint8)
    plain, mirrored = View((0.25, 0.75), fit=fit), View((0.25, 0.75), fit=fit, mirrored=True)
    for seen, expected in (
        (mirrored.of(pictures, 64, 64, 4), plain.of(pictures[..., ::-1, :], 64, 64, 4)),
        (mirrored.of(pictures, 16, 16), plain.of(pictures[..., ::-1, :], 16, 16)),
    ):
        assert np.array_equal(seen, expected)
        assert not np.array_equal(seen, plain.of(pictures, *seen.shape[1:3], 4))


def test_how_often_a_clip_is_mirrored_moves_no_window() -> None:
    plain, some = ([View.draw(np.random.default_rng(seed), flip=flip) for seed in range(3000)] for flip in (0.0, 1 / 3))
    assert sum(view.mirrored for view in some) == pytest.approx(1000, abs=4 * (3000 * 2 / 9) ** 0.5)
    assert [view.where for view in some] == [view.where for view in plain]
    assert not any(view.mirrored for view in plain)
    assert not View.draw(None, flip=1.0).mirrored  # evaluation never mirrors


@given(height=st.integers(30, 300), width=st.integers(30, 300), rows=st.integers(1, 3), columns=st.integers(1, 3))
def test_a_padded_picture_is_whole_and_alike_at_both_sizes(height: int, width: int, rows: int, columns: int) -> None:
    picture = np.full((height, width, 3), 255, np.uint8)
    view = View.draw(np.random.default_rng(0), "pad")
    high, low = view.of(picture, 64 * rows, 64 * columns, 4), view.of(picture, 16 * rows, 16 * columns)
    assert high.shape == (64 * rows, 64 * columns, 3)
    assert low.shape == (16 * rows, 16 * columns, 3)
    for seen in (high, low):
        bright = (seen == 255).all(-1)
        lines, across = bright.any(1).sum(), bright.any(0).sum()
        assert bright[:lines, :across].all()
        assert (seen[~bright] == 127).all()
        assert lines == len(seen) or across == seen.shape[1], "no larger than fits, no smaller"
    shown = [np.array([(seen == 255).all(-1).any(axis).sum() for axis in (1, 0)]) for seen in (high, low)]
    assert (abs(shown[0] / 4 - shown[1]) <= 1).all()


def test_crops_move_from_corner_to_corner() -> None:
    picture = numbered(0, 72, 128)
    picture[:] = np.arange(128, dtype=np.uint8)[None, :, None]
    lefts = [int(crop_to(picture, 64, 64, (0.5, where), 9 / 8)[0, 0, 0]) for where in (0.0, 0.25, 0.5, 1.0)]
    assert lefts == [0, 16, 32, 64]
    for wrong in ({"where": (-0.1, 0)}, {"where": (0, 1.1)}, {"zoom": 0.9}):
        with pytest.raises(UsageError, match="cannot crop"):
            crop_to(picture, 64, 64, **wrong)  # type: ignore[arg-type]


def test_a_training_crop_of_720_lines_is_not_resampled() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (720, 1280, 3)).astype(np.uint8)
    crop = View((1.0, 0.0), 9 / 8).of(picture, 640, 1024, 4)
    assert np.array_equal(crop, picture[80:, :1024])


def test_jpeg_keeps_smooth_pictures() -> None:
    y, x = np.mgrid[:90, :160]
    smooth = np.stack([y + x, 255 - y - x // 2, y * 2], axis=-1).clip(0, 255).astype(np.uint8)
    assert np.abs(decode_jpeg(encode_jpeg(smooth)).astype(int) - smooth).mean() < 2
    assert encode_jpeg(smooth) == encode_jpeg(smooth[:, ::-1][:, ::-1])


@given(st.floats(0, 100), st.floats(0, 30), st.sampled_from([1.0, 2.0, 10.0, 29.97]))
def test_a_timeline_lies_inside_its_span(start: float, length: float, fps: float) -> None:
    times = clip_times(start, start + length, fps)
    assert times[0] == start
    assert len(times) == 1 or times[-1] < start + length + 1e-6
    assert times[-1] + 1 / fps > start + length - 1e-6


@pytest.fixture(scope="module")
def film(make_video: Callable[..., Path]) -> Path:
    """8 s at 25 frames a second; frame k shows the number k."""
    return make_video("film.mp4", frames=200)


def test_a_clip_has_the_frames_of_its_timeline(film: Path) -> None:
    clip = read_clip(film, SMALL, 2.0, 5.0)  # 30 virtual frames; HR at multiples of 5 in 6..23, every (3 // 2)th
    assert clip.high is not None
    assert clip.low is not None
    np.testing.assert_allclose(clip.high_pts, [3.0, 3.48], atol=1e-6)  # 2 + 1.0, and 3.5 shows the frame of 3.48
    offsets = np.array([-6, -4, -2, 2, 4, 6]) / 10
    assert (np.abs(clip.low_pts - (np.array([[3.0], [3.5]]) + offsets)) < 0.04).all()
    assert clip.high.shape == (2, 3, 64, 128)
    assert clip.low.shape == (2, 6, 3, 16, 32)


def test_enlarged_middle_frames_are_the_neighbours_kind_of_frame_at_any_time(film: Path) -> None:
    enlarged = replace(SMALL, neighbours=1, rate=1, hr_every=1, enlarged=True)
    clip, plain = (read_clip(film, one, 2.0, 5.0) for one in (enlarged, replace(enlarged, enlarged=False)))
    assert clip.high is not None
    assert plain.high is not None
    assert clip.high.shape == plain.high.shape == (2, 3, 64, 128)
    assert np.array_equal(clip.low, plain.low)  # type: ignore[arg-type]
    for high, real, at in zip(clip.high, plain.high, clip.high_pts, strict=True):
        low = read_clip(film, replace(SMALL, segments=1, neighbours=1, rate=0), at, at + 0.04).low
        assert low is not None
        wanted = enlarge(np.moveaxis(low[0, :1], 1, -1), 4)[0]
        assert np.array_equal(np.moveaxis(high, 0, -1), wanted)
        assert not np.array_equal(high, real)


def test_training_clips_are_drawn_by_the_generator_alone(film: Path) -> None:
    draws = [read_clip(film, SMALL, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(draws[0].high, draws[1].high)  # type: ignore[arg-type]
    assert np.array_equal(draws[0].low_pts, draws[1].low_pts)
    assert not np.array_equal(draws[0].high_pts, draws[2].high_pts)


@settings(max_examples=15, deadline=None)
@given(spans=st.lists(st.tuples(st.floats(0, 7.9), st.floats(0, 4)), min_size=1, max_size=6))
def test_one_pass_gives_what_single_reads_give(film: Path, spans: list[tuple[float, float]]) -> None:
    bounds = [(start, start + length) for start, length in spans]
    for (start, end), clip in zip(bounds, read_clips(film, SMALL, bounds), strict=True):
        alone = read_clip(film, SMALL, start, end)
        assert np.array_equal(clip.high, alone.high)  # type: ignore[arg-type]
        assert np.array_equal(clip.low, alone.low)  # type: ignore[arg-type]
        assert np.array_equal(clip.low_pts, alone.low_pts)


def test_one_pass_keeps_only_the_clips_in_work(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first clip comes out before the video has been read to its end."""
    read: list[int] = []
    original = FrameConverter.rgb
    monkeypatch.setattr(FrameConverter, "rgb", lambda self, frame: read.append(frame.pts) or original(self, frame))
    clips = read_clips(film, SMALL, [(0, 2), (2, 4), (4, 6)])
    next(clips)
    assert len(read) <= 14
    assert len(list(clips)) == 2


def test_short_and_odd_spans(film: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.mp4"
    write_video(one, [numbered(9)], 25)
    for path, start, end in ((one, None, None), (film, 7.99, None), (film, 3.0, 3.0), (film, -4.0, 0.1)):
        clip = read_clip(path, SMALL, start, end)
        assert clip.high is not None
        assert clip.low is not None
        assert clip.low.shape == (2, 6, 3, 16, 32)
    for start, end, why in (
        (8.0, 9.0, "outside the video"),
        (-3.0, -1.0, "outside the video"),
        (3.0, 2.0, "before it"),
        (float("nan"), 2.0, "finite"),
        (1.0, float("nan"), "finite"),
        (0.0, float("inf"), "finite"),
    ):
        with pytest.raises(UsageError, match=why):
            read_clip(film, SMALL, start, end)


def test_without_neighbours_there_is_no_low_resolution(film: Path) -> None:
    clip = read_clip(film, Preprocess(64, 128, segments=3, neighbours=0))
    assert clip.low is None
    assert clip.high is not None
    assert len(clip.high) == 3


def test_streams_of_the_corpus(film: Path) -> None:
    packed = list(clip_streams(film, [(0, 3), (1.5, 4.05)], CorpusOptions(hr_height=80).streams))
    assert len(packed) == 2
    pairs = [(one.frames["hr"].frames(), one.frames["lr"].frames()) for one in packed]
    for (start, end), (hr, lr) in zip([(0, 3), (1.5, 4.05)], pairs, strict=True):
        assert hr.rgb.shape[1:] == (80, 132, 3)  # 160x96 at 80 lines, the width to a multiple of 4
        assert lr.rgb.shape[1:] == (20, 33, 3)
        wanted = clip_times(start, end, 10)
        assert len(lr) == len(wanted)
        assert ((wanted - lr.pts_seconds > -1e-6) & (wanted - lr.pts_seconds < 0.04)).all()
        assert np.array_equal(hr.pts_seconds, lr.pts_seconds[::5])
        assert [number_in(rgb) for rgb in hr.rgb] == [round(pts * 25) for pts in hr.pts_seconds]
    small, _ = next(clip_streams(film, [(0, 1)], CorpusOptions().streams))
    assert small["hr"].frames().rgb.shape == (2, 96, 160, 3)  # never enlarged
    assert small["lr"].frames().rgb.shape == (10, 24, 40, 3)  # a quarter, as of any other
    between, _ = next(clip_streams(film, [(0, 1)], CorpusOptions(hr_height=240).streams, own_lines=True))
    assert between["hr"].frames().rgb.shape == (2, 96, 160, 3)
    assert between["lr"].frames().rgb.shape == (10, 60, 100, 3)  # the lines it is to have, though HR has fewer
    with pytest.raises(UsageError, match="whole multiple"):
        next(clip_streams(film, [(0, 1)], {"hr": FrameStream(3, 720, "lr"), "lr": FrameStream(10, 180)}))


def test_settings_are_checked_and_saved() -> None:
    assert Preprocess.from_dict(SMALL.to_dict()) == SMALL
    for wrong in ({"height": 100}, {"fps": 0}, {"hr_every": 0}, {"segments": 0}, {"heigth": 64}, {"fit": "squeeze"}):
        with pytest.raises(UsageError):
            Preprocess.from_dict({**SMALL.to_dict(), **wrong})

"""Frames by number and by time in every container and codec that we can write ourselves."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdvila.errors import UsageError
from hdvila.media import open_video, probe
from hdvila.media.info import Orientation
from tests.unit.media.numbered_pictures import number_in

KINDS: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "ten_bit.mp4": {"pixel_format": "yuv420p10le"},
    "full_range.mkv": {"pixel_format": "yuvj420p"},
    "open_groups.mp4": {"codec": "libx265", "x265-params": "open-gop=1:log-level=none:pools=1"},
    "ten_bit_hevc.mkv": {"codec": "libx265", "pixel_format": "yuv420p10le", "x265-params": "log-level=none:pools=1"},
    "intra_refresh.ts": {"x264-params": "intra-refresh=1:keyint=12"},
    "open_groups.ts": {"b_frames": 3, "x264-params": "open-gop=1:b-pyramid=normal:keyint=12"},
    "clock_that_wraps.ts": {"times": list(range(2_386_040, 2_386_100))},  # 33 bits of 90 kHz end after 95,444 s
    "low_rate.mpg": {"codec": "mpeg1video", "b_frames": 2, "b": "20000"},
    "low_rate.vob": {"codec": "mpeg2video", "b_frames": 2, "b": "20000", "container": "vob"},
    "interlaced.ts": {"x264-params": "interlaced=1:tff=1"},
    "old.avi": {"codec": "mpeg4", "b_frames": 2},
    "h264.avi": {},
    "old.mpg": {"codec": "mpeg2video", "b_frames": 2},
    "old.ts": {"codec": "mpeg2video", "b_frames": 2},
    "old.wmv": {"codec": "wmv2"},
    "old.flv": {"codec": "flv"},
    "phone.3gp": {"codec": "mpeg4"},
    "hidden_references.webm": {"codec": "libvpx", "auto-alt-ref": "1", "lag-in-frames": "16"},
    "vp9.webm": {"codec": "libvpx-vp9", "auto-alt-ref": "1"},
    "moving.gif": {"codec": "gif", "pixel_format": "gray", "base": Fraction(1, 10)},
    "bare.h264": {"container": "h264"},
    "pictures.mjpeg": {"codec": "mjpeg", "pixel_format": "yuvj420p", "container": "mjpeg"},
}


@pytest.mark.parametrize("name", KINDS)
def test_any_frame_of_any_container(make_video: Callable[..., Path], name: str) -> None:
    path = make_video(name, **KINDS[name])
    step = float(KINDS[name].get("base", Fraction(1, 25)))
    order = np.random.default_rng(len(name)).permutation(60)
    with open_video(path) as video:
        assert video.info.num_frames == 60
        assert video.info.fps == pytest.approx(1 / step, rel=1e-3)
        np.testing.assert_allclose(np.diff(video.pts_seconds), step, atol=1e-3)
        walked = [rgb for _, rgb in video.walk()]
        assert [number_in(rgb) for rgb in walked] == list(range(60))
        jumped = video.frames(order)
        assert [number_in(rgb) for rgb in jumped.rgb] == order.tolist()
        assert np.array_equal(jumped.rgb, np.stack(walked)[order]), "a seek gives other pixels than a full decode"


@pytest.fixture(scope="module")
def uneven(make_video: Callable[..., Path]) -> Path:
    """Variable frame rate: still pictures of up to two seconds between runs of 25 frames a second; starts at 0.48 s."""
    gaps = np.random.default_rng(0).choice([40, 40, 40, 120, 2000], 79)
    return make_video(
        "uneven.mkv", times=(480 + np.concatenate([[0], np.cumsum(gaps)])).tolist(), base=Fraction(1, 1000)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(st.floats(-5, 60), min_size=1, max_size=6))
def test_the_frame_on_screen_is_the_last_that_began(uneven: Path, times: list[float]) -> None:
    with open_video(uneven) as video:
        frames = video.at(times)
        for time, pts, rgb in zip(times, frames.pts_seconds, frames.rgb, strict=True):
            began = np.flatnonzero(video.pts_seconds <= time + 1e-6)
            expected = int(began[-1]) if len(began) else 0
            assert number_in(rgb) == expected
            assert pts == video.pts_seconds[expected]


def test_time_zero_is_the_start_of_the_container(uneven: Path) -> None:
    info = probe(uneven)
    assert info.start_time == pytest.approx(0.48)
    with open_video(uneven) as video:
        assert video.pts_seconds[0] == 0
        assert video.info.duration == pytest.approx(video.pts_seconds[-1] + 0.04, abs=0.09)


def test_a_walk_gives_what_is_on_screen_in_a_span(uneven: Path) -> None:
    with open_video(uneven) as video:
        pts = video.pts_seconds
        begin, end = float(pts[20]) + 0.01, float(pts[30])
        walked = list(video.walk(begin, end))
        assert [number_in(rgb) for _, rgb in walked] == list(range(20, 30))
        assert [time for time, _ in walked] == pts[20:30].tolist()
        assert list(video.walk(begin, begin)) == []


def test_frames_that_are_not_there_are_refused(uneven: Path) -> None:
    with open_video(uneven) as video:
        assert len(video.frames([])) == 0
        for wrong in (-1, 80):
            with pytest.raises(UsageError, match=r"has frames 0\.\.79"):
                video.frames([wrong])


def test_frames_at_fractional_numbers_are_those_at_these_times(uneven: Path) -> None:
    with open_video(uneven) as video:
        times = [float(video.pts_seconds[20]) + 0.001, 0.0]
        by_time = video.frames(times)
        assert by_time.pts_seconds.tolist() == [video.pts_seconds[20], video.pts_seconds[0]]
        assert [number_in(rgb) for rgb in by_time.rgb] == [20, 0]
        assert video.frames(np.float32([video.info.duration])).pts_seconds == video.pts_seconds[-1]
        with pytest.raises(UsageError, match="give numbers of seconds"):
            video.at([float("nan")])


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((96, 96, 3), np.uint8), format="rgb24")))
        output.mux(stream.encode(None))
    with open_video(path) as video:
        assert (video.info.width, video.info.height) == (128, 96)
        assert video.frames([0]).rgb.shape == (1, 96, 128, 3)
        assert video.info.duration == pytest.approx(0.04)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv420p10le", "yuv444p"])
@pytest.mark.parametrize("colour", [(235, 16, 16), (20, 200, 40), (90, 90, 90), (255, 255, 255), (0, 0, 0)])
def test_colours_survive_range_and_depth(tmp_path: Path, pixel_format: str, colour: tuple[int, int, int]) -> None:
    path = tmp_path / "colour.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixel_format
        rgb = np.broadcast_to(np.array(colour, np.uint8), (64, 64, 3)).copy()
        output.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        output.mux(stream.encode(None))
    with open_video(path) as video:
        assert np.abs(video.frames([0]).rgb.astype(int) - colour).max() <= 5


TURNS = {(1, 0, 0, 1): 0, (0, 1, -1, 0): 90, (-1, 0, 0, -1): 180, (0, -1, 1, 0): 270}


@given(st.sampled_from([(a, b, c, d) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1) for d in (-1, 0, 1)]))
def test_a_display_matrix_moves_every_point_where_it_says(matrix: tuple[int, int, int, int]) -> None:
    a, b, c, d = matrix
    if abs(a * d - b * c) != 1 or a * b or c * d:
        return  # not one of the eight right-angle cases
    picture = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    orientation = Orientation.from_matrix(*(65536 * v for v in matrix))
    shown = orientation.apply(picture)
    points = [(a * x + c * y, b * x + d * y) for y in range(3) for x in range(5)]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    for (x, y), value in zip(points, picture.reshape(-1, 3), strict=True):
        assert (shown[y - top, x - left] == value).all()
    mirrored = picture[:, ::-1] if orientation.mirrored else picture
    assert np.array_equal(shown, np.rot90(mirrored, -orientation.rotation // 90))
    assert orientation.mirrored == (matrix not in TURNS)
    assert orientation.rotation == TURNS.get(matrix, orientation.rotation)


def test_a_turn_that_is_no_right_angle_is_taken_to_the_nearest() -> None:
    assert Orientation.from_matrix(0.9, 0.1, -0.1, 0.9) == Orientation()
    assert Orientation.from_matrix(0.1, 0.9, -0.9, 0.1) == Orientation.from_matrix(0, 1, -1, 0)

"""Small video files made for the tests, and the folder of real ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.shared import VIDEOS, missing
from tests.unit.media.numbered_pictures import numbered


@pytest.fixture(scope="session")
def real_videos() -> Path:
    if not VIDEOS.is_dir():
        pytest.skip(missing(VIDEOS))
    return VIDEOS


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a file in which frame k shows the number k and stands at ``times[k]`` of the time base."""
    folder = tmp_path_factory.mktemp("made")

    def make(
        name: str,
        codec: str = "libx264",
        frames: int = 60,
        times: list[int] | None = None,
        base: Fraction = Fraction(1, 25),
        pixel_format: str = "yuv420p",
        container: str | None = None,
        b_frames: int | None = None,
        **options: str,
    ) -> Path:
        path = folder / name
        with av.open(str(path), "w", format=container) as output:
            stream = output.add_stream(codec, rate=1 / base, options=options)
            stream.width, stream.height, stream.pix_fmt = 160, 96, pixel_format
            stream.codec_context.time_base = base
            stream.codec_context.gop_size = 12
            stream.codec_context.thread_count = 1
            if b_frames is not None:
                stream.codec_context.max_b_frames = b_frames
            for number, time in enumerate(times or range(frames)):
                frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
                frame.pts, frame.time_base = time, base
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return make

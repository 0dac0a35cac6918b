"""Writing H.264 files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from hdvila.errors import MediaError
from hdvila.files import replacing
from hdvila.media.container import speaking_of
from hdvila.media.x264 import x264_options
from hdvila.types import Pixels

_BT601 = 6  # of H.273


def write_video(
    path: str | os.PathLike[str], frames: Iterable[Pixels], fps: float, crf: int = 23, preset: str = "veryfast"
) -> None:
    """Write pictures as H.264 (4:2:0, BT.601 limited range, one thread).

    The same input gives the same file, byte for byte.

    The file appears under its name only when it is complete.

    Args:
        path: an ``.mp4``, ``.mkv`` or ``.mov`` file; it is replaced if it is there.
        frames: (H, W, 3) uint8 RGB each, all of one size, height and width even.
        fps: frames a second.
        crf: quality, 0 (no loss) .. 51; 23 is usual.
        preset: x264's trade of time for size, ``ultrafast`` .. ``veryslow``.

    Raises:
        MediaError: no frame, an odd or changing size, or the file cannot be written.
    """
    with (
        replacing(Path(path)) as partial,
        speaking_of(path, "written"),
        av.open(str(partial.absolute()), "w") as container,
    ):
        _write(container, path, frames, fps, x264_options(crf, preset))


def _write(
    container: Any, path: str | os.PathLike[str], frames: Iterable[Pixels], fps: float, options: dict[str, str]
) -> None:
    rate = Fraction(fps).limit_denominator(1001)
    stream: Any = None
    for number, rgb in enumerate(frames):
        if stream is None:
            height, width = rgb.shape[:2]
            if height % 2 or width % 2:
                raise MediaError(f"{path}: H.264 needs even sizes, got {height}x{width}; crop or pad by one pixel")
            stream = container.add_stream("libx264", rate=rate, options=options)
            stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
            stream.codec_context.thread_count = 1
            stream.codec_context.colorspace = _BT601  # said, because players take large untagged pictures for BT.709
        if rgb.shape[:2] != (stream.height, stream.width):
            raise MediaError(f"{path}: frame {number} is {rgb.shape[:2]}, the first {(stream.height, stream.width)}")
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = number, 1 / rate
        container.mux(stream.encode(frame))
    if stream is None:
        raise MediaError(f"{path}: there is no frame to write; hand in at least one")
    container.mux(stream.encode(None))

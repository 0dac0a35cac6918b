"""Pixels to bytes and back: JPEG in memory, and H.264 files.

x264 is set up alike wherever we encode: one thread, and no algorithm that depends on the CPU.

Left to itself x264 takes the fastest way for the CPU it finds, and two of these ways change the result. On CPUs with
SSSE3 some intra modes are chosen by a shorter search. On CPUs with AVX-512, by its source and the library that PyAV
ships (x264 core 165; not run on such a CPU here), ``mbtree_propagate_list`` works on eight macroblocks at a time and
does not stop at the end of a row: where the row is no multiple of eight, values that nobody wrote decide about the
quality of a few blocks, so the same pictures give other files now and then. ``cpu-independent`` takes the plain way in
both. It costs 0.6 % in size, and in time 0.39 ms a frame of the miniature instead of 0.30; without the macroblock tree
files are 7 to 57 % larger (`benchmarks/encode_repeats.py`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import av
import numpy as np
import simplejpeg

from hdvila.errors import MediaError
from hdvila.files import replacing
from hdvila.media.container import media_errors
from hdvila.types import Pixels

_BT601 = 6  # of H.273


def encode_jpeg(rgb: Pixels, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 -> JPEG. The same pixels give the same bytes.

    Colour is kept at half resolution (4:2:0), and at quality 100, which asks for all there is, at full (4:4:4).
    """
    colour = "444" if quality == 100 else "420"
    return bytes(
        simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=quality, colorspace="RGB", colorsubsampling=colour)
    )


def decode_jpeg(data: bytes | memoryview, into: Pixels | None = None) -> Pixels:
    """JPEG -> (H, W, 3) uint8, in a new array or in `into`.

    Raises:
        MediaError: the bytes are no complete JPEG, or the picture has not the shape of `into`.
    """
    try:
        picture: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB", buffer=into)
    except ValueError as error:
        raise _damaged(data, error) from error
    if into is not None and picture.shape != into.shape:
        raise MediaError(f"a JPEG shows {picture.shape} pixels where {into.shape} were expected; make it again")
    return picture


def decode_jpegs(files: Sequence[bytes], *, scratch: bool = False) -> Pixels:
    """JPEGs of one size -> (n, H, W, 3) uint8.

    Args:
        scratch: in memory that this thread's next such call writes over, for pictures of which a part is copied at
            once: new memory of this size costs a sample a quarter of its time.

    Raises:
        MediaError: one is no complete JPEG, or has another size than the first.
    """
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(files[0])
    except ValueError as error:
        raise _damaged(files[0], error) from error
    shape = len(files), height, width, 3
    pictures = _OURS.room(prod(shape)).reshape(shape) if scratch else np.empty(shape, np.uint8)
    for file, picture in zip(files, pictures, strict=True):
        decode_jpeg(file, into=picture)
    return pictures


class _Ours(threading.local):
    """Memory of each thread."""

    def __init__(self) -> None:
        self._scratch: Pixels = np.empty(0, np.uint8)

    def room(self, count: int) -> Pixels:
        """(count,)."""
        if len(self._scratch) < count:
            self._scratch = np.empty(count, np.uint8)
        return self._scratch[:count]


_OURS = _Ours()


def _damaged(data: bytes | memoryview, error: ValueError) -> MediaError:
    return MediaError(f"a JPEG of {len(data)} bytes cannot be decoded: {error}; make it again")


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
        media_errors(path, "written"),
        av.open(str(partial.absolute()), "w") as container,
    ):
        _write(container, path, frames, fps, x264_options(crf, preset))


def x264_options(crf: int, preset: str = "veryfast", **settings: int) -> dict[str, str]:
    """Options of a ``libx264`` encoder, whose ``thread_count`` must be 1: the same pictures give the same bytes.

    Args:
        crf: quality, 0 (no loss) .. 51.
        preset: x264's trade of time for size.
        settings: others, by x264's names with ``_`` for ``-``.
    """
    said = {"cpu_independent": 1, **settings}
    return {
        "crf": str(crf),
        "preset": preset,
        "x264-params": ":".join(f"{name.replace('_', '-')}={value}" for name, value in said.items()),
    }


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

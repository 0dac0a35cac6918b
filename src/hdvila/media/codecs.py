"""Encoding and decoding: JPEG in memory, image files, and H.264 files.

All H.264 is encoded by x264 with one thread and without algorithms that depend on the CPU. By default x264
chooses the fastest code for the CPU that it runs on, and in two places that changes the result. With SSSE3,
some intra modes are chosen by a shorter search. With AVX-512, ``mbtree_propagate_list`` handles eight
macroblocks at a time and runs past the end of a row: unless the row is a multiple of eight, uninitialised
memory decides the quality of a few blocks, so that the same frames give different files now and then (by the
source of x264 core 165, which PyAV ships; not run on such a CPU here). ``cpu-independent`` avoids both. It
costs 0.6 % in size and 0.39 instead of 0.30 ms per frame of the miniature world; files without the macroblock
tree are 7 to 57 % larger (`benchmarks/encode_repeats.py`).
"""

from __future__ import annotations

import io
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
from av.video.reformatter import VideoReformatter

from hdvila.errors import MediaError, reason_of
from hdvila.files import replacing
from hdvila.media.container import check_file, media_errors, undecodable_error
from hdvila.media.headers import gif_breaks_off, is_animated_webp, jpeg_orientation
from hdvila.media.info import Orientation
from hdvila.types import Pixels

_BT601 = 6  # of H.273
_JPEG = b"\xff\xd8\xff"
_GIF, _WEBP = "gif", "webp_pipe"  # demuxers of FFmpeg
_IMAGES = {b"\x89PNG": "png_pipe", b"GIF8": _GIF}  # by their first four bytes


def encode_jpeg(rgb: Pixels, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 -> JPEG. The same pixels give the same bytes.

    Chroma is stored at half resolution (4:2:0), at quality 100 at full resolution (4:4:4).
    """
    colour = "444" if quality == 100 else "420"
    return bytes(
        simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=quality, colorspace="RGB", colorsubsampling=colour)
    )


def decode_jpeg(data: bytes | memoryview, into: Pixels | None = None) -> Pixels:
    """JPEG -> (H, W, 3) uint8, in a new array or in `into`.

    Raises:
        MediaError: the bytes are not a complete JPEG, or the image does not have the shape of `into`.
    """
    try:
        rgb: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB", buffer=into)
    except ValueError as error:
        raise _damaged_jpeg(data, error) from error
    if into is not None and rgb.shape != into.shape:
        raise MediaError(f"a JPEG has {rgb.shape} pixels where {into.shape} were expected; encode it again")
    return rgb


def decode_jpegs(files: Sequence[bytes], *, scratch: bool = False) -> Pixels:
    """JPEGs of one size -> (n, H, W, 3) uint8.

    Args:
        scratch: return memory that the next such call of this thread overwrites, for images of which a part
            is copied at once. Allocating it anew would take a quarter of the time of a sample.

    Raises:
        MediaError: one of them is not a complete JPEG, or differs in size from the first.
    """
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(files[0])
    except ValueError as error:
        raise _damaged_jpeg(files[0], error) from error
    shape = len(files), height, width, 3
    rgb = _SCRATCH.room(prod(shape)).reshape(shape) if scratch else np.empty(shape, np.uint8)
    for file, image in zip(files, rgb, strict=True):
        decode_jpeg(file, into=image)
    return rgb


def read_image(path: str | os.PathLike[str]) -> Pixels:
    """Read a JPEG, PNG or WebP file, or the first frame of a GIF -> (H, W, 3) uint8 RGB, upright.

    The EXIF orientation is applied. Transparency and colour profiles are ignored.

    Raises:
        MediaError: the file is missing, damaged, or in another format.
    """
    return decode_image(read_image_file(path), path)


def read_image_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of an image file, for `decode_image`.

    Raises:
        MediaError: the file is missing, or cannot be read.
    """
    check_file(path, "an image")
    with media_errors(path):
        return Path(path).read_bytes()


def decode_image(data: bytes, path: str | os.PathLike[str]) -> Pixels:
    """The bytes of an image file -> (H, W, 3) uint8 RGB, as `read_image`.

    Args:
        data: the whole file.
        path: its name, for messages.

    Raises:
        MediaError: the image is damaged, or in another format.
    """
    if data.startswith(_JPEG):
        try:
            rgb: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB")
        except ValueError as error:
            raise _damaged_image(path, str(error)) from error
        return Orientation.from_exif(jpeg_orientation(data)).apply(rgb)
    if is_animated_webp(data):
        raise undecodable_error(path)
    demuxer = _WEBP if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else _IMAGES.get(data[:4])
    if demuxer is None:
        what = "is not a JPEG, PNG, GIF or WebP image"
        raise MediaError(f"{path}: {what}; convert it to one of these", kind=what)
    if demuxer == _GIF and gif_breaks_off(data):
        raise _damaged_image(path, "the file ends early")
    try:
        return _decode_image(data, demuxer)
    except av.error.FFmpegError as error:
        raise _damaged_image(path, reason_of(error)) from error


def is_upright_jpeg(data: bytes) -> bool:
    """Whether the bytes of an image file are a JPEG that `decode_jpeg` reads as `read_image` does."""
    return data.startswith(_JPEG) and jpeg_orientation(data) == 1


def write_video(
    path: str | os.PathLike[str], frames: Iterable[Pixels], fps: float, crf: int = 23, preset: str = "veryfast"
) -> None:
    """Write frames as an H.264 file (4:2:0, BT.601, limited range).

    The same input gives the same file, byte for byte. The file appears under its name only when it is complete.

    Args:
        path: an ``.mp4``, ``.mkv`` or ``.mov`` file; it is replaced if it is there.
        frames: (H, W, 3) uint8 RGB each, all of one size, height and width even.
        fps: frames per second.
        crf: quality, 0 (no loss) .. 51; 23 is usual.
        preset: of x264, ``ultrafast`` .. ``veryslow``: more time for a smaller file.

    Raises:
        MediaError: there is no frame, a size is odd or changes, or the file cannot be written.
    """
    with (
        replacing(Path(path)) as partial,
        media_errors(path, "written"),
        av.open(str(partial.absolute()), "w") as container,
    ):
        _write(container, path, frames, fps, x264_options(crf, preset))


def x264_options(crf: int, preset: str = "veryfast", **settings: int) -> dict[str, str]:
    """Options of a ``libx264`` encoder, whose ``thread_count`` must be 1: the same frames give the same bytes.

    Args:
        crf: quality, 0 (no loss) .. 51.
        preset: of x264.
        settings: other options in x264's names, with ``_`` for ``-``.
    """
    options = {"cpu_independent": 1, **settings}
    return {
        "crf": str(crf),
        "preset": preset,
        "x264-params": ":".join(f"{name.replace('_', '-')}={value}" for name, value in options.items()),
    }


class _Scratch(threading.local):
    """Reusable memory, one piece per thread."""

    def __init__(self) -> None:
        self._memory: Pixels = np.empty(0, np.uint8)

    def room(self, count: int) -> Pixels:
        """(count,) bytes, uninitialised."""
        if len(self._memory) < count:
            self._memory = np.empty(count, np.uint8)
        return self._memory[:count]


_SCRATCH = _Scratch()


def _damaged_jpeg(data: bytes | memoryview, error: ValueError) -> MediaError:
    return MediaError(f"a JPEG of {len(data)} bytes cannot be decoded: {error}; encode it again")


def _decode_image(data: bytes, demuxer: str) -> Pixels:
    """The first frame of an image file -> (H, W, 3)."""
    with av.open(io.BytesIO(data), format=demuxer) as container:
        [stream] = container.streams.video
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
        frame = next(container.decode(stream))
        rgb: Any = VideoReformatter().reformat(frame, format="rgb24", threads=1).to_ndarray()
        return Orientation.of_frame(frame).apply(rgb)


def _damaged_image(path: str | os.PathLike[str], reason: str) -> MediaError:
    what = "cannot be decoded as an image"
    return MediaError(f"{path}: {what}: {reason}; it is damaged: fetch it again", kind=what)


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
            stream.codec_context.colorspace = _BT601  # without the tag, players read large frames as BT.709
        if rgb.shape[:2] != (stream.height, stream.width):
            raise MediaError(f"{path}: frame {number} is {rgb.shape[:2]}, the first {(stream.height, stream.width)}")
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = number, 1 / rate
        container.mux(stream.encode(frame))
    if stream is None:
        raise MediaError(f"{path}: there is no frame to write; give at least one")
    container.mux(stream.encode(None))

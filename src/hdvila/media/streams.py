"""The two streams of a clip as a corpus stores them: few large frames (HR) and many small ones (LR)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.codecs import is_upright_jpeg, read_image
from hdvila.media.decode import DecodedFrame, TimeSpan, clamp_span, clip_times, decode_clips
from hdvila.media.info import VideoInfo
from hdvila.media.packed import Packed, Packer, Packing
from hdvila.media.transforms import resize
from hdvila.media.video import open_video
from hdvila.types import Frames, Pixels, Seconds

FrameToPixels = Callable[[DecodedFrame], Pixels]
"""From a decoded frame to the (H, W, 3) pixels that a stream stores."""

_JPEG = Packing()


class ClipStreams(NamedTuple):
    """Both streams of a clip, and how many of its LR frames are damaged (see `Video.spoiled`)."""

    hr: Packed
    lr: Packed
    spoiled: int


def clip_streams(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    hr_fps: float = 2.0,
    lr_fps: float = 10.0,
    hr_height: int = 720,
    lr_height: int = 180,
    packing: Packing = _JPEG,
    *,
    full_lr: bool = False,
) -> Iterator[ClipStreams]:
    """Read both streams of every span, in the order given, in one pass over the video.

    Each frame is encoded as soon as it is decoded.

    LR frames are those on screen at ``start + k / lr_fps`` inside the span; every ``lr_fps / hr_fps``-th of
    them is also an HR frame. Nothing is enlarged. LR is smaller than HR by exactly ``hr_height / lr_height``,
    so HR sizes are rounded to multiples of that. One thread decodes, which takes the least processor time; to
    read many videos, start one process per core.

    Args:
        path: the video.
        spans: clips in seconds, half-open; sorted by their start they take the least memory.
        hr_fps, lr_fps: frames per second of the two streams.
        hr_height, lr_height: their short sides in pixels.
        packing: JPEG of some quality, or H.264.
        full_lr: for a video smaller than `hr_height`, give LR `lr_height` lines all the same, or all that there are.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates or heights that do not divide, or a span outside the video.
    """
    ratio = stream_ratio(hr_height, lr_height, "lines")

    def to_pixels(info: VideoInfo) -> tuple[FrameToPixels, FrameToPixels]:
        hr = hr_size(info, hr_height, ratio)
        lr = hr[0] // ratio, hr[1] // ratio
        if full_lr and min(info.height, info.width) < hr_height:
            lr = hr_size(info, lr_height, 1)
        return lambda frame: frame.sized(*hr), lambda frame: frame.sized(*lr)

    yield from streams(path, spans, hr_fps, lr_fps, to_pixels, packing)


def streams(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    hr_fps: float,
    lr_fps: float,
    to_pixels: Callable[[VideoInfo], tuple[FrameToPixels, FrameToPixels]],
    packing: Packing = _JPEG,
) -> Iterator[ClipStreams]:
    """Read both streams as `clip_streams` does, with frames of another kind.

    `to_pixels` gives for a video the functions that make its HR and LR frames.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates that do not divide, or a span outside the video.
    """
    stride = stream_ratio(lr_fps, hr_fps, "frames a second")
    with open_video(path, threads=1) as video:
        hr_pixels, lr_pixels = to_pixels(video.info)

        def job(span: TimeSpan) -> _StreamsJob:
            indices = video.indices_at(clip_times(*clamp_span(video, span), lr_fps))
            hr = _Stream(indices[::stride], hr_pixels, packing.packer(hr_fps))
            return _StreamsJob(hr, _Stream(indices, lr_pixels, packing.packer(lr_fps)))

        for done in decode_clips(video, [job(span) for span in spans]):
            spoiled = int(video.spoiled[done.lr.indices].sum())
            yield ClipStreams(done.hr.finish(video.pts_seconds), done.lr.finish(video.pts_seconds), spoiled)


def image_streams(
    path: str | os.PathLike[str], hr_height: int = 720, lr_height: int = 180, packing: Packing = _JPEG
) -> ClipStreams:
    """Both streams of an image that stands still, a frame each, at time 0.

    HR are the bytes of the file, if it is an upright JPEG that is not to be made smaller.

    Args:
        path: a JPEG, PNG, GIF or WebP file.
        hr_height, lr_height: short sides in pixels. Nothing is enlarged.
        packing: of what is encoded; JPEG.

    Raises:
        MediaError: the file cannot be read.
    """
    rgb = read_image(path)
    height, width = rgb.shape[:2]

    def packed(short_side: int) -> Packed:
        size = _sized(height, width, short_side)
        still = rgb if size == (height, width) else resize(rgb[None], *size)[0]
        return Packed.of(Frames(still[None], np.zeros(1)), packing, 1.0)

    hr, data = None, Path(path).read_bytes()
    if min(height, width) <= hr_height and is_upright_jpeg(data):
        hr = Packed("jpeg", (data,), (1,), np.zeros(1), height, width)
    return ClipStreams(hr or packed(hr_height), packed(lr_height), 0)


def stream_ratio(more: float, less: float, what: str) -> int:
    """``more / less``, which must be a whole number; `what` names the unit in messages.

    Raises:
        UsageError: it does not divide.
    """
    ratio = round(more / less) if less > 0 else 0
    if ratio < 1 or abs(ratio * less - more) > 1e-9 * more:
        raise UsageError(f"{more:g} and {less:g} {what}: the first must be a whole multiple of the second")
    return ratio


def hr_size(info: VideoInfo, short_side: int, multiple: int) -> tuple[int, int]:
    """(height, width) with this short side, or that of the video if smaller, in multiples of `multiple`."""
    return _sized(info.height, info.width, short_side, multiple)


def _sized(height: int, width: int, short_side: int, multiple: int = 1) -> tuple[int, int]:
    scale = min(1.0, short_side / min(height, width))
    height, width = (max(1, round(side * scale / multiple)) * multiple for side in (height, width))
    return height, width


@dataclass(frozen=True, slots=True)
class _Stream:
    """One stream of a clip. `indices` (T,) are the numbers of its frames in the video."""

    indices: NDArray[np.int64]
    to_pixels: FrameToPixels
    packer: Packer

    def put(self, frame: DecodedFrame) -> None:
        if times := int((self.indices == frame.index).sum()):
            self.packer.add(self.to_pixels(frame), times)

    def finish(self, pts_seconds: Seconds) -> Packed:
        return self.packer.finish(pts_seconds[self.indices])


@dataclass(frozen=True, slots=True)
class _StreamsJob:
    hr: _Stream
    lr: _Stream

    def needs(self) -> set[int]:
        return set(self.lr.indices.tolist())

    def put(self, frame: DecodedFrame) -> None:
        self.hr.put(frame)
        self.lr.put(frame)

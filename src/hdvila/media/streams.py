"""The two streams of a clip as the corpus keeps them: few large pictures, many small ones, all of the span."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.decode import DecodedFrame, TimeSpan, clamp_span, clip_times, decode_clips
from hdvila.media.info import VideoInfo
from hdvila.media.packed import Packed, Packer, Packing
from hdvila.media.video import open_video
from hdvila.types import Pixels, Seconds

FrameToPixels = Callable[[DecodedFrame], Pixels]
"""From a decoded frame to the (H, W, 3) pixels that a stream keeps of it."""

_JPEG = Packing()


class ClipStreams(NamedTuple):
    """Both streams of a clip, and how many of its LR frames are damaged (see `hdvila.media.damage`)."""

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
    """Read both streams of every span in one pass over the video, in the order given, each picture encoded as it comes.

    Frames are those on screen at ``start + k / lr_fps`` inside the span; every ``lr_fps / hr_fps``-th of them is also
    an HR frame. Heights are short sides in pixels; nothing is enlarged. LR is smaller than HR by
    ``hr_height / lr_height`` exactly, so HR sizes are rounded to multiples of it. One decoder thread: the same pixels
    cost the least so, and where many videos are read there is a process for each core.

    Args:
        path: the video.
        spans: clips in seconds, half-open; in order of their start they need the least memory.
        hr_fps, lr_fps: frames a second of the two streams.
        hr_height, lr_height: their short sides in pixels.
        packing: JPEGs of which quality, or H.264.
        full_lr: of a video smaller than `hr_height`, LR has `lr_height` lines all the same, or all there are.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates or heights that do not divide, or a span outside the video.
    """
    ratio = stream_ratio(hr_height, lr_height, "lines")

    def looks(info: VideoInfo) -> tuple[FrameToPixels, FrameToPixels]:
        high = hr_size(info, hr_height, ratio)
        low = high[0] // ratio, high[1] // ratio
        if full_lr and min(info.height, info.width) < hr_height:
            low = hr_size(info, lr_height, 1)
        return lambda picture: picture.sized(*high), lambda picture: picture.sized(*low)

    yield from streams(path, spans, hr_fps, lr_fps, looks, packing)


def streams(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    hr_fps: float,
    lr_fps: float,
    looks: Callable[[VideoInfo], tuple[FrameToPixels, FrameToPixels]],
    packing: Packing = _JPEG,
) -> Iterator[ClipStreams]:
    """As `clip_streams`, with other pictures: what `looks` gives for a video makes HR and LR of its frames.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates that do not divide, or a span outside the video.
    """
    stride = stream_ratio(lr_fps, hr_fps, "frames a second")
    with open_video(path, threads=1) as video:
        high, low = looks(video.info)

        def job(span: TimeSpan) -> _ClipJob:
            shown = video.indices_at(clip_times(*clamp_span(video, span), lr_fps))
            hr = _Stream(shown[::stride], high, packing.packer(hr_fps))
            return _ClipJob(hr, _Stream(shown, low, packing.packer(lr_fps)))

        for done in decode_clips(video, [job(span) for span in spans]):
            spoiled = int(video.spoiled[done.lr.shown].sum())
            yield ClipStreams(done.hr.finish(video.pts_seconds), done.lr.finish(video.pts_seconds), spoiled)


def stream_ratio(more: float, less: float, what: str) -> int:
    """How many times `less` goes into `more`, a whole number.

    Raises:
        UsageError: it does not divide.
    """
    ratio = round(more / less) if less > 0 else 0
    if ratio < 1 or abs(ratio * less - more) > 1e-9 * more:
        raise UsageError(f"{more:g} and {less:g} {what}: the first must be a whole multiple of the second")
    return ratio


def hr_size(info: VideoInfo, short_side: int, multiple: int) -> tuple[int, int]:
    """(height, width) with `short_side` lines across the short side, or as the video is where that is smaller."""
    scale = min(1.0, short_side / min(info.height, info.width))
    height, width = (max(1, round(side * scale / multiple)) * multiple for side in (info.height, info.width))
    return height, width


@dataclass(frozen=True, slots=True)
class _Stream:
    """The frames of one stream of a clip: numbers `shown` (T,) of the video, in order; what is kept; its encoder."""

    shown: NDArray[np.int64]
    to_pixels: FrameToPixels
    packer: Packer

    def put(self, picture: DecodedFrame) -> None:
        if times := int((self.shown == picture.index).sum()):
            self.packer.add(self.to_pixels(picture), times)

    def finish(self, pts_seconds: Seconds) -> Packed:
        return self.packer.finish(pts_seconds[self.shown])


@dataclass(frozen=True, slots=True)
class _ClipJob:
    hr: _Stream
    lr: _Stream

    def needs(self) -> set[int]:
        return set(self.lr.shown.tolist())

    def put(self, picture: DecodedFrame) -> None:
        self.hr.put(picture)
        self.lr.put(picture)

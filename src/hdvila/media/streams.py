"""The two streams of a clip as the corpus keeps them: few large pictures, many small ones, all of the span."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from hdvila.errors import UsageError
from hdvila.media.info import VideoInfo
from hdvila.media.passes import Picture, Span, run, timeline, within
from hdvila.media.resize import resize
from hdvila.media.video import Video, open_video
from hdvila.types import Frames, Pixels


def clip_streams(
    path: str | os.PathLike[str],
    spans: Sequence[Span],
    hr_fps: float = 2.0,
    lr_fps: float = 10.0,
    hr_height: int = 720,
    lr_height: int = 180,
) -> Iterator[tuple[Frames, Frames]]:
    """Read (hr, lr) of every span in one pass over the video, in the order given.

    Frames are those on screen at ``start + k / lr_fps`` inside the span; every ``lr_fps / hr_fps``-th of them is also
    an HR frame. ``hr_height`` is the short side in pixels; smaller videos keep their size (they are never enlarged).
    LR is smaller by ``hr_height / lr_height`` exactly, so HR sizes are rounded to multiples of it.

    Args:
        path: the video.
        spans: clips in seconds, half-open; in order of their start they need the least memory.
        hr_fps, lr_fps: frames a second of the two streams.
        hr_height, lr_height: their short sides in pixels.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates or heights that do not divide, or a span outside the video.
    """
    stride, ratio = stream_ratio(lr_fps, hr_fps, "frames a second"), stream_ratio(hr_height, lr_height, "lines")
    with open_video(path) as video:
        size = hr_size(video.info, hr_height, ratio)
        for job in run(video, [_StreamJob(video, span, lr_fps, stride, size, ratio) for span in spans]):
            yield job.hr, job.lr


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


class _StreamJob:
    def __init__(
        self, video: Video, span: Span, lr_fps: float, stride: int, hr_size: tuple[int, int], ratio: int
    ) -> None:
        self._shown = video.indices_at(timeline(*within(video, span), lr_fps))
        self._stride = stride
        self._pts = video.pts_seconds[self._shown]
        self._hr_size, self._lr_size = hr_size, (hr_size[0] // ratio, hr_size[1] // ratio)
        self._hr: Pixels | None = None
        self._lr: Pixels | None = None

    def needs(self) -> set[int]:
        return set(self._shown.tolist())

    def put(self, picture: Picture) -> None:
        if self._hr is None or self._lr is None:
            self._hr = np.empty((len(self._shown[:: self._stride]), *self._hr_size, 3), np.uint8)
            self._lr = np.empty((len(self._shown), *self._lr_size, 3), np.uint8)
        here = self._shown == picture.index
        self._lr[here] = picture.once("lr", lambda rgb: resize(rgb, *self._lr_size))
        if here[:: self._stride].any():
            self._hr[here[:: self._stride]] = picture.once("hr", lambda rgb: resize(rgb, *self._hr_size))

    @property
    def hr(self) -> Frames:
        assert self._hr is not None
        return Frames(self._hr, self._pts[:: self._stride])

    @property
    def lr(self) -> Frames:
        assert self._lr is not None
        return Frames(self._lr, self._pts)

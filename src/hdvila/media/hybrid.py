"""From a video file to what the model sees: clips by the settings of `Preprocess`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from hdvila.media.decode import DecodedFrame, Source, TimeSpan, clamp_span, clip_times, decode_clips
from hdvila.media.in_memory import FramesInMemory
from hdvila.media.preprocess import Preprocess
from hdvila.media.sampling import hybrid_indices
from hdvila.media.video import open_video
from hdvila.media.view import RATIO, View
from hdvila.types import HybridClip, Pixels


def read_hybrid(
    path: str | os.PathLike[str],
    preprocess: Preprocess,
    start: float | None = None,
    end: float | None = None,
    rng: np.random.Generator | None = None,
) -> HybridClip:
    """Read one clip of a video of any length, rate and container.

    Args:
        path: the video.
        preprocess: sizes and sampling.
        start, end: the clip in seconds, half-open; None is the start or end of the video.
        rng: draws frames, crop and mirroring for training; None is the evaluation rule and the centre.

    Raises:
        MediaError: the file cannot be read.
        UsageError: the clip begins after the end of the video, or ends before it starts.
    """
    with open_video(path) as video:
        span = (start or 0.0, video.info.duration if end is None else end)
        return next(_read(video, preprocess, [span], rng))


def read_hybrids(
    path: str | os.PathLike[str],
    preprocess: Preprocess,
    spans: Sequence[TimeSpan],
    rng: np.random.Generator | None = None,
    views: Sequence[View] = (),
    threads: int | None = None,
) -> Iterator[HybridClip]:
    """Read many clips of one video in one pass over it; yields one clip for each span, in the order given; with `views`
    one for each of them, before the next span.

    Spans in order of their start keep memory to the clips that overlap; others wait for their turn. `threads`: of the
    decoder, as in `open_video`.

    Raises:
        MediaError: the file cannot be read.
        UsageError: a span begins after the end of the video, or ends before it starts.
    """
    with open_video(path, threads) as video:
        yield from _read(video, preprocess, spans, rng, views)


def read_views(
    source: str | os.PathLike[str] | FramesInMemory,
    preprocess: Preprocess,
    start: float | None = None,
    end: float | None = None,
) -> list[HybridClip]:
    """One clip of a file or of frames in memory, once for each window of `Preprocess.look`.

    Without `start` and `end` the clip is all there is, of frames in memory from the first on.

    Raises:
        MediaError: the file cannot be read.
        UsageError: the clip begins after the end of the video, or ends before it starts.
    """
    if not isinstance(source, FramesInMemory):
        with open_video(source) as video:
            return _look_through(video, preprocess, start or 0.0, end)
    first = float(source.pts_seconds[0]) if start is None else start
    return _look_through(source, preprocess, first, end)


def _look_through(source: Source, preprocess: Preprocess, start: float, end: float | None) -> list[HybridClip]:
    info = source.info
    look = preprocess.look(info.height, info.width)
    return list(_read(source, preprocess, [(start, info.duration if end is None else end)], None, look.views))


class _HybridJob:
    """One clip: frame numbers of its segments, then the pixels."""

    def __init__(
        self, video: Source, preprocess: Preprocess, span: TimeSpan, rng: np.random.Generator | None, view: View | None
    ) -> None:
        shown = video.indices_at(clip_times(*clamp_span(video, span), preprocess.fps))
        middle, others = hybrid_indices(len(shown), preprocess.sampling, rng, preprocess.hr_every)
        self._middle, self._others = shown[middle], shown[others]
        self._view = view or View.draw(rng, preprocess.fit, preprocess.flip)
        self._pts = video.pts_seconds[self._middle], video.pts_seconds[self._others]
        self._preprocess = preprocess
        self._high: Pixels | None = None
        self._low: Pixels | None = None

    def needs(self) -> set[int]:
        high = self._middle.tolist() if self._preprocess.reads_high else []
        low = self._others.ravel().tolist() if self._preprocess.reads_low else []
        return {*high, *low}

    def put(self, picture: DecodedFrame) -> None:
        height, width = self._preprocess.height, self._preprocess.width
        if self._high is None and self._preprocess.reads_high:
            self._high = np.empty((len(self._middle), height, width, 3), np.uint8)
        if self._low is None and self._preprocess.reads_low:
            self._low = np.empty((*self._others.shape, height // RATIO, width // RATIO, 3), np.uint8)
        if self._high is not None and picture.index in self._middle:
            enlarged = self._preprocess.enlarged
            high = picture.once((self._view, "high", enlarged), lambda: self._large(picture.rgb, enlarged))
            self._high[self._middle == picture.index] = high
        if self._low is not None and picture.index in self._others:
            low = picture.once((self._view, "low"), lambda: self._view.low(picture.rgb, height, width))
            self._low[self._others == picture.index] = low

    def _large(self, rgb: Pixels, enlarged: bool) -> Pixels:
        """(H, W, 3) -> (height, width, 3)."""
        size = self._preprocess.height, self._preprocess.width
        return self._view.enlarged(rgb[None], *size)[0] if enlarged else self._view.high(rgb, *size)

    def clip(self) -> HybridClip:
        high, low = (None if rgb is None else np.moveaxis(rgb, -1, -3) for rgb in (self._high, self._low))
        return HybridClip(high, low, *self._pts)


def _read(
    video: Source,
    preprocess: Preprocess,
    spans: Sequence[TimeSpan],
    rng: np.random.Generator | None,
    views: Sequence[View] = (),
) -> Iterator[HybridClip]:
    looks: Sequence[View | None] = views or [None]
    for job in decode_clips(
        video, [_HybridJob(video, preprocess, span, rng, view) for span in spans for view in looks]
    ):
        yield job.clip()

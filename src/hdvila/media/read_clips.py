"""Read clips of a video as model inputs, all of them in one pass of the decoder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.media.decode import DecodedFrame, Source, TimeSpan, clamp_span, clip_times, decode_clips
from hdvila.media.frame_source import Request, Sampler
from hdvila.media.in_memory import FramesInMemory
from hdvila.media.video import open_video
from hdvila.media.view import View
from hdvila.types import Pixels, Seconds

__all__ = ["read_clip", "read_clips", "read_windows"]


def read_clip(
    path: str | os.PathLike[str],
    inputs: Sampler,
    start: float | None = None,
    end: float | None = None,
    rng: np.random.Generator | None = None,
) -> Any:
    """Read one clip of a video of any length, rate and container.

    Args:
        path: the video.
        inputs: chooses and transforms the frames, such as `hdvila.models.hdvila.preprocess.Preprocess`.
        start, end: the clip in seconds, half-open; None is the start or end of the video.
        rng: draws frames, crop window and mirroring for training; None is the deterministic rule of evaluation.

    Returns:
        What `inputs` makes of the frames (`hdvila.models.inputs.ClipInputs`).

    Raises:
        MediaError: the file cannot be read.
        UsageError: the clip begins after the end of the video, or ends before it starts.
    """
    with open_video(path) as video:
        span = (start or 0.0, video.info.duration if end is None else end)
        return next(_read(video, inputs, [span], rng))


def read_clips(
    path: str | os.PathLike[str],
    inputs: Sampler,
    spans: Sequence[TimeSpan],
    rng: np.random.Generator | None = None,
    views: Sequence[View] = (),
    threads: int | None = None,
) -> Iterator[Any]:
    """Read many clips of one video in one pass.

    Memory is least with spans in order of their start: then only overlapping clips are held at the same time.

    Args:
        path, inputs, rng: as in `read_clip`.
        spans: (start, end) of each clip in seconds, half-open.
        views: crop windows; empty: the one that `inputs` chooses.
        threads: of the decoder, as in `open_video`.

    Yields:
        One model input per span, in the given order; with `views` one per window, all windows of a span together.

    Raises:
        MediaError: the file cannot be read.
        UsageError: a span begins after the end of the video, or ends before it starts.
    """
    with open_video(path, threads) as video:
        yield from _read(video, inputs, spans, rng, views)


def read_windows(
    source: str | os.PathLike[str] | FramesInMemory,
    inputs: Sampler,
    start: float | None = None,
    end: float | None = None,
) -> list[Any]:
    """Read one clip of a file, or of frames in memory, once per crop window of `Sampler.look`.

    Args:
        start, end: the clip in seconds, half-open; None is the start or end of the video, or the first or last frame
            in memory.

    Returns:
        One model input per window.

    Raises:
        MediaError: the file cannot be read.
        UsageError: the clip begins after the end of the video, or ends before it starts.
    """
    if not isinstance(source, FramesInMemory):
        with open_video(source) as video:
            return _through_windows(video, inputs, start or 0.0, end)
    first = float(source.pts_seconds[0]) if start is None else start
    return _through_windows(source, inputs, first, end)


def _through_windows(source: Source, inputs: Sampler, start: float, end: float | None) -> list[Any]:
    info = source.info
    look = inputs.look(info.height, info.width)
    return list(_read(source, inputs, [(start, info.duration if end is None else end)], None, look.views))


def _read(
    video: Source,
    inputs: Sampler,
    spans: Sequence[TimeSpan],
    rng: np.random.Generator | None,
    views: Sequence[View] = (),
) -> Iterator[Any]:
    chosen: Sequence[View | None] = views or [None]
    jobs = []
    for span in spans:
        clip = _VideoClip(video, span)
        jobs += [_Job(inputs, clip, rng, view) for view in chosen]
    for job in decode_clips(video, jobs):
        yield job.finished()


class _VideoClip:
    """A span of a video as a `FrameClip`; every stream name refers to the frames of the video."""

    def __init__(self, video: Source, span: TimeSpan) -> None:
        self.name = video.info.path
        self._video, self._span = video, clamp_span(video, span)
        self._shown = cache(lambda fps: video.indices_at(clip_times(*self._span, fps)))

    def rate(self, stream: str) -> float | None:
        return None

    def ticks(self, fps: float) -> int:
        return len(self._shown(fps))

    def frames_at(self, stream: str, ticks: NDArray[np.int64], fps: float) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = self._shown(fps)[ticks]
        return numbers

    def pts_seconds(self, stream: str, numbers: NDArray[np.int64]) -> Seconds:
        return self._video.pts_seconds[numbers]


class _Job:
    """A clip that collects the decoded frames of its requests; allocates memory with the first of them."""

    def __init__(self, inputs: Sampler, clip: _VideoClip, rng: np.random.Generator | None, view: View | None) -> None:
        self._sampled = inputs.sample(clip, rng, view)
        self._rooms: list[Pixels | None] = [None] * len(self._sampled.requests)

    def needs(self) -> set[int]:
        return {number for request in self._sampled.requests for number in request.numbers.tolist()}

    def put(self, frame: DecodedFrame) -> None:
        for at, request in enumerate(self._sampled.requests):
            if (places := request.numbers == frame.index).any():
                self._room(at)[places] = frame.once(request.transform, lambda: _seen(request, frame))  # noqa: B023

    def _room(self, at: int) -> Pixels:
        room = self._rooms[at]
        if room is None:
            room = self._rooms[at] = self._sampled.requests[at].room()
        return room

    def finished(self) -> Any:
        return self._sampled.finish([self._room(at) for at in range(len(self._rooms))])


def _seen(request: Request, frame: DecodedFrame) -> Pixels:
    """(H, W, 3) -> (h, w, 3)."""
    seen: Pixels = request.transform(frame.rgb[None])[0]
    return seen

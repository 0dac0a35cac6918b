"""From decoded frames to pixels, and many clips of one video in a single decode pass.

A frame is converted only to the sizes that are asked for, and once for all clips that share it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.colours import Colours
from hdvila.media.headers import Crop
from hdvila.media.info import Orientation
from hdvila.media.transforms import resize
from hdvila.types import Pixels, Seconds

TimeSpan = tuple[float, float]
"""Start and end of a clip in seconds, half-open."""

TICK = 1e-6
"""Seconds by which a time may precede the start of the frame that it means (float rounding)."""

Made = TypeVar("Made")
_TRIANGLE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND


class FrameConverter:
    """Converts the decoded frames of one video to RGB as displayed: colours, crop, square pixels, orientation.

    `stored_size` is (width, height) in square pixels of the stored frame after `crop`.
    """

    def __init__(self, orientation: Orientation, stored_size: tuple[int, int], colours: Colours, crop: Crop) -> None:
        self.orientation, self._stored_size, self._colours, self._crop = orientation, stored_size, colours, crop
        self._converters: dict[object, VideoReformatter] = {}

    def rgb(self, frame: Any) -> Pixels:
        """(H, W, 3): the frame at full size."""
        return self.orientation.apply(self._to_rgb(frame, *self._stored_size))

    def sized(self, frame: Any, height: int, width: int) -> Pixels:
        """(height, width, 3): the whole frame, resized.

        The kernel is that of `resize`. YUV frames are resized plane by plane before they become RGB: the
        filter is linear, so the result is the same up to rounding and chroma siting, in a third of the time.
        """
        stored = (height, width) if self.orientation.swap else (width, height)
        if stored == self._stored_size or self._crop or not _has_yuv_planes(frame):
            return resize(self.rgb(frame), height, width)
        small = self._converter(("planes", *stored)).reformat(
            frame, width=stored[0], height=stored[1], interpolation=_TRIANGLE, threads=1
        )
        return self.orientation.apply(self._to_rgb(small, *stored))

    def _to_rgb(self, frame: Any, width: int, height: int) -> Pixels:
        if not self._crop:
            return self._colours.rgb(frame, width, height, self._converter(("rgb", width, height)))
        whole = self._colours.rgb(frame, frame.width, frame.height, self._converter("whole"))
        return resize(self._crop.of(whole), height, width)

    def _converter(self, key: object) -> VideoReformatter:
        if key not in self._converters:
            self._converters[key] = VideoReformatter()
        return self._converters[key]


class _Converter(Protocol):
    """Converts a frame to pixels: a `FrameConverter`, or one that has nothing to do for frames in memory."""

    def rgb(self, frame: Any) -> Pixels: ...

    def sized(self, frame: Any, height: int, width: int) -> Pixels: ...


class DecodedFrame:
    """Frame number `index` of a video, with everything that has been computed from it so far."""

    def __init__(self, index: int, frame: Any, converter: _Converter) -> None:
        self.index = index
        self._frame, self._converter = frame, converter
        self._made: dict[object, Any] = {}

    @property
    def rgb(self) -> Pixels:
        """(H, W, 3): the frame as displayed, at full size."""
        return self.once("rgb", lambda: self._converter.rgb(self._frame))

    def sized(self, height: int, width: int) -> Pixels:
        """(height, width, 3): the whole frame as displayed, at that size."""
        return self.once((height, width), lambda: self._converter.sized(self._frame, height, width))

    def once(self, key: object, make: Callable[[], Made]) -> Made:
        """``make()``, called once for all clips that ask for it by the same `key`."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])


class SourceInfo(Protocol):
    """The facts of a source that cutting clips needs; `path` is its name in messages."""

    @property
    def path(self) -> str: ...

    @property
    def duration(self) -> float: ...

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...


class Source(Protocol):
    """What clips are cut from: an open `Video`, or `hdvila.media.in_memory.FramesInMemory`."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def pts_seconds(self) -> Seconds: ...

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]: ...

    def only(self, indices: Sequence[int]) -> Iterator[DecodedFrame]: ...


class ClipJob(Protocol):
    """A clip that collects its frames."""

    def needs(self) -> set[int]:
        """The numbers of its frames."""

    def put(self, frame: DecodedFrame, /) -> None:
        """Take one of them."""


AnyJob = TypeVar("AnyJob", bound=ClipJob)


def decode_clips(video: Source, jobs: Sequence[AnyJob]) -> Iterator[AnyJob]:
    """Give every job its frames in one pass over the video; yield the completed jobs in the order given."""
    waiting: dict[int, list[int]] = defaultdict(list)
    left = []
    for number, one in enumerate(jobs):
        needed = one.needs()
        left.append(len(needed))
        for index in needed:
            waiting[index].append(number)
    turn = 0
    queue: list[AnyJob | None] = list(jobs)
    for frame in video.only(sorted(waiting)):
        for number in waiting.pop(frame.index):
            job = queue[number]
            assert job is not None
            job.put(frame)
            left[number] -= 1
        while turn < len(queue) and left[turn] == 0:
            finished, queue[turn] = queue[turn], None
            assert finished is not None
            yield finished
            turn += 1


def frames_on_screen(pts_seconds: Seconds, times: Sequence[float] | Seconds) -> NDArray[np.int64]:
    """(T,) when each frame appears, (n,) times, all in seconds -> (n,) numbers of the frames on screen.

    That is the last frame that has begun, or the first frame of all.

    Raises:
        UsageError: a time is not a number.
    """
    wanted = np.asarray(times, np.float64) + TICK
    if np.isnan(wanted).any():
        raise UsageError("the frame at nan s is wanted: give numbers of seconds")
    return np.clip(np.searchsorted(pts_seconds, wanted, side="right") - 1, 0, len(pts_seconds) - 1)


def clamp_span(video: Source, span: TimeSpan) -> TimeSpan:
    """Limit `span` to the duration of the video.

    Raises:
        UsageError: it begins after the end of the video, ends before it starts, or is not finite.
    """
    if not (math.isfinite(span[0]) and math.isfinite(span[1])):
        raise UsageError(
            f"{video.info.path}: a clip at {span[0]}..{span[1]} s: start and end must be finite numbers of seconds"
        )
    start, end = max(0.0, span[0]), min(span[1], video.info.duration)
    if span[1] < span[0]:
        raise UsageError(f"{video.info.path}: a clip ends before it starts: {span[0]:.3f}..{span[1]:.3f} s")
    if start >= video.info.duration or end < start:
        raise UsageError(
            f"{video.info.path}: a clip at {span[0]:.3f}..{span[1]:.3f} s lies outside the video, "
            f"which plays 0..{video.info.duration:.3f} s; name a time inside it"
        )
    return start, end


def clip_times(start: float, end: float, fps: float) -> Seconds:
    """(T,) times of a clip's frames: `start`, then every 1/fps s inside ``[start, end)``; at least one."""
    return start + np.arange(max(1, int(np.ceil((end - start) * fps - 1e-6)))) / fps


def _has_yuv_planes(frame: Any) -> bool:
    return bool(frame.format.name.startswith("yuv") and not frame.format.name.startswith("yuva"))

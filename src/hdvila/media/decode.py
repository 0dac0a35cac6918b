"""From a decoded frame to pixels, and many clips of one video out of a single decode pass.

A frame is turned into pixels only as far as somebody asks for them, and once however many clips share it.
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

Made = TypeVar("Made")
_TRIANGLE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND


class FrameConverter:
    """How the frames of one video become pictures: colours, crop, square pixels, orientation, and the converters kept
    between frames.

    `stored_size` is (width, height) of the stored picture in square pixels, without what `crop` takes off.
    """

    def __init__(self, orientation: Orientation, stored_size: tuple[int, int], colours: Colours, crop: Crop) -> None:
        self.orientation, self._stored_size, self._colours, self._crop = orientation, stored_size, colours, crop
        self._converters: dict[object, VideoReformatter] = {}

    def rgb(self, frame: Any) -> Pixels:
        """(H, W, 3) at full size, as displayed."""
        return self.orientation.apply(self._to_rgb(frame, *self._stored_size))

    def sized(self, frame: Any, height: int, width: int) -> Pixels:
        """(height, width, 3), as displayed.

        The kernel is that of `resize`. YUV frames go through it plane by plane before they become RGB: the filter is
        linear, so that is the same picture up to rounding and the place of colour samples, for a third of the time.
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
    """What turns a frame into pixels: a `FrameConverter`, or nothing at all for frames that are pixels already."""

    def rgb(self, frame: Any) -> Pixels: ...

    def sized(self, frame: Any, height: int, width: int) -> Pixels: ...


class DecodedFrame:
    """A decoded frame, number `index` of its video, with what has been made of it already."""

    def __init__(self, index: int, frame: Any, converter: _Converter) -> None:
        self.index = index
        self._frame, self._converter = frame, converter
        self._made: dict[object, Any] = {}

    @property
    def rgb(self) -> Pixels:
        """(H, W, 3) as displayed."""
        return self.once("rgb", lambda: self._converter.rgb(self._frame))

    def sized(self, height: int, width: int) -> Pixels:
        """(height, width, 3): the whole picture at that size."""
        return self.once((height, width), lambda: self._converter.sized(self._frame, height, width))

    def once(self, key: object, make: Callable[[], Made]) -> Made:
        """``make()``, done once however many clips ask for it under `key`."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])


def _has_yuv_planes(frame: Any) -> bool:
    return bool(frame.format.name.startswith("yuv") and not frame.format.name.startswith("yuva"))


class SourceInfo(Protocol):
    """What errors, spans and windows need to know of a source."""

    @property
    def path(self) -> str: ...

    @property
    def duration(self) -> float: ...

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...


class Source(Protocol):
    """What clips are cut from: an open `Video`, or frames in memory (`hdvila.media.in_memory`)."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def pts_seconds(self) -> Seconds: ...

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]: ...

    def only(self, indices: Sequence[int]) -> Iterator[DecodedFrame]: ...


class Job(Protocol):
    """A clip that waits for its frames."""

    def needs(self) -> set[int]:
        """The frame numbers it waits for."""

    def put(self, picture: DecodedFrame) -> None:
        """One of them."""


AnyJob = TypeVar("AnyJob", bound=Job)


def decode_clips(video: Source, jobs: Sequence[AnyJob]) -> Iterator[AnyJob]:
    """Feed every job its frames in one pass; yields them filled, in the order given."""
    waiting: dict[int, list[int]] = defaultdict(list)
    left = []
    for number, job in enumerate(jobs):
        needed = job.needs()
        left.append(len(needed))
        for index in needed:
            waiting[index].append(number)
    turn = 0
    queue: list[AnyJob | None] = list(jobs)
    for picture in video.only(sorted(waiting)):
        for number in waiting.pop(picture.index):
            job_there = queue[number]
            assert job_there is not None
            job_there.put(picture)
            left[number] -= 1
        while turn < len(queue) and left[turn] == 0:
            finished, queue[turn] = queue[turn], None
            assert finished is not None
            yield finished
            turn += 1


def clamp_span(video: Source, span: TimeSpan) -> TimeSpan:
    """The part of `span` that the video has.

    Raises:
        UsageError: it begins after the end of the video, ends before it starts, or is not made of finite numbers.
    """
    if not (math.isfinite(span[0]) and math.isfinite(span[1])):
        raise UsageError(f"{video.info.path}: a clip at {span[0]}..{span[1]} s: give finite numbers of seconds")
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
    """The times of a clip's frames: `start`, then every 1/fps inside ``[start, end)``; at least one."""
    return start + np.arange(max(1, int(np.ceil((end - start) * fps - 1e-6)))) / fps

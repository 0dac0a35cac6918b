"""Many clips of one video out of a single decode pass, each frame prepared once however many clips share it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.picture import Picture
from hdvila.types import Seconds

Span = tuple[float, float]


class Described(Protocol):
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
    def info(self) -> Described: ...

    @property
    def pts_seconds(self) -> Seconds: ...

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]: ...

    def only(self, indices: Sequence[int]) -> Iterator[Picture]: ...


class Job(Protocol):
    """A clip that waits for its frames."""

    def needs(self) -> set[int]:
        """The frame numbers it waits for."""

    def put(self, picture: Picture) -> None:
        """One of them."""


AnyJob = TypeVar("AnyJob", bound=Job)


def run(video: Source, jobs: Sequence[AnyJob]) -> Iterator[AnyJob]:
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


def within(video: Source, span: Span) -> Span:
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


def timeline(start: float, end: float, fps: float) -> Seconds:
    """The times of a clip's frames: `start`, then every 1/fps inside ``[start, end)``; at least one."""
    return start + np.arange(max(1, int(np.ceil((end - start) * fps - 1e-6)))) / fps

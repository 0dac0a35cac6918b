"""Which frames of a video ClipBERT sees: a few short clips, a few frames of each (Lei et al., CVPR 2021).

Times here are places on the video counted in frames from its start, as floats; frames are whole numbers. A clip that is
`length` frames long starts at a time of at least 0 and at most `latest_start`. Its frames are the first that begins at
or after its start, and others at evenly spaced distances from that one.

The official sampler is followed to the frame wherever it gives frames at all, in videos whose header is wrong too.
Where it gives up, frames repeat and stay inside the video.

Legend: N clips, T frames of a clip.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError

__all__ = [
    "Drawn",
    "Position",
    "Timeline",
    "frame_offsets",
    "frames_of_clips",
    "latest_start",
    "random_starts",
    "single_start",
    "sparse_frames",
    "uniform_starts",
]

Drawn = Literal["random", "uniform"]
"""Which clips training sees: independent random ones, which may overlap, or those of an evaluation."""

Position = Literal["middle", "third", "first"]
"""Where a single clip lies in an evaluation. middle: its frames are centred in the video (the paper). third: it starts
after a third of the possible starts (the official code in retrieval and multiple choice of captions). first: at the
very start (the official code in question answering)."""

Starts = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """How times become frames: frame i begins at i * `step` units of the container's clock.

    Attributes:
        frames: of the video, at least 1, as its header counts them.
        step: units that a frame lasts. Starts are cut to whole units, as a seek does it.
        duration: units that `frames` frames are believed to last; None: ``frames * step``.
        decodable: frames that can be decoded; None: all. Fewer are a damaged video.
    """

    frames: int
    step: int = 1024
    duration: int | None = None
    decodable: int | None = None

    def first_frame(self, starts: Starts) -> Indices:
        """(N,) times -> (N,) numbers of the first frames that begin at or after them."""
        first: Indices = -(-self._units(starts) // self.step)
        return first

    def last_frame(self, ends: Starts) -> Indices:
        """(N,) times -> (N,) numbers of the last frames that a decoder gives: one past the time, inside the video."""
        decodable = self.frames if self.decodable is None else self.decodable
        last: Indices = np.minimum(self._units(ends) // self.step + 1, decodable - 1)
        return last

    def _units(self, times: Starts) -> Indices:
        duration = self.frames * self.step if self.duration is None else self.duration
        return np.floor(times * duration / self.frames).astype(np.int64)


def sparse_frames(
    total: int,
    length: float,
    clips: int = 1,
    frames: int = 1,
    rng: np.random.Generator | None = None,
    *,
    drawn: Drawn = "random",
    position: Position = "middle",
) -> Indices:
    """Choose the frames of a video -> (N, T) numbers, all within ``0..total-1``, ascending in each clip.

    Clips are in order of their starts. A video shorter than a clip is one clip, whose last frame repeats; a clip of
    fewer than T frames repeats some.

    Args:
        total: frames of the video, at least 1.
        length: frames that a clip lasts, above 0: seconds times frames per second. A clip has at least one frame.
        clips: N.
        frames: T.
        rng: draws the clips of training; None is the rule of evaluation: uniform clips, or one at `position`.
        drawn: with `rng`, whether clips are drawn at all: "uniform" trains on those of an evaluation.
        position: of a single clip that is not drawn.

    Raises:
        UsageError: `total`, `clips` or `frames` below 1, or `length` not above 0.
    """
    if min(total, clips, frames) < 1 or not 0 < length < math.inf:
        raise UsageError(
            f"cannot sample {clips} clips of {frames} frames, {length} frames long, from {total} frames: "
            "all must be at least 1, and the length above 0"
        )
    length = max(length, 1.0)
    latest = latest_start(total, length)
    if rng is not None and drawn == "random":
        starts = random_starts(latest, clips, rng)
    elif clips == 1:
        extent = frame_offsets(length, frames)[-1] + 1
        starts = single_start(total, length, position, extent)
    else:
        starts = uniform_starts(latest, clips)
    return frames_of_clips(starts, length, frames, Timeline(total))


def latest_start(total: float, length: float) -> float:
    """The last time at which a clip of `length` frames can start in a video of `total` frames; 0 in a shorter one."""
    return max(total - length, 0.0)


def random_starts(latest: float, clips: int, rng: np.random.Generator) -> Starts:
    """(N,) independent uniform times in 0..`latest`, ascending."""
    return np.sort(rng.uniform(0.0, latest, clips))


def uniform_starts(latest: float, clips: int) -> Starts:
    """(N,) times: clip i starts after i/N of `latest`, so even the last of several does not reach the end."""
    return latest * np.arange(clips) / clips


def single_start(total: float, length: float, position: Position, extent: float | None = None) -> Starts:
    """(1,): the time at which a single clip starts.

    Args:
        extent: frames from the first to the last that is seen of the clip, which ``"middle"`` centres; None: `length`.
    """
    if position == "middle":
        return np.array([latest_start(total, length if extent is None else extent) / 2])
    thirds = uniform_starts(latest_start(total, length), 3)
    return thirds[[1 if position == "third" else 0]]


def frame_offsets(length: float, frames: int) -> Indices:
    """(T,) frames from the first frame of a clip to each: evenly over 0..length-1, rounded down. T = 1: the first."""
    return np.floor(np.linspace(0.0, length - 1, frames) + 1e-9).astype(np.int64)


def frames_of_clips(starts: Starts, length: float, frames: int, timeline: Timeline) -> Indices:
    """The T frames of clips -> (N, T) numbers.

    Args:
        starts: (N,) times.
        length: frames that a clip lasts, at least 1.
        frames: T.
        timeline: of the video. A frame past the last that can be decoded, or past the end of the clip, is replaced by
            the last one before it.
    """
    first_N, last_N = timeline.first_frame(starts), timeline.last_frame(starts + length - 1)
    chosen_NT: Indices = np.minimum(first_N[:, None] + frame_offsets(length, frames)[None], last_N[:, None])
    return chosen_NT

"""The interface between frame sources and the samplers of systems.

A source (a corpus, a video file, frames in memory) holds clips. A clip has frames in one or more streams, numbered from
0 in each. A `Sampler` gets a clip's times and returns `Request`s: which frames of which stream, and the transform for
them. The source then reads these frames in the way that suits it: a corpus by byte range, a video in one pass for many
clips.

Legend: n frames of a request, H W height and width of the source's frames, h w those of the transformed frames.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hdvila.media.view import Look, View
from hdvila.types import Pixels, Seconds

__all__ = ["Arrays", "FrameClip", "FrameTransform", "Request", "Sampled", "Sampler"]

Arrays = tuple[NDArray[Any] | None, ...]
"""One array for each video argument of a model; None for an argument that it does without."""


class FrameClip(Protocol):
    """The frames of one clip, as a sampler sees them: numbers and times, no pixels."""

    @property
    def name(self) -> str:
        """The clip's name in errors."""

    def rate(self, stream: str) -> float | None:
        """Frames per second of a stored stream; None for a video, which can be sampled at any rate."""

    def ticks(self, fps: float) -> int:
        """The number of ticks at `fps` per second from the clip's start, 1 or more: 24 for 6 s at 4 per second."""

    def frames_at(self, stream: str, ticks: NDArray[np.int64], fps: float) -> NDArray[np.int64]:
        """(n,) ticks -> (n,) numbers of the frames that a stream displays at these ticks."""

    def pts_seconds(self, stream: str, numbers: NDArray[np.int64]) -> Seconds:
        """(n,) numbers -> (n,) presentation times in seconds from the start of the video, not of the clip."""


class FrameTransform(Hashable, Protocol):
    """A transform of frames, such as `hdvila.media.view.Seen`. Hashable, so overlapping clips share its results."""

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the results."""

    def __call__(self, rgb: Pixels) -> Pixels:
        """(n, H, W, 3) -> (n, h, w, 3), RGB uint8; the result may share memory with `rgb`."""


@dataclass(frozen=True, slots=True)
class Request:
    """Frames that a sampler asks for.

    Attributes:
        stream: a stream of the corpus, such as ``"hr"``; a video has one stream, which every name refers to.
        numbers: (n,) frame numbers in the stream; repeats are allowed.
        transform: applied to every frame.
        out: (n, h, w, 3) uint8 array for the results; None: a new one.
    """

    stream: str
    numbers: NDArray[np.int64]
    transform: FrameTransform
    out: Pixels | None = None

    def room(self) -> Pixels:
        """(n, h, w, 3) uint8: `out`, or a new uninitialised array."""
        if self.out is not None:
            return self.out
        return np.empty((len(self.numbers), *self.transform.size, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Sampled:
    """The requests for one clip, and how their frames become a model input.

    Attributes:
        requests: any number; `finish` gets their frames in this order.
        finish: called with one (n, h, w, 3) array per request; returns the clip as the system's model reads it
            (`hdvila.models.inputs.ClipInputs`).
    """

    requests: tuple[Request, ...]
    finish: Callable[[Sequence[Pixels]], Any]


class Sampler(Protocol):
    """Which frames of a clip a system reads, and how it crops them. `hdvila.models.inputs.Inputs` extends it."""

    def sample(
        self,
        clip: FrameClip,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Sampled:
        """Choose the frames of a clip and their transform.

        Args:
            rng: draws frames, crop window and mirroring for training; None applies the deterministic rule of
                evaluation, with the centre crop.
            view: a crop window to use instead, such as one of `look`.
            into: arrays from `hdvila.models.inputs.Inputs.room` for the results; None: new ones.
        """

    def look(self, height: int, width: int, *, tiled: bool = True) -> Look:
        """The crop windows for evaluation on frames of `height` x `width` pixels.

        Args:
            tiled: use as many windows as cover most of the frame; False: the centre alone.
        """

"""What gives frames with their times, and how a system asks for them.

A source (a corpus, a video file, frames in memory) holds clips, and a clip has frames in one or more streams, each
numbered from 0. A system's sampler looks at the times of a clip and answers with `Request`s: which frames of which
stream, and what is to become of each. The source reads them in its own way: a corpus by byte range, a video in one
pass for many clips.

Legend: n frames of a request, H W pixels of the source's frames, h w of what the model sees.
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
"""What a model reads of a clip, one array for each of its arguments; None for one that it does without."""


class FrameClip(Protocol):
    """The frames of one clip."""

    @property
    def name(self) -> str:
        """What errors call it."""

    def rate(self, stream: str) -> float | None:
        """Frames a second of a stream; None where there are as many as are asked for, as in a video."""

    def ticks(self, fps: float) -> int:
        """How many ticks, `fps` a second from its start on, the clip has; 1 or more."""

    def frames_at(self, stream: str, ticks: NDArray[np.int64], fps: float) -> NDArray[np.int64]:
        """The numbers of the frames on show in a stream at these ticks."""

    def pts_seconds(self, stream: str, numbers: NDArray[np.int64]) -> Seconds:
        """When these frames of a stream appear, in seconds on the video's clock."""


class FrameTransform(Hashable, Protocol):
    """What becomes of frames; a value, so that what two clips ask of one frame in common is made once."""

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of its results."""

    def __call__(self, rgb: Pixels) -> Pixels:
        """(n, H, W, 3) -> (n, h, w, 3); may be a view of `rgb`."""


@dataclass(frozen=True, slots=True)
class Request:
    """Frames that a system wants of a clip.

    Attributes:
        stream: a corpus has streams by name; a video answers to every name with its one.
        numbers: (n,) in the stream; the same frame may stand there several times.
        out: (n, h, w, 3), where they are put; None: new memory.
    """

    stream: str
    numbers: NDArray[np.int64]
    transform: FrameTransform
    out: Pixels | None = None

    def room(self) -> Pixels:
        """Where its frames are put."""
        if self.out is not None:
            return self.out
        return np.empty((len(self.numbers), *self.transform.size, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a system wants of a clip, and how its frames (n, h, w, 3), request by request, become one input."""

    requests: tuple[Request, ...]
    finish: Callable[[Sequence[Pixels]], Any]


class Sampler(Protocol):
    """How a system looks at clips: a frozen value of settings, saved with a model."""

    def sample(
        self,
        clip: FrameClip,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Sampled:
        """What it wants of a clip.

        Args:
            rng: draws frames, window and mirroring for training; None is the evaluation rule and the centre.
            view: another window.
            into: arrays of `room` that the frames are put into; None: new memory.
        """

    def look(self, height: int, width: int, *, tiled: bool = True) -> Look:
        """The windows through which frames of this size are seen without chance."""

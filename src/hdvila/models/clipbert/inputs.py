"""ClipBERT's inputs: a few short clips of a video, a few frames of each, as padded squares (Lei et al., CVPR 2021).

The same names are used everywhere in this system, for what the paper and its users call by several:

* **clip length** (`SparseClips.seconds`): a clip is this many seconds of a video, 1 or 2.
* **T** (`SparseClips.frames`): frames of a clip, evenly over it. The model takes their mean.
* **N_train** (`SparseClips.clips` of the inputs for training): random clips that a training step sees of a video.
* **N_test** (`SparseClips.clips` of the inputs for evaluation): uniform clips whose predictions are combined.
  ``8x2`` is short for N_train = 8 and T = 2.

Here "clip" means one of these. The rest of the library calls them segments, and calls the whole video, or the part of
it that a store holds, a clip.

Legend: N clips, T frames of a clip, L pixels of a square's side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np

from hdvila.errors import UsageError
from hdvila.media.frame_source import Arrays, FrameClip, Request, Sampled
from hdvila.media.view import Look, View
from hdvila.models.clipbert.config import LEAST_SIDE
from hdvila.models.clipbert.sampling import Drawn, Position, sparse_frames
from hdvila.models.clipbert.square import Square
from hdvila.models.inputs import FrameInputs
from hdvila.types import NOT_IN_VECTORS, Frames, Pixels, Seconds

__all__ = ["SparseClips", "SparseFrames"]

STORED_FPS = 6.0
"""The least frames per second of a store for these inputs: two frames of a second then lie 0.83 s apart, of 0.97 s in
a video of 30."""


@dataclass(frozen=True, slots=True)
class SparseFrames:
    """What ClipBERT sees of a video (a `hdvila.models.inputs.ClipInputs`).

    Attributes:
        rgb: (N, T, 3, L, L) uint8, 0..255, padded with 0 on the right and below.
        pts_seconds: (N, T) presentation times in seconds, ascending in each clip.
    """

    rgb: Pixels
    pts_seconds: Seconds

    @property
    def arrays(self) -> Arrays:
        """``rgb`` alone."""
        return (self.rgb,)

    @property
    def times(self) -> Seconds:
        """(N, T) seconds."""
        return self.pts_seconds

    def frames(self) -> dict[str, Frames]:
        """All N*T frames under the one name ``frames``, clip by clip, for previews."""
        rgb = np.moveaxis(self.rgb, 2, -1)
        return {"frames": Frames(rgb.reshape(-1, *rgb.shape[2:]), self.pts_seconds.ravel())}


@dataclass(frozen=True, slots=True)
class SparseClips(FrameInputs):
    """How ClipBERT samples a video: N clips of T frames, each a square of L pixels (see the module's docstring).

    A video shorter than a clip is one clip. Frames repeat where a clip has fewer than T of them, as in a store of few
    frames a second or a still image, which stands for any number of equal clips.

    Attributes:
        size: L. The longer side of a frame is resized to it, the rest is black.
        clips: N, as N_train in training and N_test in evaluation.
        frames: T.
        seconds: length of a clip.
        position: where a single clip lies in evaluation. "middle" is the paper's; "third" (a third in) and "first"
            (the start of the video) are the official code's in retrieval and in question answering.
        drawn: which clips training sees: "random" or "uniform" (those of an evaluation, the paper's Table 4).
        stream: of a store, from which frames come; a video has one, whatever its name.
        fps: at which videos are sampled; a stored stream is sampled at its own rate.
    """

    size: int = 448
    clips: int = 1
    frames: int = 1
    seconds: float = 1.0
    position: Position = "middle"
    drawn: Drawn = field(default="random", metadata=NOT_IN_VECTORS)
    stream: str = "frames"
    fps: float = 30.0

    def __post_init__(self) -> None:
        if self.size < LEAST_SIDE:
            raise UsageError(f"preprocess size={self.size}: choose at least {LEAST_SIDE} pixels, 448 in the paper")
        if self.clips < 1 or self.frames < 1:
            raise UsageError(f"preprocess clips={self.clips}, frames={self.frames}: both must be at least 1")
        for name in ("seconds", "fps"):
            if not 0 < getattr(self, name) < math.inf:
                raise UsageError(f"preprocess {name}={getattr(self, name)}: choose a number above 0")
        for name, known in (("position", get_args(Position)), ("drawn", get_args(Drawn))):
            if getattr(self, name) not in known:
                raise UsageError(f"preprocess {name}={getattr(self, name)!r}: choose one of {', '.join(known)}")

    @property
    def segments(self) -> int:
        """N."""
        return self.clips

    @property
    def shapes(self) -> tuple[tuple[int, ...]]:
        """``((N, T, 3, L, L),)``."""
        return ((self.clips, self.frames, 3, self.size, self.size),)

    @property
    def frames_read(self) -> dict[str, int]:
        """N*T frames of the stream."""
        return {self.stream: self.clips * self.frames}

    @property
    def stored_fps(self) -> float:
        """Frames per second that a store needs, so that a clip has T different frames far enough apart."""
        return max(STORED_FPS, float(math.ceil(self.frames / self.seconds)))

    @property
    def stored_lines(self) -> int:
        """Pixels of the short side that a store needs, so that the longer side of a frame of 4:3 or wider has L."""
        return math.ceil(self.size * 3 / 8) * 2  # even, as video codecs want it

    @property
    def stored(self) -> dict[str, tuple[float, int]]:
        """Rate and pixels of a frame, if the videos are 4:3."""
        return {self.stream: (self.stored_fps, self.stored_lines * self.size)}

    @property
    def least_lines(self) -> dict[str, int]:
        """Lines below which a frame of 16:9 is enlarged."""
        return {self.stream: self.size * 9 // 16}

    def room(self, *clips: int) -> tuple[Pixels]:
        """Uninitialised (*clips, N, T, 3, L, L) uint8; the three colours of a pixel lie side by side in memory."""
        frames = np.empty((*clips, self.clips, self.frames, self.size, self.size, 3), np.uint8)
        return (np.moveaxis(frames, -1, -3),)

    def look(self, height: int, width: int, *, tiled: bool = True) -> Look:
        """The whole frame, once."""
        return Look((View(fit="pad"),), 1.0)

    def sample(
        self,
        clip: FrameClip,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Sampled:
        """N clips of T frames (`hdvila.media.frame_source.Sampler.sample`); `view` changes nothing.

        Raises:
            UsageError: the clip is of a store without this stream, or `into` has another shape than `room` gives.
        """
        fps = self._rate(clip)
        ticks_NT = sparse_frames(
            clip.ticks(fps), self.seconds * fps, self.clips, self.frames, rng, drawn=self.drawn, position=self.position
        )
        numbers = clip.frames_at(self.stream, ticks_NT.ravel(), fps)
        pts_NT = clip.pts_seconds(self.stream, numbers).reshape(ticks_NT.shape)
        request = Request(self.stream, numbers, Square(self.size), None if into is None else self._frames_of(into))

        def finish(frames: Sequence[Pixels]) -> SparseFrames:
            rgb_NTLL3 = frames[0].reshape(*ticks_NT.shape, self.size, self.size, 3)
            return SparseFrames(np.moveaxis(rgb_NTLL3, -1, 2), pts_NT)

        return Sampled((request,), finish)

    def _rate(self, clip: FrameClip) -> float:
        try:
            own = clip.rate(self.stream)
        except UsageError as error:
            raise UsageError(f"{clip.name}: {error}; name one of them with preprocess.stream") from error
        return self.fps if own is None else own

    def _frames_of(self, into: Arrays) -> Pixels:
        """(N, T, 3, L, L) of `room` as (N*T, L, L, 3), the same memory."""
        (rgb,) = into
        frames = None if rgb is None else np.moveaxis(rgb, 2, -1)
        if rgb is None or frames is None or rgb.shape != self.shapes[0] or not frames.flags.c_contiguous:
            given = None if rgb is None else rgb.shape
            raise UsageError(f"clips of {self.shapes[0]} cannot be put into {given}: use SparseClips.room()")
        return frames.reshape(-1, self.size, self.size, 3)

    def at_rates(self, rates: Mapping[str, float]) -> SparseClips:
        """These inputs for a store with these streams: its only one, or HD-VILA's ``hr``, if it lacks `stream`.

        Seconds do not change: clips are sampled at the rate of whatever stream they come from.
        """
        if self.stream in rates:
            return self
        others = [*rates] if len(rates) == 1 else [name for name in rates if name == "hr"]
        return replace(self, stream=others[0]) if others else self

    def in_segments(self, count: int | None) -> SparseClips:
        """`count` uniform clips (N_test), or for 1 the one at `position`; None: itself."""
        return self if count is None else replace(self, clips=count)

    def in_words(self) -> Iterator[tuple[str, str]]:
        """(title, description) pairs."""
        clips = "1 clip" if self.clips == 1 else f"{self.clips} clips"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        yield "clips", f"{clips} of {self.seconds:g} s, {self.drawn} in training"
        yield "frames", f"{frames} a clip, whole in {self.size}x{self.size}, from {self.stream!r}"

    def __str__(self) -> str:
        return f"{self.clips}x{self.frames} (clips x frames) of {self.seconds:g} s, {self.size}x{self.size}"

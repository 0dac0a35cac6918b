"""From a video file to what the model sees, and the settings of it that are saved with a model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

import numpy as np

from hdvila.errors import UsageError
from hdvila.media.in_memory import GivenFrames
from hdvila.media.passes import Source, Span, run, timeline, within
from hdvila.media.picture import Picture
from hdvila.media.sampling import HybridSampling, hybrid_indices
from hdvila.media.video import open_video
from hdvila.media.view import RATIO, Fit, View
from hdvila.types import NOT_IN_VECTORS, HybridClip, Pixels

Streams = Literal["hybrid", "high", "low"]
"""Both resolutions, HR middle frames alone, or LR neighbours alone."""


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How clips become model input.

    A clip is laid on a timeline of `fps` frames a second. HR middle frames stand at its multiples of `hr_every` and are
    `height` x `width` pixels (multiples of 64); LR neighbours have a quarter of that each way. `segments`, `neighbours`
    and `rate` (in timeline frames) are those of `HybridSampling`. `streams` says which of the two a model
    reads; without neighbours there are no LR frames either. `fit` says whether a window is cut out of the picture
    (``"crop"``, nine eighths of the window's size), the whole of it is padded to the window (``"pad"``), or at least
    four fifths of it are shown (``"most"``, see `to_look`). `flip` is how often training sees a clip with left and
    right exchanged, 0..1; evaluation never does.
    """

    height: int = 640
    width: int = 1024
    segments: int = 2
    neighbours: int = 3
    rate: int = 4
    fps: float = 10.0
    hr_every: int = 5
    streams: Streams = "hybrid"
    fit: Fit = "crop"
    flip: float = field(default=0.0, metadata=NOT_IN_VECTORS)

    def __post_init__(self) -> None:
        if self.height < 64 or self.width < 64 or self.height % 64 or self.width % 64:
            raise UsageError(f"preprocess size {self.height}x{self.width}: both must be multiples of 64, at least 64")
        if not self.fps > 0 or self.hr_every < 1:
            raise UsageError(f"preprocess fps={self.fps}, hr_every={self.hr_every}: fps above 0, hr_every at least 1")
        if self.streams not in get_args(Streams):
            raise UsageError(f"preprocess streams={self.streams!r}: choose one of {', '.join(get_args(Streams))}")
        if self.fit not in get_args(Fit):
            raise UsageError(f"preprocess fit={self.fit!r}: choose one of {', '.join(get_args(Fit))}")
        if not 0 <= self.flip <= 1:
            raise UsageError(f"preprocess flip={self.flip}: it is a probability, choose 0 to 1")
        if self.streams == "low" and self.neighbours == 0:
            raise UsageError("preprocess streams='low' with neighbours=0 leaves no picture: choose 1 or more")
        HybridSampling(self.segments, self.neighbours, self.rate)

    @property
    def sampling(self) -> HybridSampling:
        """Segments, neighbours and rate."""
        return HybridSampling(self.segments, self.neighbours, self.rate)

    @property
    def reads_high(self) -> bool:
        """Whether there are HR middle frames."""
        return self.streams != "low"

    @property
    def reads_low(self) -> bool:
        """Whether there are LR neighbours."""
        return self.streams != "high" and self.neighbours > 0

    def to_look(self) -> Preprocess:
        """The same for looking at pictures of any shape: at least four fifths of each are seen.

        Of 9:16 a crop to 16:10 shows 28 %. Training and published protocols crop, as the papers do.
        """
        return replace(self, fit="most") if self.fit == "crop" else self

    def share_seen(self, height: int, width: int) -> float:
        """How much of the area of a picture of this size is seen without chance in it, 0..1."""
        return View(fit=self.fit).share((height, width), self.height, self.width)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocess:
        """The inverse of `to_dict`.

        Raises:
            UsageError: a key that does not exist or a value that cannot be used.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise UsageError(f"preprocess has no setting {unknown[0]!r}: it has {[f.name for f in fields(cls)]}")
        return cls(**values)


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


def read_given(
    frames: GivenFrames, preprocess: Preprocess, start: float | None = None, end: float | None = None
) -> HybridClip:
    """`read_hybrid` of frames in memory. Without `start` and `end` the clip is all of them, from the first on.

    Raises:
        UsageError: the clip begins after the last frame, or ends before it starts.
    """
    first = float(frames.pts_seconds[0]) if start is None else start
    return next(_read(frames, preprocess, [(first, frames.info.duration if end is None else end)], None))


def read_hybrids(
    path: str | os.PathLike[str], preprocess: Preprocess, spans: Sequence[Span], rng: np.random.Generator | None = None
) -> Iterator[HybridClip]:
    """Read many clips of one video in one pass over it; yields one clip for each span, in the order given.

    Spans in order of their start keep memory to the clips that overlap; others wait for their turn.

    Raises:
        MediaError: the file cannot be read.
        UsageError: a span begins after the end of the video, or ends before it starts.
    """
    with open_video(path) as video:
        yield from _read(video, preprocess, spans, rng)


class _HybridJob:
    """One clip: frame numbers of its segments, then the pixels."""

    def __init__(self, video: Source, preprocess: Preprocess, span: Span, rng: np.random.Generator | None) -> None:
        shown = video.indices_at(timeline(*within(video, span), preprocess.fps))
        middle, others = hybrid_indices(len(shown), preprocess.sampling, rng, preprocess.hr_every)
        self._middle, self._others = shown[middle], shown[others]
        self._view = View.draw(rng, preprocess.fit, preprocess.flip)
        self._pts = video.pts_seconds[self._middle], video.pts_seconds[self._others]
        self._preprocess = preprocess
        self._high: Pixels | None = None
        self._low: Pixels | None = None

    def needs(self) -> set[int]:
        high = self._middle.tolist() if self._preprocess.reads_high else []
        low = self._others.ravel().tolist() if self._preprocess.reads_low else []
        return {*high, *low}

    def put(self, picture: Picture) -> None:
        height, width = self._preprocess.height, self._preprocess.width
        if self._high is None and self._preprocess.reads_high:
            self._high = np.empty((len(self._middle), height, width, 3), np.uint8)
        if self._low is None and self._preprocess.reads_low:
            self._low = np.empty((*self._others.shape, height // RATIO, width // RATIO, 3), np.uint8)
        if self._high is not None and picture.index in self._middle:
            high = picture.once((self._view, "high"), lambda: self._view.high(picture.rgb, height, width))
            self._high[self._middle == picture.index] = high
        if self._low is not None and picture.index in self._others:
            low = picture.once((self._view, "low"), lambda: self._view.low(picture.rgb, height, width))
            self._low[self._others == picture.index] = low

    def clip(self) -> HybridClip:
        high, low = (None if rgb is None else np.moveaxis(rgb, -1, -3) for rgb in (self._high, self._low))
        return HybridClip(high, low, *self._pts)


def _read(
    video: Source, preprocess: Preprocess, spans: Sequence[Span], rng: np.random.Generator | None
) -> Iterator[HybridClip]:
    for job in run(video, [_HybridJob(video, preprocess, span, rng) for span in spans]):
        yield job.clip()

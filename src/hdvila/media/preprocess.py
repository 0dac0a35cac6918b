"""From a video file to what the model sees, and the settings of it that are saved with a model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from math import prod
from typing import Any, Literal, get_args

import numpy as np

from hdvila.errors import UsageError
from hdvila.media.in_memory import GivenFrames
from hdvila.media.passes import Source, Span, run, timeline, within
from hdvila.media.picture import Picture
from hdvila.media.sampling import HybridSampling, hybrid_indices
from hdvila.media.video import open_video
from hdvila.media.view import RATIO, Fit, Look, View, look_at
from hdvila.types import NOT_IN_VECTORS, HybridClip, Pixels

Streams = Literal["hybrid", "high", "low"]
"""Both resolutions, HR middle frames alone, or LR neighbours alone."""
ClipPixels = tuple[Pixels | None, Pixels | None]
"""HR and LR pictures, as `HybridClip` has them."""


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How clips become model input.

    A clip is laid on a timeline of `fps` frames a second. HR middle frames stand at its multiples of `hr_every` and are
    `height` x `width` pixels (multiples of 64); LR neighbours have a quarter of that each way. `segments`, `neighbours`
    and `rate` (in timeline frames) are those of `HybridSampling`. `streams` says which of the two a model
    reads; without neighbours there are no LR frames either. `fit` says whether a window is cut out of the picture
    (``"crop"``, nine eighths of the window's size) or the whole of it is padded to the window (``"pad"``). `flip` is
    how often training sees a clip with left and right exchanged, 0..1; evaluation never does. `enlarged` middle frames
    have no detail of their own: they are LR frames, cut as the neighbours are and made four times as large by bicubic
    interpolation (the paper's zero-shot setting, D.2).
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
    enlarged: bool = False

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

    @property
    def shapes(self) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
        """Of `HybridClip.high` and `.low`; None for what is not read."""
        high = (self.segments, 3, self.height, self.width)
        low = (self.segments, 2 * self.neighbours, 3, self.height // RATIO, self.width // RATIO)
        return high if self.reads_high else None, low if self.reads_low else None

    def room(self, *clips: int) -> ClipPixels:
        """New memory of these `shapes` for one clip or for so many; the three colours of a pixel lie side by side.

        Both streams lie in one piece: the larger a piece, the cheaper its pages.
        """
        sizes = [0 if shape is None else prod((*clips, *shape)) for shape in self.shapes]
        memory = np.empty(sum(sizes), np.uint8)

        def part(shape: tuple[int, ...] | None, memory: Pixels) -> Pixels | None:
            if shape is None:
                return None
            *before, colours, height, width = shape
            return np.moveaxis(memory.reshape(*clips, *before, height, width, colours), -1, -3)

        return part(self.shapes[0], memory[: sizes[0]]), part(self.shapes[1], memory[sizes[0] :])

    def look(self, height: int, width: int, *, tiled: bool = True) -> Look:
        """How a picture of this size is seen without chance in it.

        Of 9:16 a crop to 16:10 shows 28 %. Training and published protocols crop, as the papers do; one's own videos
        are seen through several windows, of which each is what training would show.

        Args:
            tiled: as many windows as show four fifths of the picture; else the one in the middle.
        """
        return look_at((height, width), self.height, self.width, self.fit, tiled=tiled)

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


def read_hybrids(
    path: str | os.PathLike[str],
    preprocess: Preprocess,
    spans: Sequence[Span],
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
    source: str | os.PathLike[str] | GivenFrames,
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
    if not isinstance(source, GivenFrames):
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
        self, video: Source, preprocess: Preprocess, span: Span, rng: np.random.Generator | None, view: View | None
    ) -> None:
        shown = video.indices_at(timeline(*within(video, span), preprocess.fps))
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

    def put(self, picture: Picture) -> None:
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
    spans: Sequence[Span],
    rng: np.random.Generator | None,
    views: Sequence[View] = (),
) -> Iterator[HybridClip]:
    looks: Sequence[View | None] = views or [None]
    for job in run(video, [_HybridJob(video, preprocess, span, rng, view) for span in spans for view in looks]):
        yield job.clip()

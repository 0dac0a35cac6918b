"""The settings by which clips become what the model sees, saved with it: hybrid sampling, window, sizes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import prod
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from hdvila.errors import UsageError
from hdvila.media.frame_source import Arrays, FrameClip, Request, Sampled
from hdvila.media.view import ZOOM, Fit, Look, Seen, View, look_at
from hdvila.models.hdvila.sampling import RATIO, ClipPixels, HybridClip, HybridSampling, hybrid_indices
from hdvila.models.inputs import stack_arrays
from hdvila.settings import from_json
from hdvila.types import NOT_IN_VECTORS, Pixels

__all__ = ["Preprocess", "Streams"]

Streams = Literal["hybrid", "high", "low"]
"""Both resolutions, HR middle frames alone, or LR neighbours alone."""
STORED_PER_CROP = 81 / 64
"""Pixels of a stored frame for each pixel of the training crop (9/8 each way)."""


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

    FIRST_SETTINGS: ClassVar[frozenset[str]] = frozenset(
        ["height", "width", "segments", "neighbours", "rate", "fps", "hr_every", "streams", "fit", "flip"]
    )
    """Those that version 1 of a library's fingerprint knew (`hdvila.hub.identity`)."""

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

    def sample(
        self,
        clip: FrameClip,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Sampled:
        """One HR frame and its 2N LR neighbours for each segment (`hdvila.media.frame_source.Sampler.sample`).

        Raises:
            UsageError: the clip is of a store of other rates, or `into` has other shapes than `room` gives.
        """
        self._check_rates(clip)
        middle_S, others_SN = hybrid_indices(clip.ticks(self.fps), self.sampling, rng, self.hr_every)
        view = view or View.draw(rng, self.fit, self.flip)
        high, low = (None, None) if into is None else self._checked(into)
        own = "lr" if self.enlarged else "hr"
        small = Seen(view, self.height // RATIO, self.width // RATIO)
        enlarged = replace(small, enlarged=RATIO)
        large = enlarged if self.enlarged else Seen(view, self.height, self.width, grid=RATIO)
        middle, others = (clip.frames_at(own, middle_S, self.fps), clip.frames_at("lr", others_SN.ravel(), self.fps))
        pts = clip.pts_seconds(own, middle), clip.pts_seconds("lr", others).reshape(others_SN.shape)
        requests = []
        if self.reads_high:
            requests.append(Request(own, middle, large, _frames_of(high)))
        if self.reads_low:
            requests.append(Request("lr", others, small, _frames_of(low)))

        def finish(frames: Sequence[Pixels]) -> HybridClip:
            left = iter(frames)
            high_S3HW = np.moveaxis(next(left), -1, -3) if self.reads_high else None
            low_S = next(left).reshape(*others_SN.shape, *small.size, 3) if self.reads_low else None
            return HybridClip(high_S3HW, None if low_S is None else np.moveaxis(low_S, -1, -3), *pts)

        return Sampled(tuple(requests), finish)

    def _check_rates(self, clip: FrameClip) -> None:
        lr, hr = clip.rate("lr"), clip.rate("hr")
        if lr is None or hr is None:
            return
        step = round(lr / hr)
        if self.fps != lr or (not self.enlarged and self.hr_every % step):
            raise UsageError(
                f"{clip.name}: holds {lr:g} LR frames a second, 1 in {step} also HR; the model's preprocessing asks "
                f"for {self.fps:g}, 1 in {self.hr_every}; match fps and hr_every"
            )

    def _checked(self, into: Arrays) -> ClipPixels:
        """`into`, if its shapes are right."""
        given = tuple(None if room is None else room.shape for room in into)
        if given != self.shapes:
            raise UsageError(f"a clip of {self.shapes} cannot be put into {given}: use Preprocess.room()")
        high, low = into
        return high, low

    def look(self, height: int, width: int, *, tiled: bool = True) -> Look:
        """How a picture of this size is seen without chance in it.

        Of 9:16 a crop to 16:10 shows 28 %. Training and published protocols crop, as the papers do; one's own videos
        are seen through several windows, of which each is what training would show.

        Args:
            tiled: as many windows as show four fifths of the picture; else the one in the middle.
        """
        return look_at((height, width), self.height, self.width, self.fit, tiled=tiled, grid=RATIO)

    def collate(self, clips: Iterable[HybridClip]) -> ClipPixels:
        """(B, S, 3, H, W) and (B, S, 2N, 3, H/4, W/4) of clips of one shape."""
        high, low = stack_arrays(clips)
        return high, low

    # ---- what others ask of it

    @property
    def frames_read(self) -> dict[str, int]:
        """Frames of each stream that a clip takes."""
        middle = self.segments * self.reads_high
        others = 2 * self.neighbours * self.segments * self.reads_low
        return {"lr": middle + others} if self.enlarged else {"hr": middle, "lr": others}

    @property
    def stored(self) -> dict[str, tuple[float, int]]:
        """What a store made for it keeps: by stream, frames a second and pixels of one."""
        pixels = int(self.height * self.width * STORED_PER_CROP)
        return {"hr": (self.fps / self.hr_every, pixels), "lr": (self.fps, pixels // RATIO**2)}

    @property
    def least_lines(self) -> dict[str, int]:
        """`enlarged` middle frames are blurred if the store's LR frames have fewer lines than the window asks for."""
        return {"lr": math.ceil(self.height // RATIO * ZOOM)} if self.enlarged else {}

    def at_rates(self, rates: Mapping[str, float]) -> Preprocess:
        """The same seconds between frames on a store of these rates; unchanged where it lacks HD-VILA's streams."""
        if not {"lr", "hr"} <= rates.keys():  # reading its clips says which streams it has
            return self
        fps, hr_every = rates["lr"], round(rates["lr"] / rates["hr"])
        if self.fps == fps and (self.enlarged or self.hr_every % hr_every == 0):
            return self
        rate = max(1, round(self.rate * fps / self.fps)) if self.rate else 0
        return replace(self, fps=fps, hr_every=1 if self.enlarged else hr_every, rate=rate)

    def in_segments(self, count: int | None) -> Preprocess:
        """As a model of a benchmark looks once it is trained; None: no benchmark."""
        return self if count is None else replace(self, segments=count, flip=0.0)

    def in_words(self) -> Iterator[tuple[str, str]]:
        """(what, how much of it), for people."""
        if self.reads_high:
            detail = ", LR frames enlarged" if self.enlarged else ""
            yield "HR", f"1 frame a segment of {self.height}x{self.width}{detail}"
        if self.reads_low:
            count, apart = 2 * self.neighbours, self.rate / self.fps
            size = f"{self.height // RATIO}x{self.width // RATIO}"
            yield "LR", f"{count} frames a segment of {size}, {apart:.3g} s apart"
            yield "a segment spans", f"{count * apart:.3g} s, in a clip that is long enough"

    def __str__(self) -> str:
        segments = "1 segment" if self.segments == 1 else f"{self.segments} segments"
        flip = f", mirrored in {self.flip:.0%} of the showings" if self.flip else ""
        enlarged = " (LR frames enlarged)" if self.enlarged else ""
        return (
            f"{segments} of {2 * self.neighbours + 1} frames, {self.rate} of 1/{self.fps:g} s apart, HR "
            f"{self.height}x{self.width}{enlarged}, LR {self.height // RATIO}x{self.width // RATIO}{flip}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocess:
        """The inverse of `to_dict`.

        Raises:
            UsageError: a key that does not exist or a value that cannot be used.
        """
        return from_json(cls, values, "preprocess")


def _frames_of(room: Pixels | None) -> Pixels | None:
    """(..., 3, H, W) of `Preprocess.room` as (n, H, W, 3), the same memory."""
    if room is None:
        return None
    frames = np.moveaxis(room, -3, -1)
    return frames.reshape(-1, *frames.shape[-3:])

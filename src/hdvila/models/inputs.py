"""How systems look at clips: what every system's inputs answer, and what most have in common.

Legend: B clips, S segments of a clip, F frames, h w pixels of what the model sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from hdvila.media.frame_source import Arrays, Sampler
from hdvila.settings import from_json
from hdvila.types import Frames, Pixels, Seconds

__all__ = ["ClipInputs", "FrameInputs", "Inputs", "SeenFrames"]


class ClipInputs(Protocol):
    """A clip as a system sees it."""

    @property
    def arrays(self) -> Arrays:
        """What the model reads, one array for each of its arguments."""

    @property
    def times(self) -> Any:
        """(S, F) when its frames appear, a row for each segment, in order of time; seconds."""

    def frames(self) -> dict[str, Any]:
        """The `hdvila.types.Frames` that it saw, by stream, for people to look at."""


class Inputs(Sampler, Protocol):
    """How a system looks at clips: a frozen dataclass of settings, saved with a model."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def segments(self) -> int:
        """How many stretches of a clip are seen."""

    @property
    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        """Of the arrays of one clip, the largest where they vary; None for what is not read."""

    @property
    def frames_read(self) -> Mapping[str, int]:
        """Frames of each stream that a clip takes."""

    @property
    def stored(self) -> Mapping[str, tuple[float, int]]:
        """What a store made for it keeps: by stream, frames a second and pixels of one."""

    @property
    def least_lines(self) -> Mapping[str, int]:
        """Lines on the short side, by stream, below which a stored frame is enlarged to be seen; {} where that is as it
        should be."""

    def room(self, *clips: int) -> Arrays | None:
        """New memory for one clip or for so many; None where clips have different shapes."""

    def collate(self, clips: Iterable[Any]) -> Arrays:
        """Clips as one batch."""

    def at_rates(self, rates: Mapping[str, float]) -> Inputs:
        """The same seconds between frames on a store of so many frames a second, by stream."""

    def in_segments(self, count: int | None) -> Inputs:
        """As a model of a benchmark looks once it is trained: so many segments, nothing mirrored.

        Args:
            count: None: there is no benchmark, and nothing changes.
        """

    def in_words(self) -> Iterator[tuple[str, str]]:
        """(what, how much of it), for people."""

    def to_dict(self) -> dict[str, Any]: ...

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Inputs: ...


@dataclass(frozen=True, slots=True)
class SeenFrames:
    """A clip as a system sees it that reads one row of frames: ``rgb`` (F, 3, h, w) and their times (F,)."""

    rgb: Pixels
    pts_seconds: Seconds

    @property
    def arrays(self) -> Arrays:
        """What the model reads."""
        return (self.rgb,)

    @property
    def times(self) -> Seconds:
        """(1, F)."""
        return self.pts_seconds[None]

    def frames(self) -> dict[str, Frames]:
        """The frames, for people to look at."""
        return {"frames": Frames(np.moveaxis(self.rgb, 1, -1), self.pts_seconds)}


class FrameInputs:
    """What most systems' inputs have in common: a frozen dataclass inherits it and gives `sample`, `look`, `shapes`,
    `frames_read` and `in_words`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def segments(self) -> int:
        """One stretch: all of the clip."""
        return 1

    @property
    def stored(self) -> Mapping[str, tuple[float, int]]:
        """Nothing is known of a store made for it."""
        return {}

    @property
    def least_lines(self) -> Mapping[str, int]:
        """Frames may be enlarged."""
        return {}

    def room(self, *clips: int) -> Arrays | None:
        """No place is made ahead."""
        return None

    def collate(self, clips: Iterable[Any]) -> Arrays:
        """Clips of one shape as one batch."""
        columns = zip(*(clip.arrays for clip in clips), strict=True)
        return tuple(np.stack(column) for column in columns)

    def at_rates(self, rates: Mapping[str, float]) -> Any:
        """It asks for times, whatever the rates."""
        return self

    def in_segments(self, count: int | None) -> Any:
        """It has no segments."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Any:
        """The inverse of `to_dict`.

        Raises:
            UsageError: a key that is not a setting, or a value that cannot be used.
        """
        return from_json(cls, values, "preprocess")

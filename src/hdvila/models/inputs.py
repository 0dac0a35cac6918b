"""Model inputs: how a system samples frames from a clip and turns them into arrays.

`Inputs` is the interface. A system whose model reads one tensor of frames inherits `FrameInputs`, which implements most
of it, and returns `SeenFrames`; one with several arguments, such as HD-VILA, implements `Inputs` and `ClipInputs`.

Legend: B clips, S segments of a clip, F frames of a segment, h w height and width of what the model reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from hdvila.media.frame_source import Arrays, Sampler
from hdvila.settings import from_json
from hdvila.types import Frames, Pixels, Seconds

__all__ = ["ClipInputs", "FrameInputs", "Inputs", "SeenFrames", "stack_arrays"]


class ClipInputs(Protocol):
    """One clip as a model reads it: what `Inputs.sample` returns in the end."""

    @property
    def arrays(self) -> Arrays:
        """One array for each video argument of the model, without a batch dimension, such as (F, 3, h, w) uint8."""

    @property
    def times(self) -> Any:
        """(S, F) presentation times of the frames in seconds, one row per segment, ascending."""

    def frames(self) -> dict[str, Any]:
        """The sampled frames by stream (`hdvila.types.Frames`), for previews."""


class Inputs(Sampler, Protocol):
    """The settings of sampling and preprocessing: a frozen dataclass that is saved with a model.

    Inherits `sample` and `look` from `hdvila.media.frame_source.Sampler`; `Sampled.finish` returns a `ClipInputs`.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def segments(self) -> int:
        """Segments of a clip that the model reads, 1 or more."""

    @property
    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        """The shape of each array of a clip (`ClipInputs.arrays`), the largest if it varies; None for an array that is
        not read. For example ``((4, 3, 224, 224),)``."""

    @property
    def frames_read(self) -> Mapping[str, int]:
        """Frames that a clip takes from each stream, such as ``{"hr": 2, "lr": 12}``."""

    @property
    def stored(self) -> Mapping[str, tuple[float, int]]:
        """What a store made for these inputs holds, to estimate its size: by stream, (frames per second, pixels per
        frame), such as ``{"hr": (2.0, 921_600)}``; {} if unknown."""

    @property
    def least_lines(self) -> Mapping[str, int]:
        """By stream, the short side in pixels below which stored frames would be upsampled, which users are warned of;
        {} if upsampling is intended."""

    def room(self, *clips: int) -> Arrays | None:
        """Uninitialised arrays for one clip, or with ``room(B)`` for B clips; None if clips differ in shape."""

    def collate(self, clips: Iterable[Any]) -> Arrays:
        """Join clips (`ClipInputs`) to one batch: each array gets a leading dimension B."""

    def at_rates(self, rates: Mapping[str, float]) -> Inputs:
        """These inputs for a store with other frame rates; the seconds between frames stay the same.

        Args:
            rates: frames per second of the store, by stream.
        """

    def in_segments(self, count: int | None) -> Inputs:
        """These inputs for evaluation on a benchmark: `count` segments and no random mirroring.

        Args:
            count: None leaves everything as it is (pre-training).
        """

    def in_words(self) -> Iterator[tuple[str, str]]:
        """(title, description) pairs for ``train --show``, such as ``("frames", "4 of 32x32")``."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by field."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Inputs:
        """The inverse of `to_dict`."""


@dataclass(frozen=True, slots=True)
class SeenFrames:
    """A `ClipInputs` for models with one video argument.

    Attributes:
        rgb: (F, 3, h, w) uint8, 0..255.
        pts_seconds: (F,) presentation times in seconds.
    """

    rgb: Pixels
    pts_seconds: Seconds

    @property
    def arrays(self) -> Arrays:
        """``rgb`` alone."""
        return (self.rgb,)

    @property
    def times(self) -> Seconds:
        """(1, F) seconds: one segment."""
        return self.pts_seconds[None]

    def frames(self) -> dict[str, Frames]:
        """All frames under the one name ``frames``, for previews."""
        return {"frames": Frames(np.moveaxis(self.rgb, 1, -1), self.pts_seconds)}


class FrameInputs:
    """Defaults of `Inputs` for models that read one tensor of frames.

    A frozen dataclass inherits it and must give `sample`, `look`, `shapes`, `frames_read` and `in_words`;
    ``tests/systems/frame_mean.py`` is an example.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def segments(self) -> int:
        """1: the whole clip."""
        return 1

    @property
    def stored(self) -> Mapping[str, tuple[float, int]]:
        """{}: the size of a store is unknown."""
        return {}

    @property
    def least_lines(self) -> Mapping[str, int]:
        """{}: upsampling is intended."""
        return {}

    def room(self, *clips: int) -> Arrays | None:
        """None: arrays are allocated clip by clip."""
        return None

    def collate(self, clips: Iterable[Any]) -> Arrays:
        """Stack the arrays of the clips, which must have equal shapes: (B, F, 3, h, w); None stays None."""
        return stack_arrays(clips)

    def at_rates(self, rates: Mapping[str, float]) -> Any:
        """Itself: it samples by time, so rates do not matter."""
        return self

    def in_segments(self, count: int | None) -> Any:
        """Itself: there is one segment and no mirroring."""
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


def stack_arrays(clips: Iterable[Any]) -> Arrays:
    """Each array of the clips along a new first axis; None where no clip has it.

    Raises:
        ValueError: some clips have an array that others lack, or arrays of other shapes.
    """
    columns = zip(*(clip.arrays for clip in clips), strict=True)
    return tuple(None if all(one is None for one in column) else np.stack(column) for column in columns)

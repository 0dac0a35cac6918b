"""Other ways of looking at the same clips, to learn what an answer rests on.

Legend: S segments, N neighbours on each side, H W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from hdvila.data.source import ClipSource
from hdvila.media import resize
from hdvila.types import Clip, Pixels

__all__ = ["VARIANTS", "Variant", "variant"]

RATIO = 4


class Variant(Protocol):
    """Changes a clip; `i`, its number, is all that chance may depend on."""

    def __call__(self, clip: Any, i: int) -> Any: ...


def shuffled(clip: Any, i: int) -> Any:
    """LR frames in random order."""
    if clip.low is None:
        return clip
    order = np.random.default_rng([i, 7]).permutation(clip.low.shape[1])
    return replace(clip, low=np.ascontiguousarray(clip.low[:, order]))


def one_frame(clip: Any, i: int) -> Any:
    """All LR frames are one of them, drawn at random; the HR frame stays the middle one."""
    if clip.low is None:
        return clip
    count = clip.low.shape[1]
    chosen = int(np.random.default_rng([i, 8]).integers(count))
    return replace(clip, low=np.repeat(clip.low[:, chosen : chosen + 1], count, axis=1))


def without_detail(clip: Any, i: int) -> Any:
    """The HR frame as it is after shrinking to LR and enlarging."""
    if clip.high is None:
        return clip
    return replace(clip, high=np.stack([_through_low_resolution(rgb_3HW) for rgb_3HW in clip.high]))


def _through_low_resolution(rgb_3HW: Pixels) -> Pixels:
    rgb_HW3 = np.ascontiguousarray(rgb_3HW.transpose(1, 2, 0))
    height, width = rgb_HW3.shape[:2]
    return np.ascontiguousarray(
        resize(resize(rgb_HW3, height // RATIO, width // RATIO), height, width).transpose(2, 0, 1)
    )


VARIANTS: dict[str, Variant] = {"shuffled": shuffled, "one frame": one_frame, "no detail": without_detail}


def variant(name: str) -> Callable[[ClipSource], ClipSource] | None:
    """What `hdvila.evaluate.checkpoint.evaluate_checkpoint` looks through; None for the clips as they are (``""``)."""
    return (lambda source: _Changed(source, VARIANTS[name])) if name else None


class _Changed:
    """A source whose clips are changed by a look."""

    def __init__(self, source: ClipSource, change: Variant) -> None:
        self._source, self._change = source, change

    @property
    def clips(self) -> Sequence[Clip]:
        return self._source.clips

    def sample(self, i: int, inputs: Any, /, rng: np.random.Generator | None = None) -> Any:
        return self._change(self._source.sample(i, inputs, rng), i)

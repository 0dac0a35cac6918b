"""The same clips with something removed, to learn what an answer depends on: frame order, movement or detail.

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
"""HR size over LR size."""


class Variant(Protocol):
    """Changes a clip; its number `i` alone seeds what is random."""

    def __call__(self, clip: Any, i: int) -> Any: ...


def shuffled(clip: Any, i: int) -> Any:
    """The LR frames in random order."""
    if clip.low is None:
        return clip
    order = np.random.default_rng([i, 7]).permutation(clip.low.shape[1])
    return replace(clip, low=np.ascontiguousarray(clip.low[:, order]))


def one_frame(clip: Any, i: int) -> Any:
    """One LR frame, drawn at random, in place of all of them; the HR frame stays."""
    if clip.low is None:
        return clip
    count = clip.low.shape[1]
    chosen = int(np.random.default_rng([i, 8]).integers(count))
    return replace(clip, low=np.repeat(clip.low[:, chosen : chosen + 1], count, axis=1))


def without_detail(clip: Any, i: int) -> Any:
    """The HR frame shrunk to LR size and enlarged again."""
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
    """The argument `through` of `hdvila.evaluate.evaluation.evaluate_checkpoint`; None (unchanged clips) for ``""``."""
    return (lambda source: _Changed(source, VARIANTS[name])) if name else None


class _Changed:
    """A source whose clips are changed by a variant."""

    def __init__(self, source: ClipSource, change: Variant) -> None:
        self._source, self._change = source, change

    @property
    def clips(self) -> Sequence[Clip]:
        return self._source.clips

    def sample(self, i: int, inputs: Any, /, rng: np.random.Generator | None = None) -> Any:
        return self._change(self._source.sample(i, inputs, rng), i)

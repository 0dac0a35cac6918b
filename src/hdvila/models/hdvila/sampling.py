"""Which frames of a clip the model sees: hybrid sampling (Xue et al. 2022, section 4.1, and the released code's rule).

A segment is one middle frame in high resolution and N neighbours on each side in low resolution, `rate` frames apart.
Where the released rule is defined we draw exactly its frames; where it fails (clips shorter than their segments, a rate
that shrinks below zero) frames repeat and stay inside the clip.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.types import Frames, Pixels, Seconds

__all__ = ["RATIO", "ClipPixels", "HybridClip", "HybridSampling", "hybrid_indices"]

RATIO = 4
"""How many HR pixels lie along one LR pixel."""

ClipPixels = tuple[Pixels | None, Pixels | None]
"""HR and LR frames, as `HybridClip` has them."""

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HybridSampling:
    """`segments` S middle frames, `neighbours` N on each side of one, `rate` frames between two neighbours."""

    segments: int = 2
    neighbours: int = 3
    rate: int = 4

    def __post_init__(self) -> None:
        if self.segments < 1 or self.neighbours < 0 or self.rate < 0:
            raise UsageError(f"{self} cannot be sampled: segments at least 1, neighbours and rate at least 0")


def hybrid_indices(
    total: int, sampling: HybridSampling, rng: np.random.Generator | None = None, every: int = 1
) -> tuple[Indices, Indices]:
    """Choose the frames of a clip of `total` frames -> (middle (S,), others (S, 2N)), all within ``0..total-1``.

    Middle frames are taken from ``N r .. total - N r - 1``: with `rng` S different ones at random, in order of time;
    without it those at every ``len // S``-th place, counted from the first (evaluation). If fewer than S frames lie
    there, r shrinks to the largest rate that leaves S. With r = 0 the neighbours are copies of the middle frame. A clip
    of fewer than S frames repeats them.

    Args:
        total: frames of the clip, at least 1.
        sampling: S, N and r.
        rng: draws the training choice; None is the evaluation rule.
        every: take middle frames only at multiples of this (where high-resolution frames exist). Then segments repeat
            a middle frame before r falls to 0, so that short clips still show motion.

    Raises:
        UsageError: `total` or `every` below 1.
    """
    if total < 1 or every < 1:
        raise UsageError(f"cannot sample {total} frames at every {every}: both must be at least 1")
    rate, candidates = _candidates(total, sampling, every)
    middle = _choose(candidates, sampling.segments, rng)
    steps = [n for n in range(-sampling.neighbours, sampling.neighbours + 1) if n]
    others = middle[:, None] + rate * np.array(steps, np.int64)[None, :]
    return middle, others


def _candidates(total: int, sampling: HybridSampling, every: int) -> tuple[int, Indices]:
    """The rate to use and the middle frames to choose from."""
    segments, sides = sampling.segments, sampling.neighbours
    multiples = np.arange(0, total, every, dtype=np.int64)
    if sides == 0:
        return 0, multiples

    def within(rate: int) -> Indices:
        return multiples[(multiples >= sides * rate) & (multiples < total - sides * rate)]

    highest = min(sampling.rate, total // (2 * sides))
    for rate in range(highest, 0, -1):
        if len(within(rate)) >= segments:
            return rate, within(rate)
    if every > 1 and sampling.rate > 0 and len(within(1)):
        return 1, within(1)
    return 0, multiples


def _choose(candidates: Indices, segments: int, rng: np.random.Generator | None) -> Indices:
    count = len(candidates)
    if count < segments:  # every candidate, some of them more than once
        return candidates[np.arange(segments) * count // segments]
    if rng is None:
        return candidates[np.arange(segments) * (count // segments)]
    return np.sort(rng.choice(candidates, segments, replace=False))


@dataclass(frozen=True, slots=True, repr=False)
class HybridClip:
    """What the model sees of a clip: S middle frames in high resolution, 2N neighbours of each in low resolution.

    ``high`` is (S, 3, H, W) or None, ``low`` is (S, 2N, 3, H/4, W/4) or None, both uint8 RGB, neighbours in order
    of time (N before the middle frame, then N after it). ``high_pts`` is (S,), ``low_pts`` is (S, 2N), in seconds.
    """

    high: Pixels | None
    low: Pixels | None
    high_pts: Seconds = field(default_factory=lambda: np.zeros(0))
    low_pts: Seconds = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        if self.high is None and self.low is None:
            raise ValueError("a hybrid clip needs high or low frames, got neither")
        if self.high is not None and (self.high.ndim != 4 or self.high.shape[1] != 3):
            raise ValueError(f"high must be (S, 3, H, W), got {self.high.shape}")
        if self.low is not None and (self.low.ndim != 5 or self.low.shape[2] != 3):
            raise ValueError(f"low must be (S, 2N, 3, h, w), got {self.low.shape}")

    def __repr__(self) -> str:
        shape = {k: None if v is None else v.shape for k, v in (("high", self.high), ("low", self.low))}
        return f"HybridClip(high={shape['high']}, low={shape['low']})"

    @property
    def arrays(self) -> ClipPixels:
        """What `HDVILA` reads: `high` and `low`."""
        return self.high, self.low

    @property
    def times(self) -> Seconds:
        """(S, F) when the frames of each segment appear, in order."""
        columns = ([] if self.low is None else [self.low_pts]) + [self.high_pts[:, None]]
        return np.sort(np.concatenate(columns, axis=1), axis=1)

    def frames(self) -> dict[str, Frames]:
        """The frames of both streams, ``hr`` and ``lr``, as far as they are there, as people look at them."""
        found = {}
        if self.high is not None:
            found["hr"] = Frames(np.moveaxis(self.high, 1, -1), self.high_pts)
        if self.low is not None:
            rgb = np.moveaxis(self.low, 2, -1)
            found["lr"] = Frames(rgb.reshape(-1, *rgb.shape[2:]), self.low_pts.ravel())
        return found

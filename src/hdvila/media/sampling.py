"""Which frames of a clip the model sees: hybrid sampling (Xue et al. 2022, section 4.1, and the released code's rule).

A segment is one middle frame in high resolution and N neighbours on each side in low resolution, `rate` frames apart.
Where the released rule is defined we draw exactly its frames; where it fails (clips shorter than their segments, a rate
that shrinks below zero) frames repeat and stay inside the clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError

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

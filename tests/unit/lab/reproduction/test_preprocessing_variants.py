"""Other ways of looking at a clip."""

from __future__ import annotations

import numpy as np

from hdvila.lab.reproduction.preprocessing_variants import VARIANTS
from hdvila.models.hdvila.sampling import HybridClip

RNG = np.random.default_rng(0)
CLIP = HybridClip(
    RNG.integers(0, 256, (2, 3, 64, 64)).astype(np.uint8), RNG.integers(0, 256, (2, 10, 3, 16, 16)).astype(np.uint8)
)


def test_shuffled_frames_are_the_same_frames_in_another_order() -> None:
    changed = VARIANTS["shuffled"](CLIP, 3)
    assert changed.high is CLIP.high
    assert changed.low is not None
    assert CLIP.low is not None
    assert not np.array_equal(changed.low, CLIP.low)
    assert sorted(map(bytes, changed.low[0])) == sorted(map(bytes, CLIP.low[0]))
    assert np.array_equal(changed.low, VARIANTS["shuffled"](CLIP, 3).low), "chance depends on the clip's number alone"


def test_one_frame_stands_still() -> None:
    changed = VARIANTS["one frame"](CLIP, 0)
    assert changed.low is not None
    assert CLIP.low is not None
    shown = [n for n in range(10) if (changed.low == CLIP.low[:, n : n + 1]).all()]
    assert len(shown) == 1, "all frames are one of the clip's"


def test_without_detail_the_small_frame_stays_what_it_was() -> None:
    noisy = VARIANTS["no detail"](CLIP, 0)
    assert noisy.high is not None
    assert CLIP.high is not None
    assert noisy.high.shape == CLIP.high.shape
    assert noisy.high.std() < CLIP.high.std() / 3, "the fine pattern is gone"
    flat = HybridClip(np.full((1, 3, 64, 64), 77, np.uint8), None)
    assert (VARIANTS["no detail"](flat, 0).high == 77).all()
    assert VARIANTS["shuffled"](flat, 0).low is None

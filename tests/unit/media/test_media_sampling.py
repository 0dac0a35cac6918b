"""Hybrid sampling: the released rule where it is defined, frames inside the clip everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.errors import UsageError
from hdvila.models.hdvila.sampling import HybridSampling, hybrid_indices

CASES = json.loads((Path(__file__).parents[2] / "goldens" / "hdvila_frame_indices.json").read_text())
SAMPLINGS = st.builds(HybridSampling, st.integers(1, 9), st.integers(0, 7), st.integers(0, 12))


def sampling_of(case: dict[str, int]) -> HybridSampling:
    return HybridSampling(case["n_clips"], (case["num_frm"] - 1) // 2, case["sample_rate"])


def is_defined(case: dict[str, object]) -> bool:
    """The released code neither raised nor left the clip."""
    return "error" not in case and min(case["all"]) >= 0  # type: ignore[call-overload]


@pytest.mark.parametrize("case", [c for c in CASES if is_defined(c)], ids=lambda c: f"{c['task']}-{c['total_frames']}")
def test_evaluation_rule_equals_the_released_one(case: dict[str, list[int]]) -> None:
    middle, others = hybrid_indices(case["total_frames"], sampling_of(case))  # type: ignore[arg-type]
    assert middle.tolist() == case["middle"]
    assert others.ravel().tolist() == case["others"]


def test_where_the_released_rule_fails_frames_repeat_inside_the_clip() -> None:
    """It raises for retrieval clips that would need r = 0, and counts from the end for clips shorter than S."""
    undefined = [c for c in CASES if not is_defined(c)]
    assert len(undefined) == 4
    for case in undefined:
        middle, others = hybrid_indices(case["total_frames"], sampling_of(case))
        assert (others == middle[:, None]).all()
        assert middle.min() >= 0
        assert middle.max() < case["total_frames"]
    assert hybrid_indices(8, HybridSampling(4, 3, 4))[0].tolist() == [0, 2, 4, 6]  # as the released QA code has it
    assert hybrid_indices(6, HybridSampling(8, 3, 4))[0].tolist() == [0, 0, 1, 2, 3, 3, 4, 5]


@given(st.integers(1, 200), SAMPLINGS, st.integers(1, 12), st.one_of(st.none(), st.integers(0, 2**32)))
def test_frames_lie_inside_and_stand_in_order(
    total: int, sampling: HybridSampling, every: int, seed: int | None
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    middle, others = hybrid_indices(total, sampling, rng, every)
    assert middle.shape == (sampling.segments,)
    assert others.shape == (sampling.segments, 2 * sampling.neighbours)
    frames = np.concatenate([middle, others.ravel()])
    assert frames.min() >= 0
    assert frames.max() < total
    assert (middle % every == 0).all()
    assert (np.diff(middle) >= 0).all()
    steps = np.diff(np.sort(np.concatenate([middle[:, None], others], axis=1), axis=1), axis=1)
    assert len(np.unique(steps)) <= 1  # one rate, the same everywhere
    assert steps.max(initial=0) <= sampling.rate
    if total >= sampling.segments * every:
        available = len(range(0, total, every))
        if every == 1 and available >= sampling.segments:
            assert len(set(middle.tolist())) == sampling.segments


@given(st.integers(1, 200), SAMPLINGS, st.integers(0, 2**32))
def test_training_draws_come_from_the_candidates_of_the_evaluation(
    total: int, sampling: HybridSampling, seed: int
) -> None:
    _, evaluated = hybrid_indices(total, sampling)
    _, drawn = hybrid_indices(total, sampling, np.random.default_rng(seed))
    assert (np.diff(drawn, axis=1)[0] == np.diff(evaluated, axis=1)[0]).all()


def test_training_draws_reach_every_candidate() -> None:
    rng = np.random.default_rng(0)
    seen = {int(m) for _ in range(400) for m in hybrid_indices(30, HybridSampling(2, 3, 4), rng)[0]}
    assert seen == set(range(12, 18))


def test_short_clips_with_sparse_middles_still_show_motion() -> None:
    middle, others = hybrid_indices(9, HybridSampling(4, 3, 4), every=5)
    assert middle.tolist() == [5, 5, 5, 5]
    assert others[0].tolist() == [2, 3, 4, 6, 7, 8]


def test_one_frame() -> None:
    middle, others = hybrid_indices(1, HybridSampling(2, 3, 4))
    assert middle.tolist() == [0, 0]
    assert (others == 0).all()


@pytest.mark.parametrize("wrong", [(0, 3, 4), (2, -1, 4), (2, 3, -1)])
def test_impossible_settings_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError):
        HybridSampling(*wrong)
    with pytest.raises(UsageError):
        hybrid_indices(0, HybridSampling())

"""Intervals: they hold what they should hold, groups stay together, medians are medians."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hdvila.errors import UsageError
from hdvila.evaluate.metrics.bootstrap import Resampling


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    values = np.arange(1000) < 356
    low, high = Resampling(range(1000), resamples=4000).share(values)
    spread = 1.96 * (0.356 * 0.644 / 1000) ** 0.5
    assert low == pytest.approx(0.356 - spread, abs=0.004)
    assert high == pytest.approx(0.356 + spread, abs=0.004)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    draw = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        low, high = Resampling(range(300), 400, seed).share(draw.random(300) < 0.4)
        hits += low <= 0.4 <= high
    assert 180 <= hits <= 198


@pytest.mark.parametrize(("right", "low", "high"), [([1] * 8, 0.6756, 1.0), ([0] * 8, 0.0, 0.3244)])
def test_all_of_few_is_not_certain(right: list[int], low: float, high: float) -> None:
    """Wilson's interval, by hand: 8 / (8 + 1.96^2)."""
    assert Resampling(range(8)).share(right) == pytest.approx((low, high), abs=1e-4)
    assert Resampling([0] * 8).share(right) == pytest.approx((0.2065, 1.0) if right[0] else (0.0, 0.7935), abs=1e-4)


def test_shares_cover_the_truth_near_the_edge_and_in_groups() -> None:
    """Where the percentile bootstrap of 30 values with one in twenty wrong does not: it gives [1, 1] a fifth of the
    time."""
    draw = np.random.default_rng(0)
    hits = grouped = 0
    for seed in range(200):
        low, high = Resampling(range(30), 400, seed).share(draw.random(30) < 0.95)
        hits += low <= 0.95 <= high
        low, high = Resampling([i // 5 for i in range(300)], 400, seed).share(np.repeat(draw.random(60) < 0.8, 5))
        grouped += low <= 0.8 <= high
    assert hits >= 182
    assert 180 <= grouped <= 198


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 5), st.integers(0, 9))
def test_the_interval_of_a_share_holds_it(right: list[bool], a_group: int, seed: int) -> None:
    low, high = Resampling([i // a_group for i in range(len(right))], 100, seed).share(right)
    assert 0 <= low <= np.mean(right) <= high <= 1
    assert low < high


def test_queries_that_share_a_video_are_drawn_together() -> None:
    values = np.repeat(np.arange(50) % 2, 20)  # twenty captions a video, all right or all wrong
    apart, together = Resampling(range(1000)).share(values), Resampling([i // 20 for i in range(1000)]).share(values)
    assert together[1] - together[0] > 3 * (apart[1] - apart[0])


@given(arrays(np.float64, st.integers(1, 30), elements=st.integers(1, 9).map(float)), st.integers(0, 99))
def test_medians_are_those_of_the_drawn_values(values: np.ndarray, seed: int) -> None:  # type: ignore[type-arg]
    count, resamples = len(values), 50
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count), dtype=np.int32)
    expected = np.percentile(np.median(values[drawn], axis=1), (2.5, 97.5))
    assert Resampling(range(count), resamples, seed).median(values) == pytest.approx(tuple(expected))


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(-5, 5)), st.integers(0, 99))
def test_an_interval_lies_within_the_values_and_is_the_same_again(values: np.ndarray, seed: int) -> None:  # type: ignore[type-arg]
    low, high = Resampling(range(len(values)), 100, seed).mean(values)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    assert (low, high) == Resampling(range(len(values)), 100, seed).mean(values)


@pytest.mark.parametrize(("groups", "options"), [([], {}), ([1], {"resamples": 0}), ([1], {"level": 1.0})])
def test_nothing_to_resample_is_refused(groups: list[int], options: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="nothing can be resampled"):
        Resampling(groups, **options)  # type: ignore[arg-type]

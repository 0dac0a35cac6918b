"""Which source a step learns from follows from (seed, step) alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.data.order import _BLOCK, Mixture
from hdvila.errors import UsageError


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=4), st.integers(0, 99), st.integers(1, 3 * _BLOCK))
def test_each_source_counts_its_own_steps(weights: list[float], seed: int, first: int) -> None:
    mixture = Mixture(tuple(weights), seed)
    for step in range(first, first + 40):
        source, own = mixture.at(step)
        later = [at for ahead in range(1, 200) if (at := mixture.at(step + ahead))[0] == source]
        assert not later or later[0][1] == own + 1


def test_sources_are_taken_by_their_weights() -> None:
    mixture = Mixture((3.0, 1.0), seed=5)
    taken = [mixture.at(step) for step in range(1, 2 * _BLOCK + 1)]
    first = sum(source == 0 for source, _ in taken)
    assert first == pytest.approx(0.75 * 2 * _BLOCK, rel=0.03)
    assert max(own for source, own in taken if source == 0) == first, "no step is left out"
    assert Mixture((3.0, 1.0), seed=6).at(7) in [(0, own) for own in range(9)] + [(1, own) for own in range(9)]


def test_one_source_has_all_steps() -> None:
    assert [Mixture().at(step) for step in (1, 2, 99)] == [(0, 1), (0, 2), (0, 99)]


@pytest.mark.parametrize("weights", [(), (1.0, 0.0), (1.0, float("nan")), (float("inf"),)])
def test_weights_are_numbers_above_zero(weights: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="choose finite numbers above 0"):
        Mixture(weights)

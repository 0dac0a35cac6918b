"""Rank metrics: the official numbers, the honest ones, and what must be refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hdvila.errors import UsageError
from hdvila.evaluate.metrics.rank import TieRule, ranks, retrieval_metrics
from tests.parity.formulas import uniform

GOLDENS = json.loads((Path(__file__).parents[2] / "goldens" / "retrieval_metrics.json").read_text())
RULES: tuple[TieRule, ...] = ("pessimistic", "optimistic", "average", "official")


def matrix(golden: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if "matrix" in golden:
        return np.array(golden["matrix"])
    return uniform(golden["name"], (golden["n"], golden["n"])) + golden["diag_boost"] * np.eye(golden["n"])


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden["name"])
def test_official_numbers(golden: dict[str, Any]) -> None:
    for direction, scores in (("rows_as_query", matrix(golden)), ("cols_as_query", matrix(golden).T)):
        if direction in golden:
            found = retrieval_metrics(scores, ties="official")
            ours = [found.r1, found.r5, found.r10, found.r50, found.median_rank, found.mean_rank]
            assert ours == pytest.approx(golden[direction], abs=1e-12)


def test_a_tie_counts_against_the_right_answer() -> None:
    scores = [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [2.0, 0.0, 1.0]]
    assert ranks(scores).tolist() == [2, 1, 2]
    assert ranks(scores, ties="optimistic").tolist() == [1, 1, 2]
    assert ranks(scores, ties="average").tolist() == [1.5, 1, 2]
    assert ranks(scores, ties="official").tolist() == [1, 2, 1, 2]
    assert retrieval_metrics(scores).ties == 1


def test_a_model_that_scores_everything_alike_gets_the_worst_numbers() -> None:
    flat = retrieval_metrics(np.zeros((20, 20)))
    assert (flat.r1, flat.r10, flat.median_rank, flat.ties) == (0.0, 0.0, 20.0, 20)


def test_targets_and_gallery() -> None:
    found = retrieval_metrics([[0.1, 0.9, 0.5], [0.1, 0.9, 0.5]], targets=[1, 2])
    assert (found.r1, found.mean_rank, found.queries, found.gallery) == (0.5, 1.5, 2, 3)
    assert found.chance_r1 == pytest.approx(1 / 3)


squares = array_shapes(min_dims=1, max_dims=1, max_side=8).flatmap(
    lambda shape: arrays(np.float64, shape * 2, elements=st.integers(-3, 3).map(float))
)


@given(squares)
def test_the_rules_bracket_each_other(scores: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    worst, best, middle = ranks(scores), ranks(scores, ties="optimistic"), ranks(scores, ties="average")
    assert (best <= middle).all()
    assert (middle <= worst).all()
    assert np.array_equal(middle * 2, best + worst)
    assert len(ranks(scores, ties="official")) == (worst - best + 1).sum()


@given(squares, st.randoms(use_true_random=False))
def test_the_order_of_the_gallery_does_not_matter(scores: np.ndarray[Any, np.dtype[np.float64]], chance: Any) -> None:
    order = list(range(len(scores)))
    chance.shuffle(order)
    moved = [order.index(i) for i in range(len(scores))]
    assert np.array_equal(ranks(scores[:, order], targets=moved), ranks(scores))


@given(arrays(np.float64, (6, 6), elements=st.floats(0, 1), unique=True))
def test_without_ties_all_rules_agree(scores: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    assert len({tuple(ranks(scores, ties=rule)) for rule in RULES}) == 1


@pytest.mark.parametrize(
    ("scores", "targets", "words"),
    [
        ([[0.0, float("nan")], [0.0, 0.0]], None, r"similarity\[0, 1\] is NaN"),
        ([[0.0, 0.0]], None, "no targets"),
        ([[0.0, 0.0]], [2], "target of query 0 is 2"),
        ([[0.0, 0.0]], [0, 1], "one for each"),
        ([0.0, 0.0], None, "must be"),
        (np.zeros((0, 3)), [], "at least one"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores: Any, targets: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        retrieval_metrics(scores, targets)


def test_an_unknown_tie_rule_is_refused() -> None:
    with pytest.raises(UsageError, match="ties fair: choose one of"):
        ranks([[1.0]], ties="fair")  # type: ignore[arg-type]


def test_the_best_of_several_right_answers_counts() -> None:
    scores = [[0.9, 0.5, 0.7, 0.1], [0.4, 0.4, 0.4, 0.9]]
    assert ranks(scores, targets=[[1, 2], [0, 1]]).tolist() == [2, 3]  # of equals only the wrong one is in the way
    assert ranks(scores, targets=[[1, 2], [0, 1]], ties="optimistic").tolist() == [2, 2]
    found = retrieval_metrics(scores, targets=[[1, 2], [0, 1, 3]])
    assert (found.r1, found.ties) == (0.5, 0)
    assert found.chance_r1 == pytest.approx((2 / 4 + 3 / 4) / 2)
    with pytest.raises(UsageError, match="query 1 has no target"):
        ranks(scores, targets=[[0], []])


@given(squares, st.integers(0, 7))
def test_a_second_right_answer_never_hurts(scores: np.ndarray[Any, np.dtype[np.float64]], more: int) -> None:
    alone = ranks(scores)
    both = ranks(scores, targets=[[own, more % len(scores)] for own in range(len(scores))])
    assert (both <= alone).all()

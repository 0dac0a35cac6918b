"""Scores made over again: the published formulas, and what they are good for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hdvila.errors import UsageError
from hdvila.evaluate.metrics.normalise_scores import dual_softmax, expand_queries, inverted_softmax
from hdvila.evaluate.metrics.rank import ranks

SCORES = np.random.default_rng(0).uniform(-1, 1, (5, 4))


def softmax(scores: np.ndarray[Any, Any], axis: int) -> np.ndarray[Any, Any]:
    powers = np.exp(scores)
    return np.asarray(powers / powers.sum(axis, keepdims=True))


def test_the_formulas() -> None:
    scaled = SCORES / 0.1
    assert np.allclose(np.exp(inverted_softmax(SCORES, 0.1)), softmax(scaled, 0))
    assert np.allclose(np.exp(dual_softmax(SCORES, 0.1)), softmax(scaled, 0) * softmax(scaled, 1))
    assert np.allclose(dual_softmax(SCORES.T), dual_softmax(SCORES).T)
    assert np.isfinite(dual_softmax(SCORES * 1e4)).all()


@pytest.mark.parametrize("again", [dual_softmax, inverted_softmax])
def test_a_video_that_suits_everything_loses_its_hold(again: Callable[..., Any]) -> None:
    scores = 0.5 * np.eye(6)
    scores[:, 0] = 0.6  # the hub
    scores[0, 0] = 0.9
    assert ranks(scores).tolist() == [1, 2, 2, 2, 2, 2]
    assert ranks(again(scores)).tolist() == [1] * 6


def test_queries_grow_towards_their_best_videos() -> None:
    videos = np.eye(3)
    query = np.array([[0.8, 0.6, 0.0]])
    grown = np.array([0.8 + 0.8**3, 0.6, 0.0])
    assert np.allclose(expand_queries(query, videos, neighbours=1), grown / np.linalg.norm(grown))
    assert np.allclose(expand_queries(-query, videos, neighbours=2), -query), "videos that do not fit add nothing"


VECTORS = st.integers(1, 7).flatmap(lambda rows: arrays(np.int8, (rows, 2), elements=st.sampled_from([1, 2, -1])))


@given(VECTORS, VECTORS, st.integers(1, 9))
def test_of_videos_with_equal_scores_the_first_are_added(
    queries: np.ndarray[Any, Any], videos: np.ndarray[Any, Any], neighbours: int
) -> None:
    grown = queries.astype(float)
    for row, scores in enumerate(queries.astype(float) @ videos.T):
        for column in sorted(range(len(videos)), key=lambda video: -scores[video])[:neighbours]:
            grown[row] += max(scores[column], 0) ** 3 * videos[column]
    lengths = np.linalg.norm(grown, axis=1, keepdims=True)
    assert np.allclose(expand_queries(queries, videos, neighbours), grown / lengths @ videos.T)


def test_wrong_use_is_refused() -> None:
    with pytest.raises(UsageError, match="not finite"):
        expand_queries(np.full((1, 2), np.nan), np.eye(2))
    with pytest.raises(UsageError, match="temperature=0"):
        dual_softmax(SCORES, 0)
    with pytest.raises(UsageError, match="neighbours=0"):
        expand_queries(np.eye(2), np.eye(2), 0)
    with pytest.raises(UsageError, match=r"\(Q, D\) and \(V, D\)"):
        expand_queries(np.eye(2), np.eye(3))

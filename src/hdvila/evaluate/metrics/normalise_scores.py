"""Normalise scores over the whole test. The metrics of such scores have columns of their own in tables.

These methods measure something else than plain retrieval: they need all queries, or all videos, at once, and
gain from each query of a benchmark having a video of its own. A search with one query at a time cannot use
them.

Legend: Q queries, V videos, D width. Scores are cosines or similar, higher is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdvila.errors import UsageError

__all__ = ["dual_softmax", "expand_queries", "inverted_softmax"]

TEMPERATURE = 0.05
"""The temperature of HD-VILA's contrastive loss."""


def dual_softmax(similarity: ArrayLike, temperature: float = TEMPERATURE) -> NDArray[np.float64]:
    """Compute the logarithm of (softmax over videos) x (softmax over queries), (Q, V).

    Cheng et al. 2021 (CAMoE, arXiv 2109.04290) weight each score by its softmax over queries; the logarithm
    keeps the order where scores are negative. Uses the other test queries.

    Raises:
        UsageError: a temperature that is not above 0.
    """
    scaled = _scaled(similarity, temperature)
    return _log_softmax(scaled, 1) + _log_softmax(scaled, 0)


def inverted_softmax(similarity: ArrayLike, temperature: float = TEMPERATURE) -> NDArray[np.float64]:
    """Compute the logarithm of the softmax over queries, (Q, V); it lowers videos that are near to every
    query.

    Smith et al. 2017 for words (arXiv 1702.03859); Bogolin et al. 2022 (QB-Norm, arXiv 2112.12777) for
    videos, with a bank of training queries; here the bank is the test's own queries. Uses the other test
    queries.

    Raises:
        UsageError: a temperature that is not above 0.
    """
    return _log_softmax(_scaled(similarity, temperature), 0)


def expand_queries(
    queries: ArrayLike, videos: ArrayLike, neighbours: int = 5, power: float = 3.0
) -> NDArray[np.float64]:
    """Score queries after adding their nearest videos to them (query expansion), (Q, V).

    Each query becomes itself plus its nearest videos, weighted by a power of their cosine (Chum et al. 2007;
    the weights of Radenovic et al. 2018, arXiv 1711.02512). Uses the other test videos, but no other query.

    Args:
        queries, videos: (Q, D) and (V, D) unit vectors.
        neighbours: how many videos are added.
        power: of the cosine.

    Raises:
        UsageError: no neighbours, shapes that do not fit, or values that are not finite.
    """
    queries_QD, videos_VD = np.asarray(queries, np.float64), np.asarray(videos, np.float64)
    if queries_QD.ndim != 2 or videos_VD.ndim != 2 or queries_QD.shape[1] != videos_VD.shape[1]:
        raise UsageError(f"queries {queries_QD.shape} and videos {videos_VD.shape}: give (Q, D) and (V, D)")
    if neighbours < 1:
        raise UsageError(f"neighbours={neighbours}: choose 1 or more")
    plain_QV = queries_QD @ videos_VD.T
    if not np.isfinite(plain_QV).all():
        raise UsageError("some values of queries or videos are not finite; fix the vectors")
    best_QK = _best(plain_QV, min(neighbours, len(videos_VD)))
    weights_QK = np.clip(np.take_along_axis(plain_QV, best_QK, axis=1), 0, None) ** power
    expanded_QD = queries_QD.copy()
    for weights_Q, best_Q in zip(weights_QK.T, best_QK.T, strict=True):  # one neighbour of all queries at a time
        expanded_QD += weights_Q[:, None] * videos_VD[best_Q]
    expanded_QD /= np.linalg.norm(expanded_QD, axis=1, keepdims=True)
    expanded: NDArray[np.float64] = expanded_QD @ videos_VD.T
    return expanded


def _best(scores_QV: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """(Q, count) the columns of the highest scores, the best first; of equal scores the first columns."""
    last_Q1 = np.partition(scores_QV, -count, axis=1)[:, -count, None]
    above_QV, equal_QV = scores_QV > last_Q1, scores_QV == last_Q1
    room_Q1 = count - above_QV.sum(1, keepdims=True)
    tied = np.flatnonzero(equal_QV.sum(1) > room_Q1[:, 0])
    equal_QV[tied] &= np.cumsum(equal_QV[tied], axis=1) <= room_Q1[tied]
    found_QK = np.nonzero(above_QV | equal_QV)[1].reshape(-1, count)
    order_QK = np.argsort(-np.take_along_axis(scores_QV, found_QK, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found_QK, order_QK, axis=1)


def _scaled(similarity: ArrayLike, temperature: float) -> NDArray[np.float64]:
    if not temperature > 0:
        raise UsageError(f"temperature={temperature}: choose a number above 0")
    return np.asarray(similarity, np.float64) / temperature


def _log_softmax(scores: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    shifted = scores - scores.max(axis, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
    return result

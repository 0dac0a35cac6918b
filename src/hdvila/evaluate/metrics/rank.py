"""Rank metrics of retrieval: R@k, median and mean rank, and what becomes of ties.

Legend: Q queries, V candidates (the gallery). Ranks are 1-based, R@k are fractions 0..1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdvila.errors import UsageError

__all__ = ["RankMetrics", "TieRule", "ranks", "retrieval_metrics"]

TieRule = Literal["pessimistic", "optimistic", "average", "official"]
"""What a query's rank is where other candidates score exactly as much as the right one.

pessimistic: the right one comes last (rank = number of scores not below its own), so a model that gives everything the
same score gets the worst numbers, as it should. optimistic: it comes first. average: the mean of these two.
official: every equal score is an answer of its own, as in the released code of HD-VILA, so there may be more ranks
than queries. Without ties all four agree.
"""


@dataclass(frozen=True, slots=True)
class RankMetrics:
    """How high the right answers stand.

    Attributes:
        r1, r5, r10, r50: share of the queries whose right answer is among the first 1, 5, 10, 50.
        median_rank, mean_rank: 1 is the best.
        queries, gallery: Q and V.
        chance_r1: R@1 of a blind guess, 1 / V.
        ties: queries whose right answer shares its score with another candidate.
    """

    r1: float
    r5: float
    r10: float
    r50: float
    median_rank: float
    mean_rank: float
    queries: int
    gallery: int
    chance_r1: float
    ties: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by the names above."""
        return asdict(self)


def ranks(
    similarity: ArrayLike, targets: Sequence[int] | None = None, ties: TieRule = "pessimistic"
) -> NDArray[np.float64]:
    """The ranks of the right answers.

    Args:
        similarity: (Q, V) scores, higher is better.
        targets: (Q,) the right candidate of each query; default: query i's is candidate i.
        ties: see `TieRule`.

    Returns:
        (Q,) ranks, or more of them where `ties` is official and there are ties.

    Raises:
        UsageError: no queries, shapes that do not fit, a target outside the gallery, a NaN, an unknown rule.
    """
    above_Q, equal_Q = _count(*_checked(similarity, targets))
    if ties == "pessimistic":
        return above_Q + equal_Q
    if ties == "optimistic":
        return above_Q + 1
    if ties == "average":
        return above_Q + (1 + equal_Q) / 2
    if ties == "official":
        return np.concatenate([np.arange(a + 1, a + e + 1) for a, e in zip(above_Q, equal_Q, strict=True)])
    raise UsageError(f"tie rule {ties!r} is unknown: choose one of {', '.join(get_args(TieRule))}")


def retrieval_metrics(
    similarity: ArrayLike, targets: Sequence[int] | None = None, ties: TieRule = "pessimistic"
) -> RankMetrics:
    """R@1, 5, 10, 50, median and mean rank.

    Args and errors are those of `ranks`. For the other direction give the transposed scores.
    """
    similarity_QV, targets_Q = _checked(similarity, targets)
    found = ranks(similarity_QV, targets_Q.tolist(), ties)
    queries, gallery = similarity_QV.shape
    recall = {k: float(np.mean(found <= k)) for k in (1, 5, 10, 50)}
    return RankMetrics(
        r1=recall[1],
        r5=recall[5],
        r10=recall[10],
        r50=recall[50],
        median_rank=float(np.median(found)),
        mean_rank=float(np.mean(found)),
        queries=queries,
        gallery=gallery,
        chance_r1=1 / gallery,
        ties=int((_count(similarity_QV, targets_Q)[1] > 1).sum()),
    )


def _count(similarity_QV: NDArray[Any], targets_Q: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each query (Q,): scores above that of the right answer, and scores equal to it, its own included."""
    own_Q1 = np.take_along_axis(similarity_QV, targets_Q[:, None], axis=1)
    return (
        (similarity_QV > own_Q1).sum(1).astype(np.float64),
        (similarity_QV == own_Q1).sum(1).astype(np.float64),
    )


def _checked(similarity: ArrayLike, targets: Sequence[int] | None) -> tuple[NDArray[Any], NDArray[np.intp]]:
    scores = np.asarray(similarity)
    if scores.ndim != 2 or 0 in scores.shape:
        raise UsageError(f"similarity has shape {scores.shape}: it must be (queries, candidates), at least one of each")
    if targets is None and scores.shape[0] != scores.shape[1]:
        raise UsageError(
            f"similarity has shape {scores.shape} and no targets: without them query i belongs to candidate i, "
            "so give targets or as many queries as candidates"
        )
    chosen = np.arange(len(scores)) if targets is None else np.asarray(targets, dtype=np.intp)
    if chosen.shape != (len(scores),):
        raise UsageError(f"targets have shape {chosen.shape}: give one for each of the {len(scores)} queries")
    outside = np.flatnonzero((chosen < 0) | (chosen >= scores.shape[1]))
    if len(outside):
        query = int(outside[0])
        raise UsageError(f"the target of query {query} is {chosen[query]}: the gallery has 0..{scores.shape[1] - 1}")
    if np.isnan(scores).any():
        query, candidate = (int(place[0]) for place in np.nonzero(np.isnan(scores)))
        raise UsageError(
            f"similarity[{query}, {candidate}] is NaN (and {int(np.isnan(scores).sum())} in all): a NaN has "
            "no rank; mend the scores"
        )
    return scores, chosen

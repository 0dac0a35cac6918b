"""Rank metrics of retrieval: R@k, median and mean rank, under a rule for ties.

Legend: Q queries, V candidates (the gallery). Ranks are 1-based, R@k are fractions 0..1.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdvila.errors import UsageError

__all__ = [
    "RankMetrics",
    "RankedQueries",
    "Targets",
    "TieRule",
    "check_ties",
    "metrics_of",
    "rank_queries",
    "ranks",
    "retrieval_metrics",
]

Targets = Sequence[int] | Sequence[Sequence[int]]
"""The right candidate of each query, or several right candidates of each."""

TieRule = Literal["pessimistic", "optimistic", "average", "official"]
"""The rank of the right candidate where others have exactly its score.

pessimistic: it is last among them (rank = number of scores not below its own), so a model that gives
everything the same score gets the worst numbers. optimistic: it is first. average: the mean of these two.
official: every equal score counts as an answer of its own, as in the released code of HD-VILA, so there may
be more ranks than queries. Without ties all four agree.
"""


@dataclass(frozen=True, slots=True)
class RankMetrics:
    """Metrics of the ranks of the right answers.

    Attributes:
        r1, r5, r10, r50: share of the queries, 0..1, whose right answer is among the first 1, 5, 10, 50.
        median_rank, mean_rank: 1 is the best.
        queries, gallery: Q and V.
        chance_r1: expected R@1 of a random order, 1 / V where one candidate is right.
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


@dataclass(frozen=True, slots=True)
class RankedQueries:
    """The rank of each query.

    Attributes:
        ranks: 1-based; one for each query, or more under the official tie rule.
        query: the number of the query of each rank.
        queries, gallery, chance_r1, ties: as in `RankMetrics`.
    """

    ranks: NDArray[np.float64]
    query: NDArray[np.intp]
    queries: int
    gallery: int
    chance_r1: float
    ties: int


def ranks(similarity: ArrayLike, targets: Targets | None = None, ties: TieRule = "pessimistic") -> NDArray[np.float64]:
    """Rank the right answers.

    Args:
        similarity: (Q, V) scores, higher is better.
        targets: (Q,) the right candidate of each query, or several of each, of which the best-ranked counts
            and the others are ignored; by default candidate i of query i.
        ties: see `TieRule`.

    Returns:
        (Q,) ranks; more where `ties` is official and there are ties.

    Raises:
        UsageError: no queries, shapes that do not fit, a query without target, a target outside the gallery,
            a NaN, or an unknown rule.
    """
    return _ranks(*_count(*_checked(similarity, targets)), ties)


def retrieval_metrics(
    similarity: ArrayLike, targets: Targets | None = None, ties: TieRule = "pessimistic"
) -> RankMetrics:
    """Compute R@1, 5, 10, 50, median and mean rank.

    Arguments and errors are those of `ranks`. For the other direction pass the transposed scores.
    """
    return metrics_of(rank_queries(similarity, targets, ties))


def rank_queries(similarity: ArrayLike, targets: Targets | None = None, ties: TieRule = "pessimistic") -> RankedQueries:
    """Rank the right answers for metrics and resampling. Arguments and errors are those of `ranks`."""
    scores_QV, right = _checked(similarity, targets)
    above_Q, equal_Q = _count(scores_QV, right)
    found = _ranks(above_Q, equal_Q, ties)
    times_Q = equal_Q.astype(np.intp) if ties == "official" else np.ones(len(scores_QV), np.intp)
    return RankedQueries(
        ranks=found,
        query=np.repeat(np.arange(len(scores_QV)), times_Q),
        queries=len(scores_QV),
        gallery=scores_QV.shape[1],
        chance_r1=len(right.candidates) / scores_QV.size,
        ties=int((equal_Q > 1).sum()),
    )


def metrics_of(ranked: RankedQueries) -> RankMetrics:
    """Compute the metrics of ranked queries."""
    recall = {k: float(np.mean(ranked.ranks <= k)) for k in (1, 5, 10, 50)}
    return RankMetrics(
        r1=recall[1],
        r5=recall[5],
        r10=recall[10],
        r50=recall[50],
        median_rank=float(np.median(ranked.ranks)),
        mean_rank=float(np.mean(ranked.ranks)),
        queries=ranked.queries,
        gallery=ranked.gallery,
        chance_r1=ranked.chance_r1,
        ties=ranked.ties,
    )


def check_ties(ties: str) -> None:
    """Check the name of a `TieRule` before anything is computed.

    Raises:
        UsageError: there is no such rule.
    """
    if ties not in get_args(TieRule):
        raise UsageError(f"ties {ties}: choose one of {', '.join(get_args(TieRule))}")


def _ranks(above_Q: NDArray[np.float64], equal_Q: NDArray[np.float64], ties: TieRule) -> NDArray[np.float64]:
    if ties == "pessimistic":
        return above_Q + equal_Q
    if ties == "optimistic":
        return above_Q + 1
    if ties == "average":
        return above_Q + (1 + equal_Q) / 2
    check_ties(ties)
    return np.concatenate([np.arange(a + 1, a + e + 1) for a, e in zip(above_Q, equal_Q, strict=True)])  # official


@dataclass(frozen=True, slots=True)
class _Right:
    """The right candidates of all queries, concatenated, and where those of each query start."""

    candidates: NDArray[np.intp]
    starts: NDArray[np.intp]

    @property
    def queries(self) -> NDArray[np.intp]:
        """The query of each candidate."""
        counts = np.diff(np.append(self.starts, len(self.candidates)))
        return np.repeat(np.arange(len(self.starts)), counts)


def _count(similarity_QV: NDArray[Any], right: _Right) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(Q,) the scores above that of the best right answer, and one plus the others equal to it."""
    own = similarity_QV[right.queries, right.candidates]
    best_Q = np.maximum.reduceat(own, right.starts)
    own_equal_Q = np.add.reduceat((own == best_Q[right.queries]).astype(np.int64), right.starts)
    above_Q = (similarity_QV > best_Q[:, None]).sum(1)
    equal_Q = (similarity_QV == best_Q[:, None]).sum(1) - own_equal_Q + 1
    return above_Q.astype(np.float64), equal_Q.astype(np.float64)


def _checked(similarity: ArrayLike, targets: Targets | None) -> tuple[NDArray[Any], _Right]:
    scores = np.asarray(similarity)
    if scores.ndim != 2 or 0 in scores.shape:
        raise UsageError(
            f"similarity has shape {scores.shape}: it must be (queries, candidates), with at least one of each"
        )
    if targets is None and scores.shape[0] != scores.shape[1]:
        raise UsageError(
            f"similarity has shape {scores.shape} and no targets: without targets candidate i is right for query i, "
            "so give targets, or as many queries as candidates"
        )
    own = range(len(scores)) if targets is None else targets
    each = [one if isinstance(one, Collection) else (one,) for one in own]
    if len(each) != len(scores):
        raise UsageError(f"targets are for {len(each)} queries: give one for each of the {len(scores)} queries")
    counts = np.fromiter(map(len, each), np.intp)
    if not counts.all():
        raise UsageError(f"query {int(np.argmin(counts))} has no target")
    right = _Right(np.fromiter(chain.from_iterable(each), np.intp), np.cumsum(counts) - counts)
    outside = np.flatnonzero((right.candidates < 0) | (right.candidates >= scores.shape[1]))
    if len(outside):
        query, candidate = int(right.queries[outside[0]]), int(right.candidates[outside[0]])
        raise UsageError(f"the target of query {query} is {candidate}: the gallery has 0..{scores.shape[1] - 1}")
    if np.isnan(scores).any():
        query, candidate = (int(place[0]) for place in np.nonzero(np.isnan(scores)))
        raise UsageError(
            f"similarity[{query}, {candidate}] is NaN, {int(np.isnan(scores).sum())} in all: a NaN has no "
            "rank; compute these scores again"
        )
    return scores, right

"""Examples of queries that found their target and of queries that did not, in both directions.

Legend: Q captions, V videos, C candidates of one query.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.evaluate.align_predictions import AlignedScores, relevance_of, take_rows
from hdvila.evaluate.metrics.rank import RankedQueries, TieRule, rank_queries
from hdvila.evaluate.report.previews import VideoPreview, VideoPreviews
from hdvila.evaluate.report.subsets import SubsetScore, subset_scores

__all__ = ["RetrievalSummary", "summarise_retrieval"]

_TOP = 5
_BY_TEXT, _BY_VIDEO = 4, 2  # examples of each kind: right at once, near, far off
_FAILED = 12  # queries that are listed by name


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate.

    Attributes:
        place: among all candidates, from 1.
        score: higher is better.
        right: whether it is a right answer.
        candidate: the video, or the text.
    """

    place: int
    score: float
    right: bool
    candidate: VideoPreview | str


@dataclass(frozen=True, slots=True)
class RetrievalExample:
    """A query and its best candidates.

    Attributes:
        query: the text, or the video.
        rank: of the best right answer, under the record's tie rule.
        hits: the first five candidates.
        missed: the best right answer, if it is not among them.
    """

    query: VideoPreview | str
    rank: float
    hits: tuple[Hit, ...]
    missed: Hit | None


@dataclass(frozen=True, slots=True)
class RetrievalSummary:
    """What a page shows of a retrieval test.

    Attributes:
        by_text, by_video: examples of either direction, by outcome (``"right at once"``, ...).
        categories: R@1 in each, the worst first.
        failed: video, caption and rank of the queries with the worst ranks, the worst first.
    """

    by_text: dict[str, list[RetrievalExample]]
    by_video: dict[str, list[RetrievalExample]]
    categories: tuple[SubsetScore, ...]
    failed: tuple[tuple[str, str, str], ...]


def summarise_retrieval(
    aligned: AlignedScores, ties: TieRule, previews: VideoPreviews, seed: int = 0
) -> RetrievalSummary:
    """Choose examples of either direction, and list the worst queries.

    Args:
        aligned: annotations and (Q, V) scores.
        ties: the record's rule.
        previews: of the videos.
        seed: of the choice of examples.

    Raises:
        StoreError: a video cannot be read.
    """
    captions, videos = aligned.annotations.captions, aligned.annotations.videos
    video_of, captions_of, with_captions = relevance_of(aligned.annotations)
    forward_QV, backward_VQ = aligned.scores_QV, take_rows(aligned.scores_QV.T, with_captions)
    forward, backward = rank_queries(forward_QV, video_of, ties), rank_queries(backward_VQ, captions_of, ties)
    rng = np.random.default_rng(seed)

    def text(at: int) -> str:
        return captions[at].text

    def video(at: int) -> VideoPreview:
        return previews.of(videos[at].video_id)

    def from_text(query: int, rank: float) -> RetrievalExample:
        hits = _hits(forward_QV[query], {video_of[query]}, rank, ties, video)
        return RetrievalExample(text(query), rank, *hits)

    def from_video(row: int, rank: float) -> RetrievalExample:
        hits = _hits(backward_VQ[row], set(captions_of[row]), rank, ties, text)
        return RetrievalExample(video(with_captions[row]), rank, *hits)

    categories = [videos[video_of[query]].group for query in forward.query]
    names = [captions[query].video_id for query in forward.query]
    return RetrievalSummary(
        by_text={kind: [from_text(*one) for one in some] for kind, some in _choose(forward, _BY_TEXT, rng).items()},
        by_video={kind: [from_video(*one) for one in some] for kind, some in _choose(backward, _BY_VIDEO, rng).items()},
        categories=subset_scores(categories, forward.ranks <= 1, names),
        failed=tuple(
            (names[row], text(int(forward.query[row])), f"rank {forward.ranks[row]:g}")
            for row in np.argsort(-forward.ranks, kind="stable")[:_FAILED].tolist()
            if forward.ranks[row] > 1
        ),
    )


def _choose(ranked: RankedQueries, number: int, rng: np.random.Generator) -> dict[str, list[tuple[int, float]]]:
    """(query, rank) by outcome: drawn at random, but of those far off the worst are taken."""
    queries, first = np.unique(ranked.query, return_index=True)
    order = rng.permutation(len(queries))
    queries, ranks = queries[order], ranked.ranks[first][order]
    near = (ranks > 1) & (ranks <= 10)
    worst = np.argsort(-ranks, kind="stable")
    kinds = {
        "right at once": np.flatnonzero(ranks <= 1),
        "among the first ten": np.flatnonzero(near),
        "far off": worst[ranks[worst] > 10],
    }
    return {
        kind: [(int(queries[at]), float(ranks[at])) for at in places[:number]]
        for kind, places in kinds.items()
        if len(places)
    }


def _hits(
    scores_C: NDArray[Any],
    right: Collection[int],
    rank: float,
    ties: TieRule,
    show: Callable[[int], VideoPreview | str],
) -> tuple[tuple[Hit, ...], Hit | None]:
    """The first five candidates, and the best right one if it is not among them."""

    def hit(place: int, at: int) -> Hit:
        return Hit(place, float(scores_C[at]), at in right, show(at))

    hits = tuple(hit(place, at) for place, at in enumerate(_best(scores_C, right, ties), start=1))
    if any(one.right for one in hits):
        return hits, None
    return hits, hit(round(rank), max(right, key=lambda at: float(scores_C[at])))


def _best(scores_C: NDArray[Any], right: Collection[int], ties: TieRule) -> list[int]:
    """The best candidates; of equal ones a right one is last, unless the tie rule is optimistic."""
    number = min(_TOP, len(scores_C))
    least = np.partition(scores_C, -number)[-number]
    reached = np.flatnonzero(scores_C >= least).tolist()
    favoured = ties == "optimistic"
    return sorted(reached, key=lambda at: (-float(scores_C[at]), (at in right) != favoured, at))[:number]

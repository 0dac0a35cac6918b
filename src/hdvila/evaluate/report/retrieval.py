"""Queries that found what they asked for and queries that did not, in both directions.

Legend: Q captions, V videos, C candidates of one query.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.evaluate.matching import Matched, rows_of, targets_of
from hdvila.evaluate.metrics.rank import RankedQueries, TieRule, rank_queries
from hdvila.evaluate.report.pictures import Pictures, Shown
from hdvila.evaluate.report.shares import Share, shares

__all__ = ["Example", "Found", "Hit", "look_at_retrieval"]

TOP = 5
BY_TEXT, BY_VIDEO = 4, 2
"""Examples of each kind: right at once, near, far off."""
FAILED = 12
"""Queries that are listed by name."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate: its place among all from 1, its score, whether it is right, and the video or the text that it is."""

    place: int
    score: float
    right: bool
    shown: Shown | str


@dataclass(frozen=True, slots=True)
class Example:
    """A query and its answers.

    Attributes:
        asked: the words, or the video.
        rank: of the best right answer, by the record's tie rule.
        hits: the first five.
        missed: the best right answer, if it is not among them.
    """

    asked: Shown | str
    rank: float
    hits: tuple[Hit, ...]
    missed: Hit | None


@dataclass(frozen=True, slots=True)
class Found:
    """Examples by what became of them, and what fails.

    Attributes:
        by_text, by_video: by ``"right at once"`` and the like.
        categories: R@1 of each, the worst first.
        failed: video, caption and rank of the queries of the worst rank, the worst first.
    """

    by_text: dict[str, list[Example]]
    by_video: dict[str, list[Example]]
    categories: tuple[Share, ...]
    failed: tuple[tuple[str, str, str], ...]


def look_at_retrieval(matched: Matched, ties: TieRule, pictures: Pictures, seed: int = 0) -> Found:
    """Choose and explain examples of either direction.

    Args:
        matched: annotations and (Q, V) scores.
        ties: the record's rule.
        pictures: of the videos.
        seed: of the choice.

    Raises:
        StoreError: a video cannot be read.
    """
    captions, videos = matched.annotations.captions, matched.annotations.videos
    video_of, captions_of, asked = targets_of(matched.annotations)
    forth_QV, back_VQ = matched.values, rows_of(matched.values.T, asked)
    forth, back = rank_queries(forth_QV, video_of, ties), rank_queries(back_VQ, captions_of, ties)
    rng = np.random.default_rng(seed)

    def text(at: int) -> str:
        return captions[at].text

    def video(at: int) -> Shown:
        return pictures.of(videos[at].video_id)

    def from_text(query: int, rank: float) -> Example:
        return Example(text(query), rank, *_hits(forth_QV[query], {video_of[query]}, rank, ties, video))

    def from_video(row: int, rank: float) -> Example:
        return Example(video(asked[row]), rank, *_hits(back_VQ[row], set(captions_of[row]), rank, ties, text))

    categories = [videos[video_of[query]].group for query in forth.query]
    names = [captions[query].video_id for query in forth.query]
    return Found(
        by_text={kind: [from_text(*one) for one in some] for kind, some in _chosen(forth, BY_TEXT, rng).items()},
        by_video={kind: [from_video(*one) for one in some] for kind, some in _chosen(back, BY_VIDEO, rng).items()},
        categories=shares(categories, forth.ranks <= 1, names),
        failed=tuple(
            (names[row], text(int(forth.query[row])), f"rank {forth.ranks[row]:g}")
            for row in np.argsort(-forth.ranks, kind="stable")[:FAILED].tolist()
            if forth.ranks[row] > 1
        ),
    )


def _chosen(ranked: RankedQueries, number: int, rng: np.random.Generator) -> dict[str, list[tuple[int, float]]]:
    """(query, rank) by what became of it; near ones are drawn, of those far off the worst are taken."""
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
    scores_C: NDArray[Any], right: Collection[int], rank: float, ties: TieRule, show: Callable[[int], Shown | str]
) -> tuple[tuple[Hit, ...], Hit | None]:
    """The first five candidates, and the best right one if it is not among them."""

    def hit(place: int, at: int) -> Hit:
        return Hit(place, float(scores_C[at]), at in right, show(at))

    hits = tuple(hit(place, at) for place, at in enumerate(_best(scores_C, right, ties), start=1))
    if any(one.right for one in hits):
        return hits, None
    return hits, hit(round(rank), max(right, key=lambda at: float(scores_C[at])))


def _best(scores_C: NDArray[Any], right: Collection[int], ties: TieRule) -> list[int]:
    """The first candidates; of equal ones a right one stands last, unless ties are counted in its favour."""
    number = min(TOP, len(scores_C))
    least = np.partition(scores_C, -number)[-number]
    reached = np.flatnonzero(scores_C >= least).tolist()
    favoured = ties == "optimistic"
    return sorted(reached, key=lambda at: (-float(scores_C[at]), (at in right) != favoured, at))[:number]

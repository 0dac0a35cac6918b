"""What a model says to a test, and re-ranking of its first hits by a second model.

Legend: Q captions, V videos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError
from hdvila.evaluate.clip_test import ClipTest
from hdvila.evaluate.pair_scoring import score_pairs
from hdvila.evaluate.predictions import Similarity
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.evaluate.ways import Asked, Predicted, captions_of, similarity_of, way_of
from hdvila.media.view import Look
from hdvila.nn.capabilities import PairScorer, Reads
from hdvila.progress import SILENT, Reporter

__all__ = ["FIRST_HITS", "Reranking", "check_reranked", "predict", "rerank"]

FIRST_HITS = 50
"""Hits of each text and of each video that a second model scores anew, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Reranking:
    """A second model scores the first hits of the first one anew (`rerank`).

    Attributes:
        scorer: a model with the capability ``pair_scores``, in evaluation mode, with a processor.
        first: how many hits of each text and of each video are scored.
        consensus: how its segments become one score: mean, max or logsumexp.
        rounded: its scores are rounded to four decimals.
        annotations: the captions as it reads them, in the order of those of the test; None: as the first model does.

    Raises:
        UsageError: `first` is below 1.
    """

    scorer: PairScorer
    first: int = FIRST_HITS
    consensus: str = "mean"
    rounded: bool = False
    annotations: Annotations | None = None

    def __post_init__(self) -> None:
        if self.first < 1:
            raise UsageError(f"re-ranking the first {self.first} hits: give 1 or more")


def predict(
    model: Reads,
    test: ClipTest,
    *,
    consensus: str = "mean",
    batch_size: int = 16,
    rounded: bool = False,
    looks: Sequence[Look] | None = None,
    reranking: Reranking | None = None,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> Predicted:
    """Ask `model` everything that is asked about the clips of `test`, in the order of its annotations.

    Args:
        model: one that fits the protocol (`hdvila.evaluate.compatibility.check_compatible`), in evaluation mode, with
            a processor.
        test: captions or questions, and clips.
        consensus: how answers or scores of the segments of a clip become one: mean, max or logsumexp.
        batch_size: clips that go through the model at once.
        rounded: scores of pairs are rounded to four decimals before they are ranked.
        looks: of retrieval by vectors, the windows through which each clip is seen (`embed_clips`).
        reranking: a second model for the first hits of retrieval.
        reporter: shows progress.
        processes: share the work; each has all of what the model says.

    Raises:
        UsageError: nothing is asked about these clips, or the model cannot do the task.
        StoreError: a clip cannot be read.
    """
    way = way_of(model, test.protocol)
    if way is None:
        raise UsageError(f"a {type(model).__name__} cannot do {test.protocol.name} ({test.protocol.task})")
    if reranking is not None:
        check_reranked(test.protocol)
    asked = Asked(consensus, batch_size, looks, reporter, processes, rounded)
    predicted = way.predict(model, test, asked)
    return predicted if reranking is None else _rerank(predicted, test, reranking, asked)


def check_reranked(protocol: Protocol) -> None:
    """Make sure that what a protocol asks can be re-ranked.

    Raises:
        UsageError: it asks questions.
    """
    if protocol.task != "retrieval":
        raise UsageError(f"{protocol.name} asks questions, and only retrieval has hits to re-rank: leave it out")


def _rerank(predicted: Predicted, test: ClipTest, reranking: Reranking, asked: Asked) -> Predicted:
    plain = predicted.predictions
    assert isinstance(plain, Similarity)
    read = test if reranking.annotations is None else replace(test, annotations=reranking.annotations)
    texts = [caption.text for caption in captions_of(read)]
    asked = replace(asked, consensus=reranking.consensus, rounded=reranking.rounded)

    def score(about: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        return score_pairs(reranking.scorer, test.source, test.clips, texts, about, **asked.pairs())

    scores_QV = rerank(plain.similarity, reranking.first, score)
    return replace(predicted, predictions=similarity_of(test, scores_QV), vectors=None, before=plain)


def rerank(
    similarity_QV: NDArray[np.float32],
    first: int,
    score: Callable[[Sequence[Sequence[int]]], list[NDArray[np.float32]]],
) -> NDArray[np.float64]:
    """Score the first hits of a similarity anew, in both directions.

    A pair is scored if the video is among the first hits of the text, or the text among those of the video. These
    pairs stand above all others, in the order of their new scores; the others keep their order.

    Args:
        similarity_QV: (Q, V), higher is better.
        first: hits of each text and of each video, 1 or more.
        score: takes for each video the numbers of the texts to score with it, and gives their scores.

    Returns:
        (Q, V) the new scores, and below the lowest of them the others.
    """
    scored_QV = _first_of_rows(similarity_QV, first) | _first_of_rows(similarity_QV.T, first).T
    about = [np.flatnonzero(column).tolist() for column in scored_QV.T]
    new_QV = similarity_QV.astype(np.float64)
    pairs = [(text, video) for video, texts in enumerate(about) for text in texts]
    texts, videos = map(list, zip(*pairs, strict=True))
    new = np.concatenate(score(about)).astype(np.float64)
    if not scored_QV.all():
        new_QV += new.min() - new_QV[~scored_QV].max() - 1
    new_QV[texts, videos] = new
    return new_QV


def _first_of_rows(scores_QV: NDArray[np.float32], first: int) -> NDArray[np.bool_]:
    """(Q, V) whether a score is among the first of its row; those equal to the last of them are too."""
    place = max(0, scores_QV.shape[1] - first)
    last_Q = np.partition(scores_QV, place, axis=1)[:, place]
    return scores_QV >= last_Q[:, None]

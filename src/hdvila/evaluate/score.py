"""Predictions and annotations -> the record of a protocol; no model, no files.

Legend: Q queries (captions), V videos.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, get_args

from numpy.typing import NDArray

from hdvila.annotations.records import Annotations, Question, Split
from hdvila.errors import UsageError, some_of
from hdvila.evaluate.matching import match_answers, match_similarity
from hdvila.evaluate.metrics.bootstrap import Resampling
from hdvila.evaluate.metrics.rank import TieRule
from hdvila.evaluate.metrics.rerank import expand_queries
from hdvila.evaluate.numbers import few_enough, left_out, numbers_of_questions, numbers_of_retrieval
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.record import Record, hardware, published_rows, versions

__all__ = ["score"]


def score(
    protocol: Protocol,
    annotations: Annotations,
    predictions: Similarity | Answers,
    *,
    method: str = "these predictions",
    split: Split = "test",
    ties: TieRule = "pessimistic",
    allow_missing: bool = False,
    vocabulary: Collection[str] | None = None,
    vectors: tuple[NDArray[Any], NDArray[Any]] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Record:
    """Score predictions by a protocol.

    Args:
        annotations: of the split that the predictions are for.
        method: the name of the row.
        split: which that is, for the record.
        ties: see `hdvila.evaluate.metrics.rank.TieRule`.
        allow_missing: videos may be missing; what is left is scored and named.
        vocabulary: answers that a model can give; for chance, and for counting right answers outside it.
        vectors: (Q, D) and (V, D) unit vectors behind the similarity, in its order; adds query expansion to the extras.
        resamples, seed: of the intervals.

    Returns:
        The record. `checkpoint`, `recipe` and the like are for the caller to add (`dataclasses.replace`).

    Raises:
        UsageError: predictions that do not fit the annotations or the task; says which id.
    """
    began = time.perf_counter()
    if ties not in get_args(TieRule):
        raise UsageError(f"tie rule {ties!r} is unknown: choose one of {', '.join(get_args(TieRule))}")
    if isinstance(predictions, Similarity) != (protocol.task == "retrieval"):
        wanted = "similarities" if protocol.task == "retrieval" else "answers"
        raise UsageError(f"{protocol.name} is scored from {wanted}: give predictions of that form")
    resample = partial(Resampling, resamples=resamples, seed=seed)
    if isinstance(predictions, Similarity):
        _need(annotations.captions, protocol, "captions")
        matched = match_similarity(annotations, predictions, allow_missing)
        expanded_QV = None
        if vectors is not None and few_enough(matched.values.size):
            expanded = Similarity(expand_queries(*vectors), predictions.query_ids, predictions.video_ids)
            expanded_QV = match_similarity(annotations, expanded, allow_missing).values
        numbers = numbers_of_retrieval(matched, expanded_QV, ties, resample)
        odd = left_out(matched.values, vectors is not None)
    else:
        _need(annotations.questions, protocol, "questions")
        matched = match_answers(annotations, predictions, allow_missing)
        numbers = numbers_of_questions(protocol, matched, vocabulary, resample)
        odd = _foreign(matched.annotations.questions, matched.values) if protocol.task == "open_ended" else ""
    left = matched.annotations
    return Record(
        protocol=protocol.name,
        task=protocol.task,
        metric=protocol.metric,
        method=method,
        queries=len(left.captions or left.questions),
        full_queries=protocol.queries,
        videos=len(left.videos),
        missing=matched.missing,
        split=split,
        built=left.built,
        synthetic=left.synthetic,
        tie_rule=ties,
        published=() if left.synthetic else published_rows(protocol),
        notes=(*left.notes, *([odd] if odd else [])),
        versions=versions(),
        hardware=hardware(),
        seconds=round(time.perf_counter() - began, 3),
        **{"full_gallery": protocol.gallery, **numbers},
    )


def _foreign(questions: Sequence[Question], given: Sequence[str | int | float]) -> str:
    """A note, if no question at all has one of the given answers for its right one."""
    words = {str(answer) for answer in given}
    if words & {str(question.answer) for question in questions}:
        return ""
    return (
        f"no question has one of the answers that the predictions give ({some_of(sorted(words))}) for its right one, "
        f"which are such as {questions[0].answer!r}: are these rows of a vocabulary, where words must stand?"
    )


def _need(there: Sequence[object], protocol: Protocol, what: str) -> None:
    if not there:
        raise UsageError(
            f"{protocol.name} is scored on {what}, and the annotations have none; give the file of its test"
        )

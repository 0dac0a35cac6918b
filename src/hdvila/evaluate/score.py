"""Score predictions by a protocol: predictions and annotations in, a record out; needs no model and no files.

Legend: Q queries (captions), V videos, D width.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from hdvila.annotations.records import Annotations, Question, Split
from hdvila.errors import UsageError, some_of
from hdvila.evaluate.align_predictions import AlignedAnswers, AlignedScores, align_answers, align_similarity
from hdvila.evaluate.metrics.answers import accepted, correct, squared_errors
from hdvila.evaluate.metrics.bootstrap import Resampling
from hdvila.evaluate.metrics.normalise_scores import expand_queries
from hdvila.evaluate.metrics.rank import TieRule, check_ties, retrieval_metrics
from hdvila.evaluate.metrics_records import extras_fit, question_fields, retrieval_fields, skipped_extras
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.record import Record, hardware, published_rows, versions

__all__ = ["quick_score", "score"]


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
    before: tuple[str, Similarity] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Record:
    """Score predictions by a protocol.

    Args:
        protocol: what is measured, and how.
        annotations: of the split that the predictions are for.
        predictions: similarities for retrieval, answers for questions.
        method: the name of the row in tables.
        split: the split of the annotations, for the record.
        ties: see `hdvila.evaluate.metrics.rank.TieRule`.
        allow_missing: score without the missing videos, and name them in the record, instead of refusing.
        vocabulary: the answers that a model can give; for chance, and to count right answers outside it.
        vectors: (Q, D) and (V, D) unit vectors behind the similarity, in its order; adds query expansion to
            the extras.
        before: of re-ranked similarities, the method and the similarities before; they are scored beside them.
        resamples: how many resamples the intervals are computed from; 0, for retrieval only: the metrics alone, without
            intervals and extras.
        seed: of the resamples.

    Returns:
        The record. The caller adds `checkpoint`, `recipe` and the like (`dataclasses.replace`).

    Raises:
        UsageError: the predictions do not fit the annotations or the task; says which id.
    """
    began = time.perf_counter()
    check_ties(ties)
    if isinstance(predictions, Similarity) != (protocol.task == "retrieval"):
        wanted = "similarities" if protocol.task == "retrieval" else "answers"
        raise UsageError(f"{protocol.name} is scored from {wanted}: give predictions of that kind")
    resample = partial(Resampling, resamples=resamples, seed=seed)
    aligned: AlignedScores | AlignedAnswers
    if isinstance(predictions, Similarity):
        _check_present(annotations.captions, protocol, "captions")
        aligned = align_similarity(annotations, predictions, allow_missing)
        expanded_QV = None
        if resamples and vectors is not None and extras_fit(aligned.scores_QV.size):
            expanded = Similarity(expand_queries(*vectors), predictions.query_ids, predictions.video_ids)
            expanded_QV = align_similarity(annotations, expanded, allow_missing).scores_QV
        plain_QV = None if before is None else align_similarity(annotations, before[1], allow_missing).scores_QV
        fields = retrieval_fields(aligned, expanded_QV, ties, resample if resamples else None, plain_QV)
        if before is not None:
            fields["before_reranking"]["method"] = before[0]
        note = skipped_extras(aligned.scores_QV, vectors is not None) if resamples else ""
    else:
        _check_present(annotations.questions, protocol, "questions")
        if protocol.compared is not None:
            given = predictions.answers.items()
            predictions = Answers({name: protocol.compared(str(answer)) for name, answer in given})
        aligned = align_answers(annotations, predictions, allow_missing)
        fields = question_fields(protocol, aligned, vocabulary, resample)
        note = ""
        if annotations.hidden:
            note = "nothing is scored: the answers of this test are secret, and its server scores the predictions"
        elif protocol.task == "open_ended":
            note = _unrelated(aligned.annotations.questions, aligned.answers)
    left = aligned.annotations
    return Record(
        protocol=protocol.name,
        task=protocol.task,
        metric=protocol.metric,
        method=method,
        queries=len(left.captions or left.questions),
        full_queries=protocol.queries,
        videos=len(left.videos),
        missing=aligned.missing,
        split=split,
        built=left.built,
        synthetic=left.synthetic,
        tie_rule=ties,
        published=() if left.synthetic else published_rows(protocol),
        notes=(*left.notes, *([note] if note else [])),
        versions=versions(),
        hardware=hardware(),
        seconds=round(time.perf_counter() - began, 3),
        **{"full_gallery": protocol.gallery, **fields},
    )


def quick_score(protocol: Protocol, annotations: Annotations, predictions: Similarity | Answers) -> float:
    """One number by which checkpoints are chosen, the higher the better.

    R@1 from text to video, or accuracy, in 0..1; of counts, whose metric is the mean squared error, minus that.
    """
    if isinstance(predictions, Answers):
        asked = {question.question_id: question for question in annotations.questions}
        questions, answers = [asked[name] for name in predictions.answers], list(predictions.answers.values())
        if protocol.task == "count":
            return -float(squared_errors(questions, answers).mean())
        return float(correct(questions, answers).mean())
    place = {video: column for column, video in enumerate(predictions.video_ids)}
    video_of = {caption.query_id: caption.video_id for caption in annotations.captions}
    targets = [place[video_of[query]] for query in predictions.query_ids]
    return retrieval_metrics(predictions.similarity, targets).r1


def _unrelated(questions: Sequence[Question], answers: Sequence[str | int | float]) -> str:
    """A note if none of the given answers is the right answer of any question; else empty."""
    words = {str(answer) for answer in answers}
    if any(not words.isdisjoint(accepted(question)) for question in questions):
        return ""
    return (
        f"no question has one of the answers that the predictions give ({some_of(sorted(words))}) for its right "
        f"answer; right answers are such as {questions[0].answer!r}: are these rows of a vocabulary instead of words?"
    )


def _check_present(records: Sequence[object], protocol: Protocol, what: str) -> None:
    if not records:
        raise UsageError(
            f"{protocol.name} is scored on {what}, and the annotations have none; give the file of its test"
        )

"""Predictions and annotations -> the record of a protocol; no model, no files.

Legend: Q queries (captions), V videos.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Annotations, Question
from hdvila.errors import UsageError
from hdvila.evaluate.matching import Matched, match_answers, match_similarity, rows_of, targets_of
from hdvila.evaluate.metrics.answers import accuracy_by_type, correct, most_frequent_share, outside, squared_errors
from hdvila.evaluate.metrics.bootstrap import Resampling
from hdvila.evaluate.metrics.rank import RankedQueries, TieRule, metrics_of, rank_queries
from hdvila.evaluate.metrics.rerank import dual_softmax, expand_queries, inverted_softmax
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.record import Record, hardware, versions

__all__ = ["score"]

Resample = Callable[[Sequence[Hashable]], Resampling]
_FEW = 30_000_000  # scores up to which the extra columns are worked out: they need several float64 copies


def score(
    protocol: Protocol,
    annotations: Annotations,
    predictions: Similarity | Answers,
    *,
    method: str = "these predictions",
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
        ties: see `hdvila.evaluate.metrics.rank.TieRule`.
        allow_missing: videos may be missing; what is left is scored and named.
        vocabulary: answers that a model can give; only for counting right answers outside it.
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
    if isinstance(predictions, Similarity):
        _need(annotations.captions, protocol, "captions")
        matched = match_similarity(annotations, predictions, allow_missing)
        expanded_QV = None
        if vectors is not None:
            expanded = Similarity(expand_queries(*vectors), predictions.query_ids, predictions.video_ids)
            expanded_QV = match_similarity(annotations, expanded, allow_missing).values
        numbers = _retrieval(matched, expanded_QV, ties, partial(Resampling, resamples=resamples, seed=seed))
    else:
        _need(annotations.questions, protocol, "questions")
        matched = match_answers(annotations, predictions, allow_missing)
        numbers = _questions(protocol, matched, vocabulary, partial(Resampling, resamples=resamples, seed=seed))
    left = matched.annotations
    return Record(
        protocol=protocol.name,
        task=protocol.task,
        metric=protocol.metric,
        method=method,
        queries=len(left.captions or left.questions),
        videos=len(left.videos),
        missing=matched.missing,
        full_gallery=protocol.gallery,
        tie_rule=ties,
        published=tuple({**asdict(row), "values": dict(row.values)} for row in protocol.published),
        notes=left.notes,
        versions=versions(),
        hardware=hardware(),
        seconds=round(time.perf_counter() - began, 3),
        **numbers,
    )


def _need(there: Sequence[object], protocol: Protocol, what: str) -> None:
    if not there:
        raise UsageError(
            f"{protocol.name} is scored on {what}, and the annotations have none; give the file of its test"
        )


def _retrieval(matched: Matched, expanded_QV: NDArray[Any] | None, ties: TieRule, resample: Resample) -> dict[str, Any]:
    """The numbers of retrieval; `expanded_QV` are the scores after query expansion, where there are vectors for it."""
    video_of, captions_of, asked = targets_of(matched.annotations)

    def ranked(forth_QV: NDArray[Any], back_QV: NDArray[Any]) -> tuple[RankedQueries, RankedQueries]:
        back_VQ = rows_of(back_QV.T, asked)
        return rank_queries(forth_QV, video_of, ties), rank_queries(back_VQ, captions_of, ties)

    forth, back = ranked(matched.values, matched.values)
    numbers = {
        "text_to_video": _direction(forth, resample([video_of[query] for query in forth.query])),
        "video_to_text": _direction(back, resample(back.query.tolist())),
        "ties": forth.ties + back.ties,
        "gallery": forth.gallery,
        "chance": forth.chance_r1,
    }
    extra = {}
    for name, forth_QV, back_QV in _made_over(matched.values, expanded_QV):
        there, again = ranked(forth_QV, back_QV)
        extra[name] = {"text_to_video": metrics_of(there).to_dict(), "video_to_text": metrics_of(again).to_dict()}
    return {**numbers, "extra": extra} if extra else numbers


def _made_over(
    similarity_QV: NDArray[Any], expanded_QV: NDArray[Any] | None
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """The methods with the scores (Q, V) that they make for text to video and for video to text, one after another."""
    if similarity_QV.size <= _FEW and np.isfinite(similarity_QV).all():
        both_QV = dual_softmax(similarity_QV)
        yield "dual_softmax", both_QV, both_QV
        yield "inverted_softmax", inverted_softmax(similarity_QV), inverted_softmax(similarity_QV.T).T
    if expanded_QV is not None:
        yield "query_expansion", expanded_QV, expanded_QV


def _direction(ranked: RankedQueries, drawn: Resampling) -> dict[str, Any]:
    intervals = {f"r{k}": drawn.mean(ranked.ranks <= k) for k in (1, 5, 10, 50)}
    intervals |= {"median_rank": drawn.median(ranked.ranks), "mean_rank": drawn.mean(ranked.ranks)}
    return {**metrics_of(ranked).to_dict(), "intervals": intervals}


def _questions(
    protocol: Protocol, matched: Matched, vocabulary: Collection[str] | None, resample: Resample
) -> dict[str, Any]:
    questions, answers = matched.annotations.questions, matched.values
    secret = [question.question_id for question in questions if question.answer is None]
    if secret:
        raise UsageError(f"question {secret[0]!r} has no answer in the annotations, so it cannot be scored")
    drawn = resample([question.video_id for question in questions])
    numbers: dict[str, Any] = {"intervals": {}}
    if protocol.task == "count":
        errors_Q = squared_errors(questions, answers)
        right_Q = (errors_Q == 0).astype(np.float64)
        numbers["mean_squared_error"] = float(errors_Q.mean())
        numbers["intervals"]["mean_squared_error"] = drawn.mean(errors_Q)
    else:
        right_Q = correct(questions, answers)
    numbers["accuracy"] = float(right_Q.mean())
    numbers["accuracy_by_type"] = accuracy_by_type(questions, right_Q)
    numbers["intervals"]["accuracy"] = drawn.mean(right_Q)
    numbers["gallery"] = protocol.gallery
    numbers["chance"] = _chance(protocol, questions)
    if protocol.task != "multiple_choice":
        numbers["most_frequent"] = most_frequent_share(questions)
    if vocabulary is not None:
        lost, different = outside(questions, vocabulary)
        numbers["out_of_vocabulary"] = {"questions": lost, "answers": different}
    return numbers


def _chance(protocol: Protocol, questions: Sequence[Question]) -> float:
    """What a uniform guess gives: among the options, the vocabulary's places, or the counts 0 to gallery - 1."""
    if protocol.task == "multiple_choice":
        return float(np.mean([1 / len(question.options) for question in questions]))
    if protocol.task == "count":
        right_Q1 = np.array([[float(question.answer or 0)] for question in questions])
        return float(((np.arange(protocol.gallery) - right_Q1) ** 2).mean())
    return 1 / protocol.gallery

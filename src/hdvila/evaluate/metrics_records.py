"""The metrics of a record, with intervals, from aligned predictions.

Legend: Q queries (captions, questions), V videos.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Question
from hdvila.evaluate.align_predictions import AlignedAnswers, AlignedScores, relevance_of, take_rows
from hdvila.evaluate.metrics.answers import (
    accepted,
    accuracy_by_type,
    correct,
    most_frequent_share,
    outside,
    squared_errors,
)
from hdvila.evaluate.metrics.bootstrap import Interval, Resampling
from hdvila.evaluate.metrics.normalise_scores import dual_softmax, inverted_softmax
from hdvila.evaluate.metrics.rank import RankedQueries, TieRule, metrics_of, rank_queries
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["Resample", "extras_fit", "question_fields", "retrieval_fields", "skipped_extras"]

Resample = Callable[[Sequence[Hashable]], Resampling]
"""Draws resamples of values, given the group of each value."""

_MOST_SCORES = 30_000_000  # extras need several float64 copies of all scores
_RANKS = ("r1", "r5", "r10", "r50", "median_rank", "mean_rank")
_MAX_COSINE = 1.001  # a rounded cosine may exceed 1 a little


def retrieval_fields(
    aligned: AlignedScores,
    expanded_QV: NDArray[Any] | None,
    ties: TieRule,
    resample: Resample | None,
    plain_QV: NDArray[Any] | None = None,
) -> dict[str, Any]:
    """Compute the record's fields for retrieval, in both directions.

    Args:
        aligned: the scores.
        expanded_QV: the scores after query expansion, if they were computed.
        ties: the tie rule.
        resample: draws the resamples for intervals; None: only the metrics, without intervals and extras.
        plain_QV: the scores before re-ranking, if they were re-ranked.
    """
    video_of, captions_of, with_captions = relevance_of(aligned.annotations)

    def ranked(forward_QV: NDArray[Any], backward_QV: NDArray[Any]) -> tuple[RankedQueries, RankedQueries]:
        backward_VQ = take_rows(backward_QV.T, with_captions)
        return rank_queries(forward_QV, video_of, ties), rank_queries(backward_VQ, captions_of, ties)

    def resampled(resample: Resample, forward: RankedQueries, backward: RankedQueries) -> tuple[Resampling, Resampling]:
        return resample([video_of[query] for query in forward.query]), resample(backward.query.tolist())

    forward, backward = ranked(aligned.scores_QV, aligned.scores_QV)
    draws = (None, None) if resample is None else resampled(resample, forward, backward)
    fields = {
        "text_to_video": _direction(forward, draws[0]),
        "video_to_text": _direction(backward, draws[1]),
        "ties": forward.ties + backward.ties,
        "gallery": forward.gallery,
        "chance": forward.chance_r1,
    }
    if plain_QV is not None:
        there, back = ranked(plain_QV, plain_QV)
        own = (None, None) if resample is None else resampled(resample, there, back)
        fields["before_reranking"] = {
            "text_to_video": _direction(there, own[0]),
            "video_to_text": _direction(back, own[1]),
            "ties": there.ties + back.ties,
            "difference": {
                "text_to_video": _difference(forward, there, draws[0]),
                "video_to_text": _difference(backward, back, draws[1]),
            },
        }
    if resample is None:
        return fields
    extra = {}
    for name, forward_QV, backward_QV in _normalised(aligned.scores_QV, expanded_QV):
        there, back = ranked(forward_QV, backward_QV)
        if ties == "official":  # there are as many ranks as ties, and these scores have other ties
            draws = resampled(resample, there, back)
        extra[name] = {"text_to_video": _direction(there, draws[0]), "video_to_text": _direction(back, draws[1])}
    return {**fields, "extra": extra} if extra else fields


def extras_fit(scores: int) -> bool:
    """Whether the extra metrics of so many scores are computed; they take several copies in memory."""
    return scores <= _MOST_SCORES


def skipped_extras(similarity_QV: NDArray[Any], vectors: bool) -> str:
    """A note on extra metrics that are not computed; empty where all are.

    Args:
        similarity_QV: the scores.
        vectors: whether there are vectors, which query expansion needs.
    """
    if not extras_fit(similarity_QV.size):
        which = "no dual or inverted softmax and no query expansion" if vectors else "no dual or inverted softmax"
        return (
            f"{which}: they take several copies of all scores in memory, and there are {similarity_QV.size:,}, more "
            f"than {_MOST_SCORES:,}"
        )
    if (largest := _largest(similarity_QV)) > _MAX_COSINE:
        return (
            "no dual or inverted softmax: their temperature is for cosines, and a score here is as large as "
            f"{largest:.3g}"
        )
    return ""


def _largest(similarity_QV: NDArray[Any]) -> float:
    return max(float(similarity_QV.max()), -float(similarity_QV.min()))


def _normalised(
    similarity_QV: NDArray[Any], expanded_QV: NDArray[Any] | None
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """Each extra method with its scores (Q, V) for text to video and for video to text."""
    if extras_fit(similarity_QV.size) and _largest(similarity_QV) <= _MAX_COSINE:
        both_QV = dual_softmax(similarity_QV)
        yield "dual_softmax", both_QV, both_QV
        yield "inverted_softmax", inverted_softmax(similarity_QV), inverted_softmax(similarity_QV.T).T
    if expanded_QV is not None:
        yield "query_expansion", expanded_QV, expanded_QV


def _direction(ranked: RankedQueries, draws: Resampling | None) -> dict[str, Any]:
    if draws is None:
        return {**metrics_of(ranked).to_dict(), "intervals": {}}
    intervals = {f"r{k}": draws.share(ranked.ranks <= k) for k in (1, 5, 10, 50)}
    intervals |= {"median_rank": draws.median(ranked.ranks), "mean_rank": draws.mean(ranked.ranks)}
    return {**metrics_of(ranked).to_dict(), "intervals": intervals}


def _difference(ranked: RankedQueries, plain: RankedQueries, draws: Resampling | None) -> dict[str, Any]:
    """The metrics of re-ranked queries less those of the plain ones, with intervals where both have the same ranks."""
    new, old = metrics_of(ranked).to_dict(), metrics_of(plain).to_dict()
    found: dict[str, Any] = {name: new[name] - old[name] for name in _RANKS}
    found["intervals"] = {}
    if draws is not None and np.array_equal(ranked.query, plain.query):  # the official tie rule repeats queries
        hits = {f"r{k}": (ranked.ranks <= k) * 1.0 - (plain.ranks <= k) for k in (1, 5, 10, 50)}
        changes = {**hits, "mean_rank": ranked.ranks - plain.ranks}
        found["intervals"] = {name: draws.mean(change) for name, change in changes.items()}
    return found


def question_fields(
    protocol: Protocol, aligned: AlignedAnswers, vocabulary: Collection[str] | None, resample: Resample
) -> dict[str, Any]:
    """Compute the record's fields for question answering; without metrics, where the right answers are secret.

    Args:
        protocol: says which kind of answers is scored.
        aligned: the answers.
        vocabulary: the answers that the model can give; None: unknown.
        resample: draws the resamples for intervals.
    """
    questions, answers = aligned.annotations.questions, aligned.answers
    if aligned.annotations.hidden:
        choices = protocol.gallery if vocabulary is None else len(vocabulary)
        return {"gallery": choices, "full_gallery": choices, "chance": protocol.chance}
    draws = resample([question.video_id for question in questions])
    fields: dict[str, Any] = {"intervals": {}}
    if protocol.task == "count":
        errors_Q = squared_errors(questions, answers)
        correct_Q = (errors_Q == 0).astype(np.float64)
        fields["mean_squared_error"] = float(errors_Q.mean())
        fields["intervals"]["mean_squared_error"] = draws.mean(errors_Q)
    else:
        correct_Q = correct(questions, answers)
    fields["accuracy"] = float(correct_Q.mean())
    fields["intervals"]["accuracy"] = draws.share(correct_Q)
    fields["accuracy_by_type"] = accuracy_by_type(questions, correct_Q)
    fields["intervals_by_type"] = {
        kind: _interval_of_type(kind, questions, correct_Q, resample) for kind in fields["accuracy_by_type"]
    }
    choices = len(vocabulary) if vocabulary is not None and protocol.task == "open_ended" else protocol.gallery
    fields["gallery"] = fields["full_gallery"] = choices
    lost, different = (0, 0) if vocabulary is None else outside(questions, vocabulary)
    fields["chance"] = _chance(protocol, questions, choices, vocabulary)
    if protocol.task != "multiple_choice":
        fields["most_frequent"] = most_frequent_share(questions)
    if vocabulary is not None:
        fields["out_of_vocabulary"] = {"questions": lost, "answers": different}
    return fields


def _interval_of_type(
    kind: str, questions: Sequence[Question], correct_Q: NDArray[np.float64], resample: Resample
) -> Interval:
    rows = [row for row, question in enumerate(questions) if question.kind == kind]
    return resample([questions[row].video_id for row in rows]).share(correct_Q[rows])


def _chance(
    protocol: Protocol, questions: Sequence[Question], choices: int, vocabulary: Collection[str] | None
) -> float:
    """The expected metric of uniform guesses among the options, the vocabulary, or the counts from 0.

    Args:
        protocol: says which kind of answers is scored.
        questions: that are scored.
        choices: of open questions and counts.
        vocabulary: the answers that the model can give, so that no guess is another one; None: unknown.
    """
    if protocol.task == "multiple_choice":
        return float(np.mean([1 / len(question.options) for question in questions]))
    if protocol.task == "count":
        right_Q1 = np.array([[float(question.answer)] for question in questions])
        return float(((np.arange(choices) - right_Q1) ** 2).mean())
    known = None if vocabulary is None else frozenset(vocabulary)
    scores = (accepted(question).items() for question in questions)
    worth = sum(score for one in scores for word, score in one if known is None or word in known)
    return worth / (len(questions) * choices)

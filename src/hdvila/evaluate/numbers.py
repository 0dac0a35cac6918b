"""The numbers of a record: of matched predictions, with intervals, by task.

Legend: Q queries (captions, questions), V videos.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Question
from hdvila.evaluate.matching import Matched, rows_of, targets_of
from hdvila.evaluate.metrics.answers import accuracy_by_type, correct, most_frequent_share, outside, squared_errors
from hdvila.evaluate.metrics.bootstrap import Interval, Resampling
from hdvila.evaluate.metrics.rank import RankedQueries, TieRule, metrics_of, rank_queries
from hdvila.evaluate.metrics.rerank import dual_softmax, inverted_softmax
from hdvila.evaluate.protocols.protocol import Protocol

__all__ = ["Resample", "few_enough", "left_out", "numbers_of_questions", "numbers_of_retrieval"]

Resample = Callable[[Sequence[Hashable]], Resampling]
_FEW = 30_000_000  # scores up to which the extra columns are worked out: they need several float64 copies
_ONE = 1.001  # a cosine, rounded


def numbers_of_retrieval(
    matched: Matched, expanded_QV: NDArray[Any] | None, ties: TieRule, resample: Resample
) -> dict[str, Any]:
    """Fields of the record for retrieval; `expanded_QV` are the scores after query expansion, where there are some."""
    video_of, captions_of, asked = targets_of(matched.annotations)

    def ranked(forth_QV: NDArray[Any], back_QV: NDArray[Any]) -> tuple[RankedQueries, RankedQueries]:
        back_VQ = rows_of(back_QV.T, asked)
        return rank_queries(forth_QV, video_of, ties), rank_queries(back_VQ, captions_of, ties)

    forth, back = ranked(matched.values, matched.values)
    drawn = resample([video_of[query] for query in forth.query]), resample(back.query.tolist())
    numbers = {
        "text_to_video": _direction(forth, drawn[0]),
        "video_to_text": _direction(back, drawn[1]),
        "ties": forth.ties + back.ties,
        "gallery": forth.gallery,
        "chance": forth.chance_r1,
    }
    extra = {}
    for name, forth_QV, back_QV in _made_over(matched.values, expanded_QV):
        there, again = ranked(forth_QV, back_QV)
        if ties == "official":  # as many ranks as there are ties, and these scores have others
            drawn = resample([video_of[query] for query in there.query]), resample(again.query.tolist())
        extra[name] = {"text_to_video": _direction(there, drawn[0]), "video_to_text": _direction(again, drawn[1])}
    return {**numbers, "extra": extra} if extra else numbers


def few_enough(scores: int) -> bool:
    """Whether the extra columns of so many scores are worked out."""
    return scores <= _FEW


def left_out(similarity_QV: NDArray[Any], vectors: bool) -> str:
    """What is to be said where extra columns are left out; empty where they are all there.

    Args:
        vectors: whether there are vectors, which query expansion needs.
    """
    if not few_enough(similarity_QV.size):
        which = "no dual or inverted softmax and no query expansion" if vectors else "no dual or inverted softmax"
        return (
            f"{which}: they take several copies of all scores in memory, and there are {similarity_QV.size:,}, more "
            f"than {_FEW:,}"
        )
    if (largest := _largest(similarity_QV)) > _ONE:
        return (
            "no dual or inverted softmax: their temperature is for cosines, and a score here is as large as "
            f"{largest:.3g}"
        )
    return ""


def _largest(similarity_QV: NDArray[Any]) -> float:
    return max(float(similarity_QV.max()), -float(similarity_QV.min()))


def _made_over(
    similarity_QV: NDArray[Any], expanded_QV: NDArray[Any] | None
) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """The methods with the scores (Q, V) that they make for text to video and for video to text, one after another."""
    if few_enough(similarity_QV.size) and _largest(similarity_QV) <= _ONE:
        both_QV = dual_softmax(similarity_QV)
        yield "dual_softmax", both_QV, both_QV
        yield "inverted_softmax", inverted_softmax(similarity_QV), inverted_softmax(similarity_QV.T).T
    if expanded_QV is not None:
        yield "query_expansion", expanded_QV, expanded_QV


def _direction(ranked: RankedQueries, drawn: Resampling) -> dict[str, Any]:
    intervals = {f"r{k}": drawn.share(ranked.ranks <= k) for k in (1, 5, 10, 50)}
    intervals |= {"median_rank": drawn.median(ranked.ranks), "mean_rank": drawn.mean(ranked.ranks)}
    return {**metrics_of(ranked).to_dict(), "intervals": intervals}


def numbers_of_questions(
    protocol: Protocol, matched: Matched, vocabulary: Collection[str] | None, resample: Resample
) -> dict[str, Any]:
    """Fields of the record for questions."""
    questions, answers = matched.annotations.questions, matched.values
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
    numbers["intervals"]["accuracy"] = drawn.share(right_Q)
    numbers["accuracy_by_type"] = accuracy_by_type(questions, right_Q)
    numbers["intervals_by_type"] = {
        kind: _of_type(kind, questions, right_Q, resample) for kind in numbers["accuracy_by_type"]
    }
    choices = len(vocabulary) if vocabulary is not None and protocol.task == "open_ended" else protocol.gallery
    numbers["gallery"] = numbers["full_gallery"] = choices
    lost, different = (0, 0) if vocabulary is None else outside(questions, vocabulary)
    numbers["chance"] = _chance(protocol, questions, choices, lost)
    if protocol.task != "multiple_choice":
        numbers["most_frequent"] = most_frequent_share(questions)
    if vocabulary is not None:
        numbers["out_of_vocabulary"] = {"questions": lost, "answers": different}
    return numbers


def _of_type(kind: str, questions: Sequence[Question], right_Q: NDArray[np.float64], resample: Resample) -> Interval:
    rows = [row for row, question in enumerate(questions) if question.kind == kind]
    return resample([questions[row].video_id for row in rows]).share(right_Q[rows])


def _chance(protocol: Protocol, questions: Sequence[Question], choices: int, lost: int) -> float:
    """What a uniform guess gives: among the options, the vocabulary's words, or the counts 0 to gallery - 1.

    Args:
        lost: questions whose right answer is not in the vocabulary, which no guess gets right.
    """
    if protocol.task == "multiple_choice":
        return float(np.mean([1 / len(question.options) for question in questions]))
    if protocol.task == "count":
        right_Q1 = np.array([[float(question.answer)] for question in questions])
        return float(((np.arange(choices) - right_Q1) ** 2).mean())
    return (1 - lost / len(questions)) / choices

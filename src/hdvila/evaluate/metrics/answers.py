"""Metrics of answers: accuracy, accuracy by type of question, and squared error of counts.

Legend: Q questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Question

__all__ = ["accepted", "accuracy_by_type", "correct", "most_frequent_share", "outside", "squared_errors"]

Answer = str | int | float


def correct(questions: Sequence[Question], answers: Sequence[Answer]) -> NDArray[np.float64]:
    """(Q,) 1 where the answer equals the right one verbatim, 0 elsewhere; with soft answers the score of the answer."""
    pairs = zip(questions, answers, strict=True)
    return np.array([accepted(question).get(str(answer), 0.0) for question, answer in pairs])


def accepted(question: Question) -> dict[str, float]:
    """What each answer to a question is worth, above 0 up to 1; others are worth nothing."""
    return dict(question.soft_answers) if question.soft_answers else {str(question.answer): 1.0}


def accuracy_by_type(questions: Sequence[Question], correct_Q: NDArray[np.float64]) -> dict[str, float]:
    """Accuracy of each type of question, by name; empty where questions have no type."""
    kinds = np.array([question.kind for question in questions])
    return {str(kind): float(correct_Q[kinds == kind].mean()) for kind in sorted(set(kinds)) if kind}


def squared_errors(questions: Sequence[Question], answers: Sequence[Answer]) -> NDArray[np.float64]:
    """(Q,) squared difference of the answered and the right count."""
    pairs = zip(questions, answers, strict=True)
    return np.array([(float(answer) - float(question.answer or 0)) ** 2 for question, answer in pairs])


def outside(questions: Sequence[Question], vocabulary: Collection[str]) -> tuple[int, int]:
    """The number of questions whose right answers are all outside the vocabulary, and of such (heaviest) answers."""
    known = frozenset(vocabulary)
    lost = [question.answer for question in questions if known.isdisjoint(accepted(question))]
    return len(lost), len(set(lost))


def most_frequent_share(questions: Sequence[Question]) -> float:
    """The accuracy of always giving the answer that fares best, which needs no look at the videos."""
    scores: Counter[str] = Counter()
    for question in questions:
        scores.update(accepted(question))
    return max(scores.values()) / len(questions)

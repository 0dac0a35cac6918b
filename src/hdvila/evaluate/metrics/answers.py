"""Metrics of given answers: right or wrong, by type of question, and by distance where the answer is a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Question

__all__ = ["accuracy_by_type", "correct", "most_frequent_share", "outside", "squared_errors"]

Answer = str | int | float


def correct(questions: Sequence[Question], answers: Sequence[Answer]) -> NDArray[np.float64]:
    """(Q,) 1 where the answer is the right one as it stands, 0 elsewhere."""
    return np.array(
        [float(str(question.answer) == str(answer)) for question, answer in zip(questions, answers, strict=True)]
    )


def accuracy_by_type(questions: Sequence[Question], correct_Q: NDArray[np.float64]) -> dict[str, float]:
    """Accuracy of each type of question, by name; empty where questions have no type."""
    kinds = np.array([question.kind for question in questions])
    return {str(kind): float(correct_Q[kinds == kind].mean()) for kind in sorted(set(kinds)) if kind}


def squared_errors(questions: Sequence[Question], answers: Sequence[Answer]) -> NDArray[np.float64]:
    """(Q,) squared distance of answered from right count."""
    pairs = zip(questions, answers, strict=True)
    return np.array([(float(answer) - float(question.answer or 0)) ** 2 for question, answer in pairs])


def outside(questions: Sequence[Question], vocabulary: Collection[str]) -> tuple[int, int]:
    """(questions, different answers) whose right answer no model with this vocabulary can give."""
    lost = [question.answer for question in questions if question.answer not in vocabulary]
    return len(lost), len(set(lost))


def most_frequent_share(questions: Sequence[Question]) -> float:
    """The accuracy of always giving the most frequent right answer: what can be had without looking."""
    counts = Counter(question.answer for question in questions)
    return max(counts.values()) / len(questions)

"""The number by which checkpoints are chosen."""

from __future__ import annotations

from hdvila.annotations.records import Annotations, Question
from hdvila.evaluate.predictions import Answers
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.score import quick_score


def asked(*answers: str | int) -> Annotations:
    questions = tuple(Question(f"q{i}", f"v{i}", "how many times ?", answer) for i, answer in enumerate(answers))
    return Annotations(videos=(), captions=(), questions=questions)


def test_counts_are_chosen_by_their_metric() -> None:
    truth, count = asked("3", "3", "3", "3"), get_protocol("tgif-count")
    near = Answers({"q0": 4, "q1": 4, "q2": 4, "q3": 4})
    far = Answers({"q0": 3, "q1": 3, "q2": 10, "q3": 10})
    assert quick_score(count, truth, near) == -1.0
    assert quick_score(count, truth, far) == -24.5
    assert quick_score(count, truth, near) > quick_score(count, truth, far), "two of four right are no better"


def test_answers_are_chosen_by_how_many_are_right() -> None:
    truth = asked("red", "dog", "two", "cat")
    given = Answers({"q3": "cat", "q0": "red", "q1": "cat"})
    assert quick_score(get_protocol("msrvtt-qa"), truth, given) == 2 / 3

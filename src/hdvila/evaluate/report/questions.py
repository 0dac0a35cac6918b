"""Examples of questions that were answered right and wrong, and which answers are confused.

Legend: Q questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Annotations, Question
from hdvila.evaluate.answering import Prediction
from hdvila.evaluate.metrics.answers import correct
from hdvila.evaluate.report.previews import VideoPreview, VideoPreviews
from hdvila.evaluate.report.subsets import SubsetScore, subset_scores

__all__ = ["QuestionSummary", "summarise_questions"]

_FAILED = 12  # wrong answers that are listed by name
_EXAMPLES = 4  # of each kind: right, wrong, confidently wrong
_MOST = 15  # rows of a list

Pairs = Counter[tuple[str, str]]
"""How often each (right answer, given answer) occurs."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option or answer.

    Attributes:
        text: what it says.
        probability: 0..1; None: it is not among the model's most likely answers.
        right: whether it is the right answer.
        given: whether the model gave it.
    """

    text: str
    probability: float | None
    right: bool
    given: bool


@dataclass(frozen=True, slots=True)
class QuestionExample:
    """A question and how it was answered; `lost`: the right answer is not in the model's vocabulary."""

    question: Question
    preview: VideoPreview
    choices: tuple[Choice, ...]
    lost: bool


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often `given` was answered instead of `right`, and how many questions have that right answer."""

    right: str
    given: str
    times: int
    asked: int


@dataclass(frozen=True, slots=True)
class CountTable:
    """How often each number was given for each right one.

    Attributes:
        given: the numbers that occur as answers, ascending; the columns.
        rows: right number, how many questions have it, the mean answer, and how often each of `given` was
            answered.
    """

    given: tuple[int, ...]
    rows: tuple[tuple[int, int, float, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class QuestionSummary:
    """What a page shows of a test of questions.

    Attributes:
        examples: by outcome (``"right"``, ...).
        types, categories: accuracy in each, the worst first.
        failed: video, question and outcome of the wrong answers in which the model was most confident.
        confusions: of open questions, the most frequent mistakes within the vocabulary.
        outside: of open questions, right answers outside the vocabulary and how often, the most frequent
            first.
        counts: of counts, what was answered for each right number.
    """

    examples: dict[str, list[QuestionExample]]
    types: tuple[SubsetScore, ...]
    categories: tuple[SubsetScore, ...]
    failed: tuple[tuple[str, str, str], ...] = ()
    confusions: tuple[Confusion, ...] = ()
    outside: tuple[tuple[str, int], ...] = ()
    counts: CountTable | None = None


def summarise_questions(
    task: str,
    annotations: Annotations,
    predictions: Sequence[Prediction],
    vocabulary: Collection[str] | None,
    previews: VideoPreviews,
    seed: int = 0,
) -> QuestionSummary:
    """Choose examples and count mistakes.

    Args:
        task: open_ended, multiple_choice or count.
        annotations: with every question of `predictions`.
        predictions: at least one.
        vocabulary: the answers that the model can give to open questions.
        previews: of the videos.
        seed: of the choice of examples.

    Raises:
        StoreError: a video cannot be read.
    """
    question_of = {question.question_id: question for question in annotations.questions}
    asked = [question_of[prediction.question_id] for prediction in predictions]
    correct_Q = correct(asked, [prediction.answer for prediction in predictions]) > 0
    confidence_Q = np.array([prediction.probabilities[0][1] for prediction in predictions])
    known = frozenset(vocabulary or ())
    group = {video.video_id: video.group for video in annotations.videos}
    videos = [question.video_id for question in asked]
    wrong = np.flatnonzero(~correct_Q)
    surest = wrong[np.argsort(-confidence_Q[wrong], kind="stable")][:_FAILED].tolist()
    pairs = Counter((str(one.answer), str(said.answer)) for one, said in zip(asked, predictions, strict=True))
    return QuestionSummary(
        examples={
            kind: [_example(asked[at], predictions[at], known, previews) for at in places]
            for kind, places in _choose(correct_Q, confidence_Q, seed).items()
            if places
        },
        types=subset_scores([question.kind for question in asked], correct_Q, videos),
        categories=subset_scores([group[video] for video in videos], correct_Q, videos),
        failed=tuple(
            (asked[at].video_id, asked[at].question, _outcome(asked[at], predictions[at].answer)) for at in surest
        ),
        confusions=_confusions(pairs, known) if task == "open_ended" else (),
        outside=_unreachable(pairs, known) if task == "open_ended" else (),
        counts=_count_table(pairs) if task == "count" else None,
    )


def _outcome(question: Question, answer: int | str | float) -> str:
    """The given and the right answer, in words."""
    right, given = (question.options[int(one)] if question.options else str(one) for one in (question.answer, answer))
    return f"answered {given}, right is {right}"


def _choose(correct_Q: NDArray[np.bool_], confidence_Q: NDArray[np.float64], seed: int) -> dict[str, list[int]]:
    """Questions by outcome, drawn at random, and the wrong answers in which the model was most confident."""
    order = np.random.default_rng(seed).permutation(len(correct_Q))
    wrong = order[~correct_Q[order]]
    surest = wrong[np.argsort(-confidence_Q[wrong], kind="stable")][:_EXAMPLES]
    kinds = {
        "right": order[correct_Q[order]],
        "wrong": wrong[~np.isin(wrong, surest)],
        "confidently wrong": surest,
    }
    return {kind: places[:_EXAMPLES].tolist() for kind, places in kinds.items()}


def _example(
    question: Question, prediction: Prediction, vocabulary: Collection[str], previews: VideoPreviews
) -> QuestionExample:
    """A question with all its options, or with the most likely answers and the right one."""
    probability, right = dict(prediction.probabilities), question.answer
    assert right is not None  # or the test could not have been scored
    texts = dict(enumerate(question.options)) if question.options else {one: str(one) for one in (*probability, right)}
    choices = tuple(
        Choice(text, probability.get(name), name == right, name == prediction.answer) for name, text in texts.items()
    )
    lost = not question.options and right not in vocabulary
    return QuestionExample(question, previews.of(question.video_id), choices, lost)


def _confusions(pairs: Pairs, vocabulary: Collection[str]) -> tuple[Confusion, ...]:
    """The most frequent mistakes where the right answer is in the vocabulary."""
    asked: Counter[str] = Counter()
    for (right, _), times in pairs.items():
        asked[right] += times
    mistakes = (
        Confusion(right, given, times, asked[right])
        for (right, given), times in pairs.items()
        if right != given and right in vocabulary
    )
    return tuple(sorted(mistakes, key=lambda one: (-one.times, one.right, one.given))[:_MOST])


def _unreachable(pairs: Pairs, vocabulary: Collection[str]) -> tuple[tuple[str, int], ...]:
    """The most frequent right answers that are not in the vocabulary, and how many questions have each."""
    lost: Counter[str] = Counter()
    for (right, _), times in pairs.items():
        if right not in vocabulary:
            lost[right] += times
    return tuple(sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:_MOST])


def _count_table(pairs: Pairs) -> CountTable:
    """The table of `pairs` whose answers are whole numbers in digits."""
    times = {(int(right), int(given)): number for (right, given), number in pairs.items()}
    given = tuple(sorted({column for _, column in times}))
    rows = []
    for right in sorted({row for row, _ in times}):
        row = tuple(times.get((right, column), 0) for column in given)
        mean = sum(column * number for column, number in zip(given, row, strict=True)) / sum(row)
        rows.append((right, sum(row), mean, row))
    return CountTable(given, tuple(rows))

"""Questions that were answered rightly and wrongly, and what is mistaken for what.

Legend: Q questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Annotations, Question
from hdvila.evaluate.answering import Guess
from hdvila.evaluate.metrics.answers import correct
from hdvila.evaluate.report.mistakes import Confusion, CountTable, confusions, count_table, unreachable
from hdvila.evaluate.report.pictures import Pictures, Shown
from hdvila.evaluate.report.shares import Share, shares

__all__ = ["Answered", "Choice", "Example", "look_at_answers"]

FAILED = 12
"""Wrong answers that are listed by name."""
EXAMPLES = 4
"""Of each kind: right, wrong, wrong and sure of it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option or answer, its probability 0..1 (None: not among the likeliest), whether it is right, and given."""

    text: str
    share: float | None
    right: bool
    given: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A question as it was answered; `lost`: no answer of the model's vocabulary is right."""

    question: Question
    shown: Shown
    choices: tuple[Choice, ...]
    lost: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What there is to see of a test of questions.

    Attributes:
        examples: by what became of them (``"right"``, ...).
        types, categories: accuracy in each, the worst first.
        failed: video, question and what was answered, of the wrong answers to which the model gave the most.
        confusions: of open questions, the most frequent mistakes within the vocabulary.
        outside: of open questions, right answers outside the vocabulary and how often, the most frequent first.
        counts: of counting, what was answered for each right number.
    """

    examples: dict[str, list[Example]]
    types: tuple[Share, ...]
    categories: tuple[Share, ...]
    failed: tuple[tuple[str, str, str], ...] = ()
    confusions: tuple[Confusion, ...] = ()
    outside: tuple[tuple[str, int], ...] = ()
    counts: CountTable | None = None


def look_at_answers(
    task: str,
    annotations: Annotations,
    guesses: Sequence[Guess],
    vocabulary: Collection[str] | None,
    pictures: Pictures,
    seed: int = 0,
) -> Answered:
    """Choose examples and count mistakes.

    Args:
        task: open_ended, multiple_choice or count.
        annotations: with every question of `guesses`.
        guesses: at least one.
        vocabulary: what the model can answer to open questions.
        pictures: of the videos.
        seed: of the choice.

    Raises:
        StoreError: a video cannot be read.
    """
    question_of = {question.question_id: question for question in annotations.questions}
    asked = [question_of[guess.question_id] for guess in guesses]
    right_Q = correct(asked, [guess.answer for guess in guesses]) > 0
    sure_Q = np.array([guess.shares[0][1] for guess in guesses])
    known = frozenset(vocabulary or ())
    group = {part.video_id: part.group for part in annotations.videos}
    videos = [question.video_id for question in asked]
    wrong = np.flatnonzero(~right_Q)
    surest = wrong[np.argsort(-sure_Q[wrong], kind="stable")][:FAILED].tolist()
    pairs = Counter((str(one.answer), str(guess.answer)) for one, guess in zip(asked, guesses, strict=True))
    return Answered(
        examples={
            kind: [_example(asked[at], guesses[at], known, pictures) for at in places]
            for kind, places in _chosen(right_Q, sure_Q, seed).items()
            if places
        },
        types=shares([question.kind for question in asked], right_Q, videos),
        categories=shares([group[video] for video in videos], right_Q, videos),
        failed=tuple((asked[at].video_id, asked[at].question, _said(asked[at], guesses[at].answer)) for at in surest),
        confusions=confusions(pairs, known) if task == "open_ended" else (),
        outside=unreachable(pairs, known) if task == "open_ended" else (),
        counts=count_table(pairs) if task == "count" else None,
    )


def _said(question: Question, answer: int | str | float) -> str:
    """What was answered and what would have been right, in words."""
    right, given = (question.options[int(one)] if question.options else str(one) for one in (question.answer, answer))
    return f"answered {given}, right is {right}"


def _chosen(right_Q: NDArray[np.bool_], sure_Q: NDArray[np.float64], seed: int) -> dict[str, list[int]]:
    """Questions by what became of them, drawn, and those wrong answers to which the model gave the most."""
    order = np.random.default_rng(seed).permutation(len(right_Q))
    wrong = order[~right_Q[order]]
    surest = wrong[np.argsort(-sure_Q[wrong], kind="stable")][:EXAMPLES]
    kinds = {
        "right": order[right_Q[order]],
        "wrong": wrong[~np.isin(wrong, surest)],
        "wrong, and the surest of it": surest,
    }
    return {kind: places[:EXAMPLES].tolist() for kind, places in kinds.items()}


def _example(question: Question, guess: Guess, vocabulary: Collection[str], pictures: Pictures) -> Example:
    """All options, or the likeliest answers and the right one."""
    share, right = dict(guess.shares), question.answer
    assert right is not None  # or the test could not have been scored
    texts = dict(enumerate(question.options)) if question.options else {name: str(name) for name in (*share, right)}
    choices = tuple(Choice(text, share.get(name), name == right, name == guess.answer) for name, text in texts.items())
    return Example(
        question,
        pictures.of(question.video_id),
        choices,
        lost=not question.options and right not in vocabulary,
    )

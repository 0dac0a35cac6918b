"""Answering questions: every clip is read and looked at once, and batches change nothing."""

from __future__ import annotations

from collections import Counter
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hdvila.annotations.records import Question
from hdvila.evaluate.answering import answer_questions, ask_head, ask_number
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.text.answers import AnswerVocabulary
from hdvila.types import Clip

VIDEOS = 7
QUESTIONS = [Question(f"q{n}", f"v{n * n % VIDEOS}", f"is it {n}", "no") for n in range(40)]
NUMBERS = {f"v{n}": VIDEOS - 1 - n for n in range(VIDEOS)}


class Levels:
    """Clip i is plain grey, 10 i."""

    clips = tuple(Clip(f"c{n}", f"v{n}", 0.0, 1.0, "") for n in range(VIDEOS))

    def __init__(self) -> None:
        self.read: Counter[int] = Counter()

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip:
        assert rng is None, "evaluation must not draw"
        self.read[i] += 1
        return HybridClip(np.full((1, 3, 64, 64), 10 * i, np.uint8), None)


def tokens(texts: list[str], length: int) -> tuple[Any, Any]:
    ids = np.array([[int(text.split()[-1])] for text in texts])
    return ids, np.ones_like(ids)


class Sums:
    """Is the surest of answer (level + number of the question) mod 5."""

    device = torch.device("cpu")
    processor = SimpleNamespace(
        preprocess=Preprocess(64, 64, 1, 1, 1),
        tokenizer=tokens,
        text_length=4,
        answers=AnswerVocabulary(tuple("abcde")),
    )

    def __init__(self) -> None:
        self.looked = 0

    def visual_tokens(self, high: Tensor, low: Tensor | None) -> Tensor:
        self.looked += len(high)
        return high.float().mean((2, 3, 4)).T[:, :, None, None] / 10

    def answers_about(self, visual_SBPD: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        sums_SB = (visual_SBPD[:, :, 0, 0] + ids[:, 0]).long()
        return torch.nn.functional.one_hot(sums_SB % 5, 6).float()

    def aggregate(self, logits: Tensor, how: str) -> Tensor:
        return logits.mean(0)


@pytest.mark.parametrize("batch_size", [1, 3, 16, 100])
def test_each_question_is_asked_about_its_own_clip_which_is_looked_at_once(batch_size: int) -> None:
    model, source = Sums(), Levels()
    predictions = answer_questions(model, source, QUESTIONS, NUMBERS, ask=ask_head, batch_size=batch_size)
    assert [prediction.question_id for prediction in predictions] == [question.question_id for question in QUESTIONS]
    for n, prediction in enumerate(predictions):
        assert prediction.answer == "abcde"[(NUMBERS[QUESTIONS[n].video_id] + n) % 5]
    asked = {NUMBERS[question.video_id] for question in QUESTIONS}
    assert model.looked == len(asked)
    assert source.read == dict.fromkeys(asked, 1)


class Numbers(Sums):
    """Says the level and the number of the question, less 6.4."""

    def counts_about(self, visual_SBPD: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        return visual_SBPD[:, :, 0, 0] + ids[:, 0] - 6.4


def test_a_number_is_rounded_and_brought_into_the_range_of_counts() -> None:
    ask = partial(ask_number, range(11))
    predictions = answer_questions(Numbers(), Levels(), QUESTIONS, NUMBERS, ask=ask, batch_size=3)
    wanted = [NUMBERS[question.video_id] + n - 6 for n, question in enumerate(QUESTIONS)]
    assert min(wanted) < 0
    assert max(wanted) > 10
    assert [prediction.answer for prediction in predictions] == [min(max(count, 0), 10) for count in wanted]
    assert [prediction.question_id for prediction in predictions] == [question.question_id for question in QUESTIONS]

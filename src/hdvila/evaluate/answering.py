"""What a model answers to questions about clips.

Legend: B questions of a batch, S segments, A answers (or options).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, repeat
from typing import Any

import numpy as np
import torch

from hdvila.annotations.records import Question
from hdvila.data.ahead import read_ahead
from hdvila.data.batch import collate
from hdvila.data.dataset import encode
from hdvila.data.examples import question_texts
from hdvila.data.source import ClipSource
from hdvila.evaluate.retrieval import embed_clips, embed_texts
from hdvila.progress import SILENT, Reporter

__all__ = ["Guess", "answer_questions", "choose_by_retrieval"]

BEST = 5


@dataclass(frozen=True, slots=True)
class Guess:
    """A model's answer.

    Attributes:
        answer: a word of its vocabulary, or the number of an option from 0.
        shares: the five likeliest answers and their probabilities 0..1, the likeliest first.
    """

    question_id: str
    answer: int | str
    shares: tuple[tuple[int | str, float], ...]


@torch.inference_mode()
def answer_questions(
    model: Any,
    source: ClipSource,
    questions: Sequence[Question],
    numbers: Mapping[str, int],
    *,
    consensus: str = "mean",
    batch_size: int = 16,
    reporter: Reporter = SILENT,
) -> list[Guess]:
    """The answers of a question-answering model, in the order of `questions`; clips by the evaluation rule.

    Rows of an open head beyond the vocabulary mean nothing and are never chosen.

    Args:
        model: of variant open_ended or multiple_choice, with a processor.
        numbers: video -> number of its clip.
        consensus: how segments become one decision: mean, max or logsumexp.

    Raises:
        UsageError: questions that the model cannot read.
        StoreError: a clip cannot be read.
    """
    processor = model.processor
    words = processor.answers.words if processor.answers else None
    order = sorted(range(len(questions)), key=lambda i: numbers[questions[i].video_id])  # one video's in a row
    shown = [numbers[questions[i].video_id] for i in order]
    distinct = iter(read_ahead(source, list(dict.fromkeys(shown)), processor.preprocess))
    read = chain.from_iterable(repeat(next(distinct), len(list(same))) for _, same in groupby(shown))
    guesses: dict[int, Guess] = {}
    with reporter.task("answering questions", total=len(questions)) as bar:
        for first in range(0, len(order), batch_size):
            some = order[first : first + batch_size]
            asked = [questions[i] for i in some]
            ids, mask = encode(processor.tokenizer, [question_texts(one) for one in asked], processor.text_length)
            batch = collate(list(islice(read, len(some))), ids.flatten(0, -2), mask.flatten(0, -2), some).to(
                model.device
            )
            logits_SBA = model.answer_logits(batch.high, batch.low, batch.input_ids, batch.attention_mask)
            if words is not None:
                logits_SBA = logits_SBA[..., : len(words)]
            scores_BA = model.aggregate(logits_SBA, consensus).float().cpu()
            guesses |= {i: _guess(questions[i], row, words) for i, row in zip(some, scores_BA, strict=True)}
            bar.advance(len(some))
    return [guesses[i] for i in range(len(questions))]


def choose_by_retrieval(
    model: Any,
    source: ClipSource,
    questions: Sequence[Question],
    numbers: Mapping[str, int],
    *,
    batch_size: int = 16,
    reporter: Reporter = SILENT,
) -> list[Guess]:
    """Multiple choice by a retrieval model: the option whose text is the nearest to the video (the paper's MSRVTT-MC).

    The question itself is not read, only its options; arguments and errors as `answer_questions`. The shares are a
    softmax over similarities at temperature 0.05.
    """
    videos = list(dict.fromkeys(question.video_id for question in questions))
    vectors_VD = embed_clips(model, source, [numbers[video] for video in videos], batch_size, reporter)
    row = {video: vectors_VD[i] for i, video in enumerate(videos)}
    options = list(dict.fromkeys(option for question in questions for option in question.options))
    texts = dict(zip(options, embed_texts(model, options, batch_size), strict=True))
    guesses = []
    for question in questions:
        scores = np.stack([texts[option] for option in question.options]) @ row[question.video_id]
        guesses.append(_guess(question, torch.from_numpy(scores) / 0.05, None))
    return guesses


def _guess(question: Question, scores_A: torch.Tensor, words: Sequence[str] | None) -> Guess:
    shares_A, rows = scores_A.softmax(0).topk(min(BEST, len(scores_A)))
    names: list[int | str] = [row if words is None else words[row] for row in rows.tolist()]
    return Guess(question.question_id, names[0], tuple(zip(names, shares_A.tolist(), strict=True)))

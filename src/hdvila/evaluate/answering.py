"""What a model with an answer head answers to questions about clips.

Legend: B questions of a batch, V clips, S segments, P places in a frame, D width, A answers (or options).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray

from hdvila.annotations.records import Question
from hdvila.data.dataset import encode
from hdvila.data.examples import question_texts
from hdvila.data.prefetch import prefetch_clips
from hdvila.data.source import ClipSource
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import computing
from hdvila.nn.capabilities import AnswerHead, Numbers, VisualTokens
from hdvila.nn.consensus import aggregate
from hdvila.nn.pretrained import to_tensors
from hdvila.progress import SILENT, Reporter

__all__ = ["Prediction", "answer_questions", "ask_head", "ask_number", "choose_options"]

BEST, TEMPERATURE = 5, 0.05

Model = TypeVar("Model", bound=VisualTokens)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer.

    Attributes:
        answer: a word of its vocabulary, or the number of an option from 0.
        probabilities: the five likeliest answers and their probabilities 0..1, the likeliest first.
    """

    question_id: str
    answer: int | str
    probabilities: tuple[tuple[int | str, float], ...]


@torch.inference_mode()
def answer_questions(
    model: Model,
    source: ClipSource,
    questions: Sequence[Question],
    numbers: Mapping[str, int],
    *,
    ask: Callable[[Model, torch.Tensor, Sequence[Question], str], list[Prediction]],
    consensus: str = "mean",
    batch_size: int = 16,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> list[Prediction]:
    """The answers of a question-answering model, in the order of `questions`; clips by the evaluation rule.

    The visual side of a clip is computed once, however many questions are about it. Rows of an open head beyond the
    vocabulary mean nothing and are never chosen.

    Args:
        model: one that answers questions, in evaluation mode, with a processor.
        source: where the clips are.
        questions: to answer.
        numbers: video -> number of its clip.
        ask: answers B questions about visual tokens (S, B, P, D), with this consensus: `ask_head`, or `ask_number` of
            a model that answers by a number.
        consensus: how segments become one decision: mean, max or logsumexp.
        batch_size: clips, and then questions, that go through the model at once.
        reporter: shows progress.
        processes: share the clips; each has all answers.

    Raises:
        UsageError: questions that the model cannot read.
        StoreError: a clip cannot be read.
    """
    about: dict[int, list[int]] = {}  # clip -> its questions
    for i, question in enumerate(questions):
        about.setdefault(numbers[question.video_id], []).append(i)
    clips = sorted(about)
    batches = [clips[first : first + batch_size] for first in range(0, len(clips), batch_size)]
    own = processes.own(batches)
    inputs = model.processor.preprocess
    read = prefetch_clips(source, [clip for batch in own for clip in batch], inputs)
    predictions: list[dict[int, Prediction]] = []
    total = sum(len(about[clip]) for batch in own for clip in batch)
    with reporter.task("answering questions", total=total) as bar, computing(model):
        for batch in own:
            predictions.append({})
            video = to_tensors(inputs.collate(list(islice(read, len(batch)))), model.device)
            visual_SVPD = model.visual_tokens(*video)
            asked = [(row, i) for row, clip in enumerate(batch) for i in about[clip]]
            for begin in range(0, len(asked), batch_size):
                rows, some = zip(*asked[begin : begin + batch_size], strict=True)
                found = ask(model, visual_SVPD[:, list(rows)], [questions[i] for i in some], consensus)
                predictions[-1] |= zip(some, found, strict=True)
                bar.advance(len(some))
    all_predictions = {i: one for found in processes.all_results(predictions) for i, one in found.items()}
    return [all_predictions[i] for i in range(len(questions))]


def ask_head(
    model: AnswerHead, visual_SBPD: torch.Tensor, questions: Sequence[Question], consensus: str
) -> list[Prediction]:
    """The answers of an answer head: words of its vocabulary, or options."""
    processor = model.processor
    words = processor.answers.words if processor.answers else None
    texts = [question_texts(question) for question in questions]
    ids, mask = encode(processor.tokenizer, texts, processor.text_length)
    ids, mask = (part.flatten(0, -2).to(model.device) for part in (ids, mask))  # the texts of one question together
    logits_SBA = model.answers_about(visual_SBPD, ids, mask)
    if words is not None:
        logits_SBA = logits_SBA[..., : len(words)]
    scores_BA = model.aggregate(logits_SBA, consensus).float().cpu()
    return [_prediction(question, row, words) for question, row in zip(questions, scores_BA, strict=True)]


def ask_number(
    counts: range, model: Numbers, visual_SBPD: torch.Tensor, questions: Sequence[Question], consensus: str
) -> list[Prediction]:
    """The answers of a model that answers by a number, rounded and brought into the range of `counts`."""
    ids, mask = encode(model.processor.tokenizer, [(one.question,) for one in questions], model.processor.text_length)
    numbers_SB = model.counts_about(visual_SBPD, ids.to(model.device), mask.to(model.device))
    numbers_B = aggregate(numbers_SB.float(), consensus).round().clamp(counts.start, counts.stop - 1)
    found = [int(number) for number in numbers_B.tolist()]
    return [Prediction(one.question_id, count, ((count, 1.0),)) for one, count in zip(questions, found, strict=True)]


def choose_options(questions: Sequence[Question], scores: Sequence[NDArray[Any]]) -> list[Prediction]:
    """Multiple choice by the score of each option's text with the video (the paper's MSRVTT-MC).

    Args:
        questions: (Q,) with options; what they ask is not read.
        scores: (Q,) of (options,), higher is better; the probabilities are their softmax at temperature 0.05.
    """
    return [
        _prediction(question, torch.from_numpy(some) / TEMPERATURE, None)
        for question, some in zip(questions, scores, strict=True)
    ]


def _prediction(question: Question, scores_A: torch.Tensor, words: Sequence[str] | None) -> Prediction:
    probabilities_A, rows = scores_A.softmax(0).topk(min(BEST, len(scores_A)))
    names: list[int | str] = [row if words is None else words[row] for row in rows.tolist()]
    return Prediction(question.question_id, names[0], tuple(zip(names, probabilities_A.tolist(), strict=True)))

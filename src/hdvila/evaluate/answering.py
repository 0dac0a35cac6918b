"""What a model answers to questions about clips.

Legend: B questions of a batch, V clips, S segments, P places in a picture, D width, A answers (or options).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from hdvila.annotations.records import Question
from hdvila.data.dataset import encode
from hdvila.data.examples import question_texts
from hdvila.data.prefetch import prefetch_clips
from hdvila.data.source import ClipSource
from hdvila.evaluate.retrieval import embed_clips, embed_texts
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.hub import computing
from hdvila.nn.capabilities import AnswerHead, DualEncoder
from hdvila.nn.pretrained import to_tensors
from hdvila.progress import SILENT, Reporter

__all__ = ["Prediction", "answer_questions", "choose_by_retrieval"]

BEST = 5


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
    model: AnswerHead,
    source: ClipSource,
    questions: Sequence[Question],
    numbers: Mapping[str, int],
    *,
    consensus: str = "mean",
    batch_size: int = 16,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> list[Prediction]:
    """The answers of a question-answering model, in the order of `questions`; clips by the evaluation rule.

    A clip goes through the picture part of the model once, however many questions are about it. Rows of an open head
    beyond the vocabulary mean nothing and are never chosen.

    Args:
        model: one that answers questions, with a processor.
        numbers: video -> number of its clip.
        consensus: how segments become one decision: mean, max or logsumexp.
        batch_size: clips, and then questions, that go through the model at once.
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
    read = prefetch_clips(source, [clip for shown in own for clip in shown], inputs)
    predictions: list[dict[int, Prediction]] = []
    total = sum(len(about[clip]) for shown in own for clip in shown)
    with reporter.task("answering questions", total=total) as bar, computing(model):
        for shown in own:
            predictions.append({})
            video = to_tensors(inputs.collate(list(islice(read, len(shown)))), model.device)
            visual_SVPD = model.visual_tokens(*video)
            asked = [(row, i) for row, clip in enumerate(shown) for i in about[clip]]
            for begin in range(0, len(asked), batch_size):
                rows, some = zip(*asked[begin : begin + batch_size], strict=True)
                found = _ask(model, visual_SVPD[:, list(rows)], [questions[i] for i in some], consensus)
                predictions[-1] |= zip(some, found, strict=True)
                bar.advance(len(some))
    all_predictions = {i: prediction for batch in processes.joined(predictions) for i, prediction in batch.items()}
    return [all_predictions[i] for i in range(len(questions))]


def _ask(
    model: AnswerHead, visual_SBPD: torch.Tensor, questions: Sequence[Question], consensus: str
) -> list[Prediction]:
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


def choose_by_retrieval(
    model: DualEncoder,
    source: ClipSource,
    questions: Sequence[Question],
    numbers: Mapping[str, int],
    *,
    batch_size: int = 16,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> list[Prediction]:
    """Multiple choice by a retrieval model: the option whose text is the nearest to the video (the paper's MSRVTT-MC).

    The question itself is not read, only its options; arguments and errors as `answer_questions`. The shares are a
    softmax over similarities at temperature 0.05.
    """
    videos = list(dict.fromkeys(question.video_id for question in questions))
    vectors_VD = embed_clips(
        model, source, [numbers[video] for video in videos], batch_size, reporter, processes=processes
    )
    row = {video: vectors_VD[i] for i, video in enumerate(videos)}
    options = list(dict.fromkeys(option for question in questions for option in question.options))
    texts = dict(zip(options, embed_texts(model, options, batch_size, processes), strict=True))
    predictions = []
    for question in questions:
        scores = np.stack([texts[option] for option in question.options]) @ row[question.video_id]
        predictions.append(_prediction(question, torch.from_numpy(scores) / 0.05, None))
    return predictions


def _prediction(question: Question, scores_A: torch.Tensor, words: Sequence[str] | None) -> Prediction:
    probabilities_A, rows = scores_A.softmax(0).topk(min(BEST, len(scores_A)))
    names: list[int | str] = [row if words is None else words[row] for row in rows.tolist()]
    return Prediction(question.question_id, names[0], tuple(zip(names, probabilities_A.tolist(), strict=True)))

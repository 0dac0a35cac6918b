"""What a model says to a benchmark's test: similarities of captions and videos, or answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Annotations
from hdvila.data.dataset import ClipSource
from hdvila.errors import UsageError
from hdvila.evaluate.answering import Guess, answer_questions, choose_by_retrieval
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.retrieval import embed_clips, embed_texts, similarity
from hdvila.progress import SILENT, Reporter

__all__ = ["Similarity", "predict", "quick_score"]


@dataclass(frozen=True, slots=True)
class Similarity:
    """Scores of captions against videos.

    Attributes:
        scores_QV: (Q, V) float32, higher is better.
        query_ids, video_ids: the benchmark's own.
        targets: (Q,) the place of each caption's video among `video_ids`.
    """

    scores_QV: NDArray[np.float32]
    query_ids: tuple[str, ...]
    video_ids: tuple[str, ...]
    targets: tuple[int, ...]


def predict(
    model: Any,
    protocol: Protocol,
    annotations: Annotations,
    source: ClipSource,
    numbers: Mapping[str, int],
    *,
    consensus: str = "mean",
    batch_size: int = 16,
    reporter: Reporter = SILENT,
) -> Similarity | list[Guess]:
    """Ask `model` everything that is asked about the videos of `numbers`, in the order of the annotations.

    Args:
        model: one that fits the protocol (`check_pairing`), with a processor.
        numbers: video -> number of its clip in `source`.
        consensus: of question answering over segments: mean, max or logsumexp.

    Raises:
        UsageError: nothing is asked about these videos.
        StoreError: a clip cannot be read.
    """
    if protocol.task == "retrieval":
        return _similarities(model, annotations, source, numbers, batch_size, reporter)
    questions = [question for question in annotations.questions if question.video_id in numbers]
    if not questions:
        raise UsageError(f"no question of {protocol.name} is about one of the {len(numbers)} videos that are there")
    if model.config.answers_questions:
        return answer_questions(
            model, source, questions, numbers, consensus=consensus, batch_size=batch_size, reporter=reporter
        )
    return choose_by_retrieval(model, source, questions, numbers, batch_size=batch_size, reporter=reporter)


def _similarities(
    model: Any,
    annotations: Annotations,
    source: ClipSource,
    numbers: Mapping[str, int],
    batch_size: int,
    reporter: Reporter,
) -> Similarity:
    captions = [caption for caption in annotations.captions if caption.video_id in numbers]
    if not captions:
        raise UsageError(f"no caption is about one of the {len(numbers)} videos that are there")
    place = {video: i for i, video in enumerate(numbers)}
    videos_VD = embed_clips(model, source, list(numbers.values()), batch_size, reporter)
    texts_QD = embed_texts(model, [caption.text for caption in captions], batch_size)
    return Similarity(
        similarity(texts_QD, videos_VD),
        tuple(caption.query_id for caption in captions),
        tuple(numbers),
        tuple(place[caption.video_id] for caption in captions),
    )


def quick_score(annotations: Annotations, predicted: Similarity | list[Guess]) -> float:
    """R@1 from text to video, or accuracy: one number in 0..1 by which checkpoints are chosen.

    Questions whose answer is secret count as wrong.
    """
    if isinstance(predicted, Similarity):
        scores_QV, targets = predicted.scores_QV, np.asarray(predicted.targets)
        own_Q1 = np.take_along_axis(scores_QV, targets[:, None], axis=1)
        return float(np.mean((scores_QV >= own_Q1).sum(1) == 1))
    right = {question.question_id: question.answer for question in annotations.questions}
    return float(np.mean([str(guess.answer) == str(right[guess.question_id]) for guess in predicted]))

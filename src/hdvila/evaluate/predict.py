"""What a model says to a benchmark's test: similarities of captions and videos, or answers.

Legend: Q captions, V videos, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Annotations
from hdvila.data.source import ClipSource
from hdvila.errors import UsageError
from hdvila.evaluate.answering import Prediction, answer_questions, choose_by_retrieval
from hdvila.evaluate.metrics.answers import correct, squared_errors
from hdvila.evaluate.metrics.rank import retrieval_metrics
from hdvila.evaluate.pairing import answers_questions
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.evaluate.retrieval import embed_clips, embed_texts, similarity
from hdvila.evaluate.sharing import ALONE, Processes
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import SILENT, Reporter

__all__ = ["Predicted", "predict", "quick_score"]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model says, and what stands behind it.

    Attributes:
        predictions: as `hdvila.evaluate.score` and prediction files take them.
        vectors: of retrieval, (Q, D) and (V, D) unit vectors.
        answers: of question answering, with probabilities.
    """

    predictions: Similarity | Answers
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    answers: tuple[Prediction, ...] = ()


def predict(
    model: PretrainedModel,
    protocol: Protocol,
    annotations: Annotations,
    source: ClipSource,
    numbers: Mapping[str, int],
    *,
    consensus: str = "mean",
    batch_size: int = 16,
    reporter: Reporter = SILENT,
    processes: Processes = ALONE,
) -> Predicted:
    """Ask `model` everything that is asked about the videos of `numbers`, in the order of the annotations.

    Args:
        model: one that fits the protocol (`check_pairing`), in evaluation mode, with a processor.
        numbers: video -> number of its clip in `source`.
        consensus: of question answering over segments: mean, max or logsumexp.
        processes: share the work; each has all of what the model says.

    Raises:
        UsageError: nothing is asked about these videos.
        StoreError: a clip cannot be read.
    """
    if protocol.task == "retrieval":
        return _retrieve(model, annotations, source, numbers, batch_size, reporter, processes)
    questions = [question for question in annotations.questions if question.video_id in numbers]
    if not questions:
        raise UsageError(f"no question of {protocol.name} is about one of the {len(numbers)} videos that are there")
    how: dict[str, Any] = {"batch_size": batch_size, "reporter": reporter, "processes": processes}
    if answers_questions(model):
        found = answer_questions(model, source, questions, numbers, consensus=consensus, **how)
    else:
        found = choose_by_retrieval(model, source, questions, numbers, **how)
    counted = protocol.task == "count"
    answers = {one.question_id: int(one.answer) if counted else one.answer for one in found}
    return Predicted(Answers(answers), answers=tuple(found))


def _retrieve(
    model: PretrainedModel,
    annotations: Annotations,
    source: ClipSource,
    numbers: Mapping[str, int],
    batch_size: int,
    reporter: Reporter,
    processes: Processes,
) -> Predicted:
    captions = [caption for caption in annotations.captions if caption.video_id in numbers]
    if not captions:
        raise UsageError(f"no caption is about one of the {len(numbers)} videos that are there")
    videos_VD = embed_clips(model, source, list(numbers.values()), batch_size, reporter, processes=processes)
    texts_QD = embed_texts(model, [caption.text for caption in captions], batch_size, processes)
    queries = tuple(caption.query_id for caption in captions)
    return Predicted(Similarity(similarity(texts_QD, videos_VD), queries, tuple(numbers)), (texts_QD, videos_VD))


def quick_score(protocol: Protocol, annotations: Annotations, predictions: Similarity | Answers) -> float:
    """One number by which checkpoints are chosen, the higher the better.

    R@1 from text to video, or accuracy, in 0..1; of counts, whose metric is the mean squared error, minus that.
    """
    if isinstance(predictions, Answers):
        asked = {question.question_id: question for question in annotations.questions}
        questions, answers = [asked[name] for name in predictions.answers], list(predictions.answers.values())
        if protocol.task == "count":
            return -float(squared_errors(questions, answers).mean())
        return float(correct(questions, answers).mean())
    place = {video: column for column, video in enumerate(predictions.video_ids)}
    video_of = {caption.query_id: caption.video_id for caption in annotations.captions}
    targets = [place[video_of[query]] for query in predictions.query_ids]
    return retrieval_metrics(predictions.similarity, targets).r1

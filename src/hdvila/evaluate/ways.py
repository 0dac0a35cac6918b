"""The table of what models can do and what protocols ask: each row lets models of one capability do one task.

Legend: Q captions, V videos, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.records import Caption, Question
from hdvila.errors import UsageError
from hdvila.evaluate.answering import Prediction, answer_questions, ask_head, ask_number, choose_options
from hdvila.evaluate.clip_test import ClipTest
from hdvila.evaluate.embedding import embed_clips, embed_texts, similarity
from hdvila.evaluate.pair_scoring import score_pairs
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.protocols.protocol import Protocol, TaskKind
from hdvila.evaluate.sharing import Processes
from hdvila.media.view import Look
from hdvila.models.config import Capability
from hdvila.nn.capabilities import AnswerHead, DualEncoder, Numbers, PairScorer, Reads
from hdvila.progress import Reporter

__all__ = ["WAYS", "Asked", "Predicted", "Way", "captions_of", "similarity_of", "way_of", "ways_of"]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model says, and what it comes from.

    Attributes:
        predictions: as `hdvila.evaluate.score` and prediction files take them.
        vectors: of retrieval by vectors, (Q, D) and (V, D) unit vectors.
        answers: of question answering, with probabilities.
        before: of re-ranked retrieval, the similarities of the first model.
    """

    predictions: Similarity | Answers
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    answers: tuple[Prediction, ...] = ()
    before: Similarity | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How a test is asked; see `hdvila.evaluate.predict.predict`."""

    consensus: str
    batch_size: int
    looks: Sequence[Look] | None
    reporter: Reporter
    processes: Processes
    rounded: bool = False

    def shared(self) -> dict[str, Any]:
        """What vectors need."""
        return {"batch_size": self.batch_size, "reporter": self.reporter, "processes": self.processes}

    def all(self) -> dict[str, Any]:
        """What answers and scores of segments need."""
        return {"consensus": self.consensus, **self.shared()}

    def pairs(self) -> dict[str, Any]:
        """What scores of pairs need that are ranked."""
        return {"rounded": self.rounded, **self.all()}


@dataclass(frozen=True, slots=True)
class Way:
    """How models of a capability do a task.

    Attributes:
        capability: what the model must be able to do.
        task: what the protocol asks.
        predict: does it.
        by_captions: only where the options of a question are captions.
        by_segments: answers or scores of segments become one (`consensus`).
    """

    capability: Capability
    task: TaskKind
    predict: Callable[[Any, ClipTest, Asked], Predicted]
    by_captions: bool = False
    by_segments: bool = True

    def fits(self, protocol: Protocol) -> bool:
        """Whether it is a way to do what the protocol asks."""
        return self.task == protocol.task and (protocol.options_are_captions or not self.by_captions)


# ---- retrieval


def _rank_by_vectors(model: DualEncoder, test: ClipTest, asked: Asked) -> Predicted:
    captions = captions_of(test)
    videos_VD = embed_clips(model, test.source, test.clips, looks=asked.looks, **asked.shared())
    texts_QD = embed_texts(model, [caption.text for caption in captions], asked.batch_size, asked.processes)
    return Predicted(similarity_of(test, similarity(texts_QD, videos_VD)), (texts_QD, videos_VD))


def _rank_by_pairs(model: PairScorer, test: ClipTest, asked: Asked) -> Predicted:
    texts = [caption.text for caption in captions_of(test)]
    everything = [range(len(texts))] * len(test.numbers)
    columns = score_pairs(model, test.source, test.clips, texts, everything, **asked.pairs())
    return Predicted(similarity_of(test, np.stack(columns, axis=1)))


def captions_of(test: ClipTest) -> list[Caption]:
    """The captions of the clips that are there.

    Raises:
        UsageError: there is none.
    """
    captions = [caption for caption in test.annotations.captions if caption.video_id in test.numbers]
    if not captions:
        raise UsageError(f"no caption is about one of the {len(test.numbers)} videos that are there")
    return captions


def similarity_of(test: ClipTest, scores_QV: NDArray[Any]) -> Similarity:
    """Scores (Q, V) of the captions of a test with the clips that are there."""
    return Similarity(scores_QV, tuple(caption.query_id for caption in captions_of(test)), tuple(test.numbers))


# ---- questions


def _answer_by_head(model: AnswerHead, test: ClipTest, asked: Asked) -> Predicted:
    questions = _questions(test)
    found = answer_questions(model, test.source, questions, test.numbers, ask=ask_head, **asked.all())
    return _answers(found, test)


def _answer_by_number(model: Numbers, test: ClipTest, asked: Asked) -> Predicted:
    ask = partial(ask_number, range(test.protocol.gallery))
    found = answer_questions(model, test.source, _questions(test), test.numbers, ask=ask, **asked.all())
    return _answers(found, test)


def _choose_by_vectors(model: DualEncoder, test: ClipTest, asked: Asked) -> Predicted:
    questions, clips, options = _choices(test)
    vectors_VD = embed_clips(model, test.source, list(clips.values()), **asked.shared())
    row = dict(zip(clips, vectors_VD, strict=True))
    texts = dict(zip(options, embed_texts(model, options, asked.batch_size, asked.processes), strict=True))
    scores = [np.stack([texts[option] for option in one.options]) @ row[one.video_id] for one in questions]
    return _answers(choose_options(questions, scores), test)


def _choose_by_pairs(model: PairScorer, test: ClipTest, asked: Asked) -> Predicted:
    questions, clips, options = _choices(test)
    place = {option: number for number, option in enumerate(options)}
    about: dict[str, list[int]] = {video: [] for video in clips}  # the options of its questions, one after the other
    begins = []
    for one in questions:
        begins.append(len(about[one.video_id]))
        about[one.video_id] += [place[option] for option in one.options]
    found = score_pairs(model, test.source, list(clips.values()), options, list(about.values()), **asked.all())
    of_video = dict(zip(clips, found, strict=True))
    scores = [
        of_video[one.video_id][begin : begin + len(one.options)] for one, begin in zip(questions, begins, strict=True)
    ]
    return _answers(choose_options(questions, scores), test)


def _choices(test: ClipTest) -> tuple[list[Question], dict[str, int], list[str]]:
    """The questions, the clips of their videos, and all their options, each once."""
    questions = _questions(test)
    clips = {question.video_id: test.numbers[question.video_id] for question in questions}
    return questions, clips, list(dict.fromkeys(option for question in questions for option in question.options))


def _questions(test: ClipTest) -> list[Question]:
    questions = [question for question in test.annotations.questions if question.video_id in test.numbers]
    if not questions:
        raise UsageError(
            f"no question of {test.protocol.name} is about one of the {len(test.numbers)} videos that are there"
        )
    return questions


def _answers(found: Sequence[Prediction], test: ClipTest) -> Predicted:
    counted = test.protocol.task == "count"
    answers = {one.question_id: int(one.answer) if counted else one.answer for one in found}
    return Predicted(Answers(answers), answers=tuple(found))


# ---- the table

WAYS = (
    Way("retrieval", "retrieval", _rank_by_vectors, by_segments=False),
    Way("pair_scores", "retrieval", _rank_by_pairs),
    Way("open_answers", "open_ended", _answer_by_head),
    Way("open_answers", "count", _answer_by_head),
    Way("numbers", "count", _answer_by_number),
    Way("options", "multiple_choice", _answer_by_head),
    Way("retrieval", "multiple_choice", _choose_by_vectors, by_captions=True, by_segments=False),
    Way("pair_scores", "multiple_choice", _choose_by_pairs, by_captions=True),
)
"""Of several ways that a model has, the first counts."""


def ways_of(protocol: Protocol, capability: Capability | None = None) -> list[Way]:
    """The ways to do what a protocol asks, or those by one capability."""
    return [way for way in WAYS if way.fits(protocol) and capability in (None, way.capability)]


def way_of(model: Reads, protocol: Protocol, capability: Capability | None = None) -> Way | None:
    """How `model` does what a protocol asks; None: it cannot.

    A model without a configuration, such as a user's own encoder, embeds.
    """
    able = model.config.capabilities if hasattr(model, "config") else {"retrieval"}
    return next((way for way in ways_of(protocol, capability) if way.capability in able), None)

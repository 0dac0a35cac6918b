"""Training examples of a benchmark: clips of a prepared store with captions, or with questions and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hdvila.annotations.records import Annotations, Caption, Question
from hdvila.data.source import PreparedStore
from hdvila.errors import UsageError, some_of
from hdvila.text.answers import AnswerVocabulary

__all__ = [
    "Example",
    "caption_examples",
    "clip_numbers",
    "question_examples",
    "question_texts",
    "training_answers",
]


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a batch.

    Attributes:
        clip: its number in the source.
        wordings: the texts to choose from; each sample draws one. A wording is one text, or the O texts of a
            multiple-choice question.
        answer: the correct row of the answer head, or the correct one of the O texts; None without a question.
        soft_answers: accepted rows of the answer head and their weights, above 0 up to 1; empty where `answer` is the
            only one.
    """

    clip: int
    wordings: tuple[tuple[str, ...], ...]
    answer: int | None = None
    soft_answers: tuple[tuple[int, float], ...] = ()

    def texts(self, key: int) -> tuple[str, ...]:
        """The wording of a sample.

        Args:
            key: of the sample (`SampleKey.as_int`).
        """
        if len(self.wordings) == 1:
            return self.wordings[0]
        # The second word of the seed separates this draw from those of frames and masked words.
        return self.wordings[int(np.random.default_rng([key, 2]).integers(len(self.wordings)))]


def clip_numbers(
    prepared: PreparedStore, videos: Iterable[str], *, allow_missing: bool = False, allowing: str = "--allow-missing"
) -> dict[str, int]:
    """Video -> number of its clip, in the order of `videos`, without those that are not in the store.

    Args:
        allowing: how users set `allow_missing`, for the error.

    Raises:
        UsageError: videos are missing without `allow_missing` (names them), or all are; or a video has several clips.
    """
    wanted = list(dict.fromkeys(videos))
    clips, store = prepared.source.clips, prepared.folder
    count = Counter(clip.video_id for clip in clips)
    if doubled := next((video for video in wanted if count[video] > 1), None):
        raise UsageError(
            f"{store}: it holds {count[doubled]} clips of {doubled!r}, but a benchmark's store has one clip per video: "
            "make it with hdvila prepare"
        )
    missing = [video for video in wanted if not count[video]]
    if missing and (not allow_missing or len(missing) == len(wanted)):
        way_out = f", or continue without them with {allowing}" if len(missing) < len(wanted) else ""
        if prepared.damaged:
            way_out += f"; {len(prepared.damaged):,} cannot be read: {some_of(prepared.damaged)}"
        raise UsageError(
            f"{store}: {len(missing):,} of the {len(wanted):,} videos are not in it ({some_of(missing)}): add them "
            f"with {prepared.command}, which names each video that it cannot find{way_out}"
        )
    place = {clip.video_id: number for number, clip in enumerate(clips)}
    return {video: place[video] for video in wanted if count[video]}


def caption_examples(captions: Sequence[Caption], numbers: Mapping[str, int]) -> list[Example]:
    """One example per video, in the order of `numbers`; each sample draws one of its captions, as the official loader.

    Videos without a caption are skipped.
    """
    texts: dict[str, list[tuple[str, ...]]] = {}
    for caption in captions:
        texts.setdefault(caption.video_id, []).append((caption.text,))
    return [Example(number, tuple(texts[video])) for video, number in numbers.items() if video in texts]


def question_texts(question: Question) -> tuple[str, ...]:
    """The texts that the model reads: the question, or "question option" for each option."""
    if not question.options:
        return (question.question,)
    return tuple(f"{question.question} {option}" for option in question.options)


def question_examples(
    questions: Sequence[Question], numbers: Mapping[str, int], answers: AnswerVocabulary | None
) -> tuple[list[Example], int]:
    """One example per question about a video of `numbers`, and the number of questions without a usable answer.

    Args:
        answers: the vocabulary of open questions; None for questions with options.

    Raises:
        UsageError: open and multiple-choice questions are mixed, or questions differ in their number of options.
    """
    asked = [question for question in questions if question.video_id in numbers]
    sizes = sorted({len(question.options) for question in asked})
    if len(sizes) > 1 or (sizes and (sizes[0] == 0) != (answers is not None)):
        raise UsageError(
            f"the questions have {' and '.join(map(str, sizes))} options: all questions need the same number, and "
            "none where answers come from a vocabulary"
        )
    examples, soft = [], any(question.soft_answers for question in asked)
    for question in asked:
        answer = question.answer if answers is None else answers.rows.get(str(question.answer))
        accepted: tuple[tuple[int, float], ...] = ()
        if soft and answers is not None:
            weights = question.soft_answers or ((str(question.answer), 1.0),)
            accepted = tuple((answers.rows[word], weight) for word, weight in weights if word in answers.rows)
            if accepted and not isinstance(answer, int):  # of those that the model gives, the heaviest
                answer = max(accepted, key=lambda row: row[1])[0]
        if isinstance(answer, int):
            examples.append(Example(numbers[question.video_id], (question_texts(question),), answer, accepted))
    return examples, len(asked) - len(examples)


def training_answers(annotations: Annotations) -> list[str]:
    """The answers of a split's open questions, as texts; of questions with several accepted answers the heaviest."""
    soft = any(question.soft_answers for question in annotations.questions)
    return [str(question.answer) for question in annotations.questions if question.soft_answers or not soft]

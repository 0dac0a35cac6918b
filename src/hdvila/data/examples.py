"""What a benchmark gives to learn from: clips of a prepared store with captions, or with questions and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hdvila.annotations.records import Annotations, Caption, Question
from hdvila.data.source import Prepared
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
        wordings: what may stand beside it; each showing draws one. A wording is one text, or the O texts of a
            multiple-choice question.
        answer: the right row of the answer head, or the right one of the O texts; None where nothing is asked.
    """

    clip: int
    wordings: tuple[tuple[str, ...], ...]
    answer: int | None = None

    def texts(self, key: int) -> tuple[str, ...]:
        """The wording of the showing that `key` names."""
        if len(self.wordings) == 1:
            return self.wordings[0]
        # The second word of the seed keeps the draw apart from those of frames and masked words.
        return self.wordings[int(np.random.default_rng([key, 2]).integers(len(self.wordings)))]


def clip_numbers(
    prepared: Prepared, videos: Iterable[str], *, allow_missing: bool = False, allowing: str = "--allow-missing"
) -> dict[str, int]:
    """Video -> number of its clip, in the order of `videos`, without those that the store lacks.

    Args:
        allowing: what a person writes to set `allow_missing`.

    Raises:
        UsageError: videos are missing and may not be (says how many and which), or all are; a video of several clips.
    """
    wanted = list(dict.fromkeys(videos))
    clips, store = prepared.source.clips, prepared.folder
    count = Counter(clip.video_id for clip in clips)
    if doubled := next((video for video in wanted if count[video] > 1), None):
        raise UsageError(
            f"{store}: it holds {count[doubled]} clips of {doubled!r}, and a benchmark's store has one a video: "
            "make it with hdvila prepare"
        )
    missing = [video for video in wanted if not count[video]]
    if missing and (not allow_missing or len(missing) == len(wanted)):
        way_out = f", or go on without them by {allowing}" if len(missing) < len(wanted) else ""
        raise UsageError(
            f"{store}: {len(missing):,} of the {len(wanted):,} videos are not in it ({some_of(missing)}): add them "
            f"with {prepared.command}, which names each that it does not find{way_out}"
        )
    place = {clip.video_id: number for number, clip in enumerate(clips)}
    return {video: place[video] for video in wanted if count[video]}


def caption_examples(captions: Sequence[Caption], numbers: Mapping[str, int]) -> list[Example]:
    """One example a video, in the order of `numbers`: each showing draws one of its captions, as the official loader.

    Videos without a caption are left out.
    """
    texts: dict[str, list[tuple[str, ...]]] = {}
    for caption in captions:
        texts.setdefault(caption.video_id, []).append((caption.text,))
    return [Example(number, tuple(texts[video])) for video, number in numbers.items() if video in texts]


def question_texts(question: Question) -> tuple[str, ...]:
    """What the model reads: the question, or with options "question option" for each of them."""
    if not question.options:
        return (question.question,)
    return tuple(f"{question.question} {option}" for option in question.options)


def question_examples(
    questions: Sequence[Question], numbers: Mapping[str, int], answers: AnswerVocabulary | None
) -> tuple[list[Example], int]:
    """One example a question about a video of `numbers`, and how many such questions nothing can be learned from.

    Args:
        answers: the vocabulary of open questions; None for questions with options.

    Raises:
        UsageError: open and multiple-choice questions together, or options in different numbers.
    """
    asked = [question for question in questions if question.video_id in numbers]
    sizes = sorted({len(question.options) for question in asked})
    if len(sizes) > 1 or (sizes and (sizes[0] == 0) != (answers is not None)):
        raise UsageError(
            f"the questions have {' and '.join(map(str, sizes))} options: a batch needs the same number everywhere, "
            "and none where answers come from a vocabulary"
        )
    examples = []
    for question in asked:
        answer = question.answer if answers is None else answers.rows.get(str(question.answer))
        if isinstance(answer, int):
            examples.append(Example(numbers[question.video_id], (question_texts(question),), answer))
    return examples, len(asked) - len(examples)


def training_answers(annotations: Annotations) -> list[str]:
    """The answers of a split's open questions, as words."""
    return [str(question.answer) for question in annotations.questions]

"""What annotation files hold, whichever benchmark they are from: videos, captions, questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Annotations", "Caption", "Part", "Question", "Split"]

Split = Literal["train", "validation", "test"]
"""The parts of a benchmark; a file that holds several is read for one of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A video of a benchmark, or the part of a file that it is.

    Attributes:
        video_id: names it within the benchmark; a prepared store has one clip of this `video_id`.
        file: the stem of the video's file, if that is not `video_id`.
        start, end: seconds of the file, half-open; None is the file's own start or end.
        group: a division of the benchmark's own, such as MSR-VTT's category; empty where there is none.
    """

    video_id: str
    file: str = ""
    start: float | None = None
    end: float | None = None
    group: str = ""

    @property
    def stem(self) -> str:
        """What the video's file is called, without its ending."""
        return self.file or self.video_id


@dataclass(frozen=True, slots=True)
class Caption:
    """A text about a video. `query_id` is the file's own id, or the number of the line from 0."""

    query_id: str
    video_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a video.

    Attributes:
        question_id: the file's own id, or the number of the line from 0.
        options: what there is to choose from; empty for an open question.
        answer: with options, the number of the right one from 0; without, the answer as a word, a count in digits.
        kind: the type of the question, in the benchmark's own word; empty where it has none.
    """

    question_id: str
    video_id: str
    question: str
    answer: int | str
    options: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Annotations:
    """One split of a benchmark.

    Attributes:
        videos: each once, in the order in which the file first names them: the gallery.
        captions: for retrieval; several may be about one video.
        questions: for question answering.
        notes: what was odd in the files and what was done about it, a sentence each, with counts.
        built: the questions are drawn here by the benchmark's rule instead of read from its own file: a test like the
            papers', and not the same.
        synthetic: the videos are drawn, in the form of the benchmark (`hdvila.annotations.synthetic`).
    """

    videos: tuple[Part, ...]
    captions: tuple[Caption, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = field(default=())
    built: bool = False
    synthetic: bool = False

"""Records of annotation files, the same for every benchmark: videos, captions, questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Annotations", "BenchmarkVideo", "Caption", "Question", "Split"]

Split = Literal["train", "validation", "test"]
"""The splits of a benchmark; a file with several of them is read for one."""


@dataclass(frozen=True, slots=True)
class BenchmarkVideo:
    """A video of a benchmark: a whole file, or a span of one.

    Attributes:
        video_id: its name within the benchmark; a prepared store has one clip with this `video_id`.
        file: the stem of the video's file, if that is not `video_id`.
        start, end: seconds within the file, half-open; None is the start or end of the file.
        group: the benchmark's own category, such as MSR-VTT's; empty where there is none.
    """

    video_id: str
    file: str = ""
    start: float | None = None
    end: float | None = None
    group: str = ""

    @property
    def stem(self) -> str:
        """The name of the video's file without its extension."""
        return self.file or self.video_id


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that describes a video. `query_id` is the file's own id, or the number of the line from 0."""

    query_id: str
    video_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a video.

    Attributes:
        question_id: the file's own id, or the number of the line from 0.
        options: the answers to choose from; empty for an open question.
        answer: with options, the number of the right one from 0; without, the answer as a word, or a count in
            digits.
        kind: the benchmark's own type of the question; empty where it has none.
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
        captions: for retrieval; a video may have several.
        questions: for question answering.
        notes: oddities of the files and how they were handled, a sentence each, with counts.
        built: the questions were drawn by the benchmark's rule instead of read from its file, so the test
            resembles the papers' but differs from it.
        synthetic: the videos are rendered in the format of the benchmark (`hdvila.annotations.synthetic`).
    """

    videos: tuple[BenchmarkVideo, ...]
    captions: tuple[Caption, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = field(default=())
    built: bool = False
    synthetic: bool = False

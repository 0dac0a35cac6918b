"""Records of annotation files, the same for every benchmark.

Videos and images, captions, questions, moments and subtitles. Times are seconds from the start of the video,
unless said otherwise; spans are half-open, [start, end).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from hdvila.errors import UsageError
from hdvila.types import Cue

__all__ = ["Annotations", "BenchmarkVideo", "Caption", "MomentQuery", "Question", "Span", "Split", "Subtitles"]

Split = Literal["train", "validation", "test"]
"""The splits of a benchmark; a file with several of them is read for one."""

Span = tuple[float, float]
"""Start and end of a moment in seconds, half-open."""


@dataclass(frozen=True, slots=True)
class BenchmarkVideo:
    """A video of a benchmark: a whole file, or a span of one. An image of an image benchmark is one too.

    Attributes:
        video_id: its name within the benchmark; a prepared store has one clip with this `video_id`.
        file: the stem of the file, if that is not `video_id`.
        start, end: seconds within the file, half-open; None is the start or end of the file.
        group: the benchmark's own category, such as MSR-VTT's; empty where there is none.
        media: whether the file is a video or an image; an image has no times.
        duration: seconds, where the annotations say.

    Raises:
        UsageError: an image with times, a span that ends before it starts, or a duration that is not above 0.
    """

    video_id: str
    file: str = ""
    start: float | None = None
    end: float | None = None
    group: str = ""
    media: Literal["video", "image"] = "video"
    duration: float | None = None

    def __post_init__(self) -> None:
        times = (self.start, self.end, self.duration)
        if self.media == "image" and any(time is not None for time in times):
            raise UsageError(f"image {self.video_id!r}: has start, end or duration, but an image has no times")
        if self.start is not None and self.end is not None and not self.start < self.end:
            raise UsageError(f"video {self.video_id!r}: starts at {self.start:g} s and ends at {self.end:g} s")
        if self.duration is not None and not 0 < self.duration < math.inf:
            raise UsageError(f"video {self.video_id!r}: the duration is {self.duration:g} s, but must be above 0")

    @property
    def stem(self) -> str:
        """The name of the file without its extension."""
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
        soft_answers: the accepted answers of an open question and their weights, above 0 up to 1, such as
            VQA's share of annotators; empty where `answer` alone is right. `answer` is then one of the
            heaviest.

    Raises:
        UsageError: soft answers with options, with a weight outside 0..1, more than once, or without
            `answer`.
    """

    question_id: str
    video_id: str
    question: str
    answer: int | str
    options: tuple[str, ...] = ()
    kind: str = ""
    soft_answers: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.soft_answers:
            return
        weights = dict(self.soft_answers)
        if self.options:
            raise self._error("has soft answers and options, but only open questions have soft answers")
        if len(weights) < len(self.soft_answers):
            raise self._error("has a soft answer more than once")
        if odd := next((f"{text!r} {weight:g}" for text, weight in weights.items() if not 0 < weight <= 1), ""):
            raise self._error(f"has the soft answer {odd}, but weights must be above 0 and at most 1")
        if weights.get(str(self.answer)) != max(weights.values()):
            raise self._error(f"has the answer {self.answer!r}, which is not the soft answer with the largest weight")

    def _error(self, why: str) -> UsageError:
        return UsageError(f"question {self.question_id!r}: {why}")


@dataclass(frozen=True, slots=True)
class MomentQuery:
    """A text to be found as a moment of a video.

    Attributes:
        query_id: the file's own id.
        text: what happens in the moment.
        video_id: the video; empty where a test hides its targets.
        spans: the right spans, in seconds of the video: one, or one for each annotator; empty where they are
            hidden.
        kind: what the moment is found by: "v" its frames, "t" its subtitles, "vt" both, as in TVR; else
            empty.

    Raises:
        UsageError: a span that is not 0 <= start < end, or spans without a video.
    """

    query_id: str
    text: str
    video_id: str = ""
    spans: tuple[Span, ...] = ()
    kind: str = ""

    def __post_init__(self) -> None:
        if self.spans and not self.video_id:
            raise UsageError(f"query {self.query_id!r}: has spans, but no video")
        for start, end in self.spans:
            if not 0 <= start < end < math.inf:
                raise UsageError(f"query {self.query_id!r}: the span {start:g} to {end:g} s is not 0 <= start < end")


@dataclass(frozen=True, slots=True)
class Subtitles:
    """The subtitles of a video: its lines with their times, in seconds of the video, in the file's order."""

    video_id: str
    cues: tuple[Cue, ...]

    def __post_init__(self) -> None:
        if odd := next((cue for cue in self.cues if not 0 <= cue.start <= cue.end < math.inf), None):
            raise UsageError(
                f"subtitles of {self.video_id!r}: {odd.text!r:.40} is timed {odd.start:g} to {odd.end:g} s, but times "
                "must be finite and not below 0"
            )


@dataclass(frozen=True, slots=True)
class Annotations:
    """One split of a benchmark.

    Attributes:
        videos: each once, in the order in which the file first names them: the gallery.
        captions: for retrieval; a video may have several.
        questions: for question answering.
        moments: for retrieval of moments.
        subtitles: of the videos that have some, where the benchmark brings them.
        notes: oddities of the files and how they were handled, a sentence each, with counts.
        built: the questions were drawn by the benchmark's rule instead of read from its file, so the test
            resembles the papers' but differs from it.
        synthetic: the videos are rendered in the format of the benchmark (`hdvila.annotations.synthetic`).
        hidden: the benchmark keeps the answers of this split to itself; the `answer` of its questions is empty.
    """

    videos: tuple[BenchmarkVideo, ...]
    captions: tuple[Caption, ...] = ()
    questions: tuple[Question, ...] = ()
    moments: tuple[MomentQuery, ...] = ()
    subtitles: tuple[Subtitles, ...] = ()
    notes: tuple[str, ...] = field(default=())
    built: bool = False
    synthetic: bool = False
    hidden: bool = False

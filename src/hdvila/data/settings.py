"""What a recipe says about its data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hdvila.data.source import STORE
from hdvila.errors import UsageError
from hdvila.models.inputs import Inputs

__all__ = ["AnswersFrom", "Benchmark", "DataSettings", "MiniatureSource"]


AnswersFrom = Literal["train", "train+validation"]


@dataclass(frozen=True, slots=True)
class MiniatureSource:
    """A miniature corpus, rendered when it is not there."""

    videos: int = 320
    seed: int = 0

    def __post_init__(self) -> None:
        if self.videos < 1:
            raise UsageError(f"data.miniature.videos={self.videos}: choose 1 or more")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The training split of a benchmark."""

    protocol: str = ""
    """Its protocol (`hdvila protocols`)."""
    folder: str = ""
    """Annotation files, here or in ``annotations/``, and the prepared videos (`hdvila prepare`)."""
    store: str = STORE
    """Folder of the prepared videos in it; store-official: as the released code prepares them."""
    segments: int = 4
    """Segments of a clip in validation and, as the finished model remembers, in evaluation."""
    answers: str = ""
    """An ans2label file for open questions. Empty: the most frequent answers, `model.num_answers` of them."""
    answers_from: AnswersFrom = "train"
    """Which answers are counted for that: those that are learned from, or those of all training and validation
    questions, as in the paper's MSRVTT-QA."""
    allow_missing: bool = False
    """Train and validate without the videos that the store lacks."""

    def __post_init__(self) -> None:
        if self.segments < 1:
            raise UsageError(f"data.benchmark.segments={self.segments}: choose 1 or more")


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where clips come from and what the model sees of each."""

    corpus: str = ""
    """Folder of a corpus (`hdvila corpus build`). Empty: the miniature world, if `miniature` is given."""
    miniature: MiniatureSource | None = None
    benchmark: Benchmark | None = None
    """Fine-tuning: learn from this instead of a corpus."""
    clips: int = 0
    """Clips of the corpus, or what is learned from of the benchmark's training; only `plan` reads it, where no corpus
    is named that it can count."""
    preprocess: Inputs = field(kw_only=True)
    """How clips are seen."""
    text_length: int = 50
    """Tokens of a text, padded and truncated."""
    tokenizer: str = ""
    """Folder or file of a tokenizer. Empty: the start model's, or one trained on the corpus's texts."""
    workers: int = 1
    """Threads that prepare batches ahead; 0 prepares them between steps. Changes nothing in the result."""

    def __post_init__(self) -> None:
        if self.text_length < 2:
            raise UsageError(f"data.text_length={self.text_length}: [CLS] and [SEP] alone are 2 tokens")
        for key in ("workers", "clips"):
            if getattr(self, key) < 0:
                raise UsageError(f"data.{key}={getattr(self, key)}: choose 0 or more")

"""The data settings of a recipe."""

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
    """A miniature corpus, rendered if it does not exist yet."""

    videos: int = 320
    seed: int = 0

    def __post_init__(self) -> None:
        if self.videos < 1:
            raise UsageError(f"data.miniature.videos={self.videos}: choose 1 or more")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The training split of a benchmark."""

    protocol: str = ""
    """Name of its protocol (`hdvila protocols`)."""
    folder: str = ""
    """Folder with the annotation files, here or in ``annotations/``, and the prepared videos (`hdvila prepare`)."""
    store: str = STORE
    """Folder of the prepared videos in it; store-official: prepared as the released code does."""
    segments: int = 4
    """Segments of a clip in validation and, saved with the finished model, in evaluation."""
    answers: str = ""
    """An ans2label file for open questions. Empty: the most frequent answers, `model.num_answers` of them."""
    answers_from: AnswersFrom = "train"
    """The questions whose answers are counted for that: those trained on, or all of the training and validation
    splits, as in the paper's MSRVTT-QA."""
    allow_missing: bool = False
    """Train and validate without the videos that are missing from the store."""

    def __post_init__(self) -> None:
        if self.segments < 1:
            raise UsageError(f"data.benchmark.segments={self.segments}: choose 1 or more")


@dataclass(frozen=True, slots=True)
class DataSettings:
    """The source of the clips, and how they are preprocessed."""

    corpus: str = ""
    """Folder of a corpus (`hdvila corpus build`). Empty: the miniature corpus, if `miniature` is given."""
    miniature: MiniatureSource | None = None
    benchmark: Benchmark | None = None
    """Fine-tuning: train on this instead of a corpus."""
    clips: int = 0
    """Clips of the corpus, or examples of the benchmark; read only by `plan`, and only without a corpus to count."""
    preprocess: Inputs = field(kw_only=True)
    """Sampling and preprocessing of frames."""
    text_length: int = 50
    """Tokens of a text at most: longer texts are truncated, shorter ones padded to the longest of their batch."""
    negatives: int = 0
    """Captions of other videos beside each clip's own, for tasks that learn which text belongs to a clip."""
    tokenizer: str = ""
    """Folder or file of a tokenizer. Empty: that of the initial weights, or one trained on the corpus's texts."""
    workers: int = 1
    """Threads that prefetch batches; 0 prepares them between steps. Does not change the result."""

    def __post_init__(self) -> None:
        if self.text_length < 2:
            raise UsageError(f"data.text_length={self.text_length}: choose 2 or more, as [CLS] and [SEP] take 2 tokens")
        for key in ("workers", "clips", "negatives"):
            if getattr(self, key) < 0:
                raise UsageError(f"data.{key}={getattr(self, key)}: choose 0 or more")

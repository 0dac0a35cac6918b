"""What a corpus build may be told."""

from __future__ import annotations

from dataclasses import dataclass

from hdvila.errors import UsageError


@dataclass(frozen=True, slots=True)
class CorpusOptions:
    """How videos become clips.

    Attributes:
        min_height: lines that a video must have on its short side, as displayed (after rotation).
        min_seconds, min_words: a sentence with less is joined with the nearer neighbour.
        max_seconds, max_words: a sentence with more is split where a break is most likely; nothing is joined beyond it.
        padding: seconds that a clip reaches out before its first and after its last word, where nobody else speaks.
        hr_fps, lr_fps: frames a second of the two streams; `lr_fps` is a whole multiple of `hr_fps`.
        hr_height, lr_height: their short sides in pixels; smaller videos keep their size, LR is smaller in proportion.
        quality: of the JPEGs, 1..100.
        clips_per_shard: a shard is closed at the first end of a video after that many clips.
        workers: processes that read videos; None: one for each core. The result does not depend on it.
    """

    min_height: int = 720
    min_seconds: float = 2.0
    min_words: int = 4
    max_seconds: float = 30.0
    max_words: int = 80
    padding: float = 0.3
    hr_fps: float = 2.0
    lr_fps: float = 10.0
    hr_height: int = 720
    lr_height: int = 180
    quality: int = 90
    clips_per_shard: int = 256
    workers: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.min_seconds < self.max_seconds:
            raise UsageError(
                f"clips of {self.min_seconds:g} to {self.max_seconds:g} s: min must be 0 or more, below max"
            )
        if not 0 <= self.min_words < self.max_words:
            raise UsageError(f"clips of {self.min_words} to {self.max_words} words: min must be 0 or more, below max")
        if self.padding < 0 or self.min_height < 0:
            raise UsageError(f"padding={self.padding:g}, min_height={self.min_height}: give 0 or more")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers={self.workers}: give at least 1, or none for one a core")

"""The vocabulary: small immutable records that every room shares.

Times are seconds on the video's own clock, where 0 is the start time of its container (as players show it).
Spans are half-open: ``[start, end)``. Pixels are RGB, uint8, 0..255.
Axes: S segments of a clip, N LR neighbours on each side of a middle frame, H W pixels, T frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hdvila.writing import joined

TimedBy = Literal["word", "cue"]
"""Where a time comes from: the file times every word, or only the cue (the word's time is then an estimate)."""

NOT_IN_VECTORS: Mapping[str, bool] = MappingProxyType({"not in vectors": True})
"""Metadata of a setting (a field of a dataclass) that changes none of a model's vectors, such as one of training."""

Precision = Literal["float32", "bfloat16"]
"""In which numbers a run or a model computes."""

WantedPrecision = Literal["auto", "float32", "bfloat16"]
"""auto: the fastest of the machine; of a run the one that it begins on, which it keeps wherever it goes on."""

CONSENSUS = ("mean", "max", "logsumexp")
"""How the outputs for the segments of a clip become one."""

Over = Literal["hidden", "logits"]
"""What the consensus of masked words joins: states before the head (HD-VILA's released code) or its scores (its
paper)."""

Pixels = NDArray[np.uint8]
Seconds = NDArray[np.float64]


def _check_span(what: str, start: float, end: float) -> None:
    if not (start <= end):
        raise ValueError(f"{what} ends before it starts: start={start}, end={end}")


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and when it is said. ``new_speaker``: the file marks that another speaker begins with it."""

    text: str
    start: float
    end: float
    timed_by: TimedBy = "word"
    new_speaker: bool = False

    def __post_init__(self) -> None:
        _check_span(f"word {self.text!r}", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Cue:
    """One timed line of a subtitle file. ``words`` is empty where the file times only the line."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        _check_span(f"cue {self.text!r}", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a subtitle file shows and nobody says: a sound, or who speaks from here on.

    ``text`` stands without brackets and colons (``"Music"``, ``"MAN 2"``) and is empty for a speaker without a name.
    ``at`` is the number of the transcript's words before it; ``start`` and ``end`` are the seconds between those words.
    """

    kind: Literal["sound", "speaker"]
    text: str
    start: float
    end: float
    at: int

    def __post_init__(self) -> None:
        _check_span(f"mark {self.text!r}", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Transcript:
    """All timed speech of one video, in order, each word once (rolling captions are already un-rolled).

    ``marks`` are the sounds and speakers that were taken out of the text; ``source`` says what was read, of a video
    also which of its subtitle tracks. ``notes`` say, a line each, what a person should know of how it was read: what
    was left out and where it stands, and what was guessed.
    """

    words: tuple[Word, ...]
    cues: tuple[Cue, ...] = ()
    language: str | None = None
    source: str | None = None
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return joined(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Punctuated text with the time in which it is said."""

    text: str
    start: float
    end: float
    timed_by: TimedBy = "word"

    def __post_init__(self) -> None:
        _check_span(f"sentence {self.text!r}", self.start, self.end)


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a video with its text: the unit of the corpus and of the search index."""

    clip_id: str
    video_id: str
    start: float
    end: float
    text: str
    timed_by: TimedBy = "word"

    def __post_init__(self) -> None:
        _check_span(f"clip {self.clip_id!r}", self.start, self.end)

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Moment:
    """An answer: where in which file, how well it fits, and the subtitle line said there.

    Attributes:
        score: ranks the answers to one query, higher is better.
        channels: what each channel gave: ``picture`` is the cosine of words and pictures, -1..1; ``speech`` is the
            share of the words, weighted by their rarity, that is said in the clip, above 0, up to 1. A channel that
            gave nothing is left out.
        confident: whether a channel matches well.
        copies: the other files with the same content.
    """

    file: str
    start: float
    end: float
    score: float
    text: str = ""
    channels: Mapping[str, float] = field(default_factory=dict)
    confident: bool = True
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Frames:
    """Pictures with their times. ``rgb`` is (T, H, W, 3) uint8, ``pts_seconds`` is (T,)."""

    rgb: Pixels
    pts_seconds: Seconds

    def __post_init__(self) -> None:
        if self.rgb.ndim != 4 or self.rgb.shape[-1] != 3 or self.rgb.dtype != np.uint8:
            raise ValueError(f"frames must be (T, H, W, 3) uint8, got {self.rgb.shape} {self.rgb.dtype}")
        if self.pts_seconds.shape != (len(self.rgb),):
            raise ValueError(f"{len(self.rgb)} frames need as many times, got shape {self.pts_seconds.shape}")

    def __len__(self) -> int:
        return len(self.rgb)

    def __iter__(self) -> Iterator[tuple[float, Pixels]]:
        return zip(self.pts_seconds.tolist(), self.rgb, strict=True)

    def __repr__(self) -> str:
        span = f"{self.pts_seconds[0]:.3f}..{self.pts_seconds[-1]:.3f} s" if len(self) else "empty"
        return f"Frames({'x'.join(map(str, self.rgb.shape))}, {span})"

"""Hold out a part of a corpus for validation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from hdvila.annotations.merge import hash_fraction
from hdvila.data.examples import Example
from hdvila.data.source import ClipSource
from hdvila.errors import UsageError
from hdvila.types import Clip

__all__ = ["CorpusExamples", "HeldOutClips", "hold_out", "some_of_clips"]

SHARE, MOST = 0.1, 1000
"""The share of the clips to hold out, and the largest number of them."""


@dataclass(frozen=True, slots=True)
class HeldOutClips:
    """Validation clips of a corpus.

    Attributes:
        numbers: of the clips in `source`, in ascending order; each has a text.
        note: how many clips and videos were held out, for people.
    """

    source: ClipSource
    numbers: tuple[int, ...]
    note: str


class CorpusExamples(Sequence[Example]):
    """Clips of a corpus as training examples, each with its own text; an `Example` is created when it is read."""

    def __init__(self, clips: Sequence[Clip], numbers: NDArray[np.int64]) -> None:
        self._clips, self._numbers = clips, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return CorpusExamples(self._clips, self._numbers[index])
        number = int(self._numbers[index])
        return Example(number, ((self._clips[number].text,),))


def hold_out(source: ClipSource) -> tuple[CorpusExamples, HeldOutClips]:
    """Split a corpus into training examples and validation clips.

    Whole videos are held out, in the order of a hash of their ids.

    Raises:
        UsageError: the corpus has fewer than three videos, or fewer than two of the held-out clips have a text.
    """
    clips = source.clips
    videos: dict[str, list[int]] = {}
    for number, clip in enumerate(clips):
        videos.setdefault(clip.video_id, []).append(number)
    if len(videos) < 3:
        raise UsageError(
            f"validate: the corpus has {len(videos)} videos, and two or more are held out to measure on: learn from "
            "more videos, or measure nothing (--set validate=none)"
        )
    wanted, away = min(SHARE * len(clips), MOST), list[int]()
    chosen = 0
    for video in sorted(videos, key=lambda name: hash_fraction(name, seed=0)):
        if chosen >= 2 and (len(away) + len(videos[video]) > wanted or chosen + 1 == len(videos)):
            break
        away += videos[video]
        chosen += 1
    spoken = tuple(number for number in sorted(away) if clips[number].text.strip())
    if len(spoken) < 2:
        raise UsageError(
            f"validate: {len(spoken)} of the {len(away)} clips that are held out to measure on have words: learn from "
            "more clips, or measure nothing (--set validate=none)"
        )
    left = np.setdiff1d(np.arange(len(clips)), np.array(away))
    note = f"{len(away):,} of {len(clips):,} clips ({chosen:,} videos) are not learned from, but measured on"
    return CorpusExamples(clips, left), HeldOutClips(source, spoken, note)


def some_of_clips(source: ClipSource, numbers: Iterable[int], seed: int = 0) -> HeldOutClips:
    """At most 1,000 of the clips of a validation split, chosen by a hash of their ids and the seed.

    Raises:
        UsageError: fewer than two of them have a text.
    """
    clips = source.clips
    spoken = [number for number in numbers if clips[number].text.strip()]
    if len(spoken) < 2:
        raise UsageError(
            f"validate: {len(spoken)} clips of the validation split have words: measure nothing (--set validate=none)"
        )
    chosen = sorted(spoken, key=lambda number: hash_fraction(clips[number].clip_id, seed))[:MOST]
    note = f"measured on {len(chosen):,} of {len(spoken):,} clips of the validation split"
    return HeldOutClips(source, tuple(sorted(chosen)), note)

"""Wrong texts: captions of other videos beside a clip's own, for tasks that learn which text belongs to a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hdvila.data.examples import Example
from hdvila.errors import UsageError
from hdvila.types import Clip

__all__ = ["WrongTexts"]

TRIES = 64
"""Random draws of one text before all examples are gone through in turn."""


class Examples(Protocol):
    """Examples by number, such as a data set's."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Example: ...


class WrongTexts:
    """Draws captions of other videos.

    Args:
        clips: of the source.
        examples: what captions are drawn from, each with wordings of one text.
        count: captions beside each clip's own.

    Raises:
        UsageError: all examples are of one video, so no caption is wrong for it.
    """

    def __init__(self, clips: Sequence[Clip], examples: Examples, count: int) -> None:
        self._clips, self._examples, self._count = clips, examples, count
        videos = (clips[examples[number].clip].video_id for number in range(len(examples)))
        first = next(videos, "")
        if all(video == first for video in videos):
            raise UsageError(
                f"data.negatives={count}: the wrong texts of a clip are captions of other videos, and all "
                f"{len(examples):,} clips are of the video {first!r}: learn from two videos or more"
            )

    def draw(self, own: Example, key: int) -> tuple[str, ...]:
        """The wrong texts of a sample: a function of its example and key, whatever else is in the batch.

        Each is a caption of an example drawn evenly among those of other videos. None has the words of a caption of
        the own example, and no two have the same, as long as the other videos have such captions.

        Args:
            key: of the sample (`SampleKey.as_int`).
        """
        # The second word of the seed separates these draws from those of frames, masked words and wordings.
        rng = np.random.default_rng([key, 3])
        video, avoided = self._clips[own.clip].video_id, {"", *(_words(text) for text, *_ in own.wordings)}
        drawn: list[str] = []
        for _ in range(self._count):
            drawn.append(self._draw_one(video, avoided | set(map(_words, drawn)), avoided, rng))
        return tuple(drawn)

    def _draw_one(self, video: str, taken: set[str], wrong_only: set[str], rng: np.random.Generator) -> str:
        for _ in range(TRIES):
            text = self._caption(int(rng.integers(len(self._examples))), video, rng)
            if text is not None and _words(text) not in taken:
                return text
        return self._first(video, taken, wrong_only, int(rng.integers(len(self._examples))))

    def _caption(self, number: int, video: str, rng: np.random.Generator) -> str | None:
        """One of the captions of an example; None if it is of `video`."""
        example = self._examples[number]
        if self._clips[example.clip].video_id == video:
            return None
        return example.wordings[int(rng.integers(len(example.wordings)))][0]

    def _first(self, video: str, taken: set[str], wrong_only: set[str], start: int) -> str:
        """The first text from `start` on that is not `taken`; else one that is wrong; else any of another video."""
        wrong, any_other = None, None
        for step in range(len(self._examples)):
            example = self._examples[(start + step) % len(self._examples)]
            if self._clips[example.clip].video_id == video:
                continue
            for text, *_ in example.wordings:
                if _words(text) not in taken:
                    return text
                wrong = text if wrong is None and _words(text) not in wrong_only else wrong
                any_other = text if any_other is None else any_other
        assert any_other is not None, "there are two videos"
        return any_other if wrong is None else wrong


def _words(text: str) -> str:
    """What makes two captions the same."""
    return " ".join(text.lower().split())

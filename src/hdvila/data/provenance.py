"""Provenance: the benchmark videos that a model was fine-tuned on, saved with it so that tests on them are detected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from hdvila.errors import CheckpointError

__all__ = ["TRAINED_ON", "Training", "from_note", "to_note"]

TRAINED_ON = "trained_on.json"
"""The note in a model folder (`save_pretrained`): one object per training, the oldest first."""


@dataclass(frozen=True, slots=True)
class Training:
    """One training on a split of a benchmark.

    Attributes:
        protocol, benchmark, split: their names.
        videos: a hash of each video's id, sorted. Benchmarks that share videos share ids.
    """

    protocol: str
    benchmark: str
    split: str
    videos: tuple[str, ...]

    @classmethod
    def on(cls, protocol: str, benchmark: str, split: str, videos: Iterable[str]) -> Training:
        """The training on these video ids."""
        return cls(protocol, benchmark, split, tuple(sorted(map(_hash, set(videos)))))

    def seen(self, videos: Iterable[str]) -> list[str]:
        """Those of these video ids that were trained on."""
        known = set(self.videos)
        return [video for video in videos if _hash(video) in known]


def to_note(trainings: Iterable[Training]) -> list[dict[str, Any]]:
    """Plain values for the note."""
    return [asdict(training) for training in trainings]


def from_note(note: Any) -> tuple[Training, ...]:
    """The inverse of `to_note`; a model without the note (None) has no trainings.

    Raises:
        CheckpointError: the note is damaged.
    """
    try:
        return tuple(Training(**(entry | {"videos": tuple(entry["videos"])})) for entry in note or ())
    except (TypeError, KeyError) as error:
        raise CheckpointError(
            f"{TRAINED_ON} of the model is damaged ({error}): fetch the model folder again"
        ) from error


def _hash(video: str) -> str:
    return hashlib.sha256(video.encode()).hexdigest()[:16]

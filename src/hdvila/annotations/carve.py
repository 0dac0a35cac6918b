"""A validation split for benchmarks that have none, cut from training by whole videos."""

from __future__ import annotations

import hashlib

from hdvila.annotations.gather import only
from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError

__all__ = ["carve", "place_of"]


def carve(annotations: Annotations, share: float = 0.1, seed: int = 0) -> tuple[Annotations, Annotations]:
    """Training annotations -> (what is left of them, the validation split).

    A video goes by a hash of its file's name and the seed: so the same videos go whatever the order and whatever
    else is there, and clips of one video stay together.

    Args:
        share: of the videos, 0..1; about that many go.

    Raises:
        UsageError: a share outside 0..1, or one side would be empty.
    """
    if not 0 < share < 1:
        raise UsageError(f"share={share}: choose a share of the videos between 0 and 1")
    away = {part.video_id for part in annotations.videos if place_of(part.stem, seed) < share}
    kept = [part.video_id for part in annotations.videos if part.video_id not in away]
    if not away or not kept:
        raise UsageError(
            f"carving {share:g} of {len(annotations.videos)} videos leaves nothing on one side; "
            "choose another share or seed"
        )
    note = f"{len(away):,} of {len(annotations.videos):,} training videos were set apart for validation (seed {seed})"
    return only(annotations, kept, note), only(annotations, away, note)


def place_of(name: str, seed: int) -> float:
    """Where a name falls between 0 and 1, the same for ever."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64

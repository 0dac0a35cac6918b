"""What a corpus on disk looks like: names, the columns of its tables, and what is recorded of one clip.

The tar shards are the truth: every fact of a clip is in its ``KEY.json``. The two Parquet tables are an index over them
that can be made again from the shards alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from hdvila.errors import StoreError, UsageError
from hdvila.media import Form
from hdvila.types import Clip
from hdvila.writing import word_count

FORMAT = 1
"""Version of the layout; a reader refuses a newer one."""

SHARDS, INDEX, CLIPS, LOCK = "shards", "index.parquet", "clips.parquet", ".lock"
Stream = Literal["hr", "lr"]
STREAMS: tuple[Stream, Stream] = ("hr", "lr")
Attribute = str | int | float | bool | None
OWN_FIELDS = (
    *("clip_id", "video_id", "start", "end", "text", "words", "timed_by"),
    *("shard", "hr_frames", "lr_frames", "height", "width", "hr_pts", "lr_pts", "format", "lr_fps", "hr_every", "form"),
    *("hr_crc32", "lr_crc32"),
)
"""Names in ``KEY.json`` and ``clips.parquet`` that are ours; attributes must be called something else."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What all clips of a corpus have in common: `lr_fps` LR frames a second, every `hr_every`-th is also an HR frame,
    and the form in which pictures are stored."""

    lr_fps: float = 10.0
    hr_every: int = 5
    form: Form = "jpeg"

    def __str__(self) -> str:
        hr_fps = self.lr_fps / self.hr_every
        return f"{hr_fps:g} HR and {self.lr_fps:g} LR pictures a second, stored as {self.form}"


class Bytes(NamedTuple):
    """Where a file lies in its shard, and the CRC-32 of what was written there; None if an older version wrote it."""

    offset: int
    length: int
    crc32: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored clip: the facts in its ``KEY.json``, and where each frame lies, the same for frames in one file."""

    facts: dict[str, Any]
    hr: list[Bytes]
    lr: list[Bytes]


def facts_of(
    clip: Clip,
    rates: Rates,
    size: tuple[int, int],
    pts: tuple[list[float], list[float]],
    attributes: Mapping[str, Attribute],
) -> dict[str, Any]:
    """What ``KEY.json`` holds. `size` is (height, width) of HR, `pts` the times of the HR and of the LR frames.

    Raises:
        UsageError: an attribute with a name of ours, or that is no text, number or truth value.
    """
    for name, value in attributes.items():
        if name in OWN_FIELDS or not isinstance(value, str | int | float | bool | None):
            why = (
                "the name is the store's own" if name in OWN_FIELDS else f"{type(value).__name__} is not a plain value"
            )
            raise UsageError(f"clip {clip.clip_id!r}: attribute {name!r} cannot be stored: {why}; rename or flatten it")
    return {
        "format": FORMAT,
        "clip_id": clip.clip_id,
        "video_id": clip.video_id,
        "start": float(clip.start),
        "end": float(clip.end),
        "text": clip.text,
        "words": word_count(clip.text),
        "timed_by": clip.timed_by,
        "lr_fps": rates.lr_fps,
        "hr_every": rates.hr_every,
        "form": rates.form,
        "height": size[0],
        "width": size[1],
        "hr_pts": pts[0],
        "lr_pts": pts[1],
        **attributes,
    }


def key_of(clip_id: str) -> str:
    """A member name for a clip: without dot or slash, at most 73 characters, different for different clips."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", clip_id)
    if plain == clip_id and 0 < len(plain) <= 64:
        return plain
    return f"{plain[:64]}-{hashlib.sha256(clip_id.encode()).hexdigest()[:8]}"


def to_json(facts: Mapping[str, Any]) -> bytes:
    """The bytes of ``KEY.json``."""
    return json.dumps(facts, ensure_ascii=False).encode()


def check_format(version: object, where: object) -> None:
    """Refuse what a newer version wrote.

    Raises:
        StoreError: it is of another version.
    """
    if version != FORMAT:
        raise StoreError(f"{where}: is a corpus of format {version!r}, this version reads {FORMAT}; build it again")

"""Where clips come from, and the one of ours that is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hdvila.errors import UsageError
from hdvila.media.frame_source import Inputs
from hdvila.media.view import Look
from hdvila.store import Corpus
from hdvila.types import Clip

__all__ = [
    "OFFICIAL_STORE",
    "STORE",
    "ClipSource",
    "Prepared",
    "frame_bytes",
    "looks_at",
    "open_corpus",
    "open_prepared",
    "share_seen",
    "stored",
    "stream_rates",
]

STORE, OFFICIAL_STORE = "store", "store-official"
"""Folders of a benchmark's prepared clips in its data folder: ours, and as the released code prepares them."""


class ClipSource(Protocol):
    """Where clips come from; `hdvila.store.reader.Corpus` is one. Several threads sample from it at once."""

    @property
    def clips(self) -> Sequence[Clip]: ...

    def sample(self, i: int, inputs: Any, /, rng: np.random.Generator | None = None) -> Any:
        """Clip `i` as a system sees it (`hdvila.media.frame_source.Inputs`)."""


def looks_at(source: ClipSource, numbers: Sequence[int], inputs: Inputs, *, tiled: bool) -> list[Look] | None:
    """How the frames of these clips are seen (`Inputs.look`); None where the source does not know their sizes."""
    if not hasattr(source, "size"):
        return None
    return [inputs.look(*source.size(i), tiled=tiled) for i in numbers]


def frame_bytes(source: ClipSource) -> dict[str, float] | None:
    """Mean bytes of a stored frame, by stream; None where the source is not a store."""
    return {stream: source.mean_bytes(stream) for stream in source.streams} if isinstance(source, Corpus) else None


def stream_rates(source: ClipSource) -> dict[str, float]:
    """Frames a second of each stream of a store; {} where the source is not one."""
    return {name: stream.fps for name, stream in source.streams.items()} if isinstance(source, Corpus) else {}


def share_seen(looks: Sequence[Look] | None) -> dict[str, float] | None:
    """How much of the area of frames is seen, 0..1: ``least`` and ``mean``."""
    if not looks:
        return None
    shares = [look.seen for look in looks]
    return {"least": round(min(shares), 4), "mean": round(sum(shares) / len(shares), 4)}


@dataclass(frozen=True, slots=True)
class Prepared:
    """The store of a benchmark's videos.

    Attributes:
        source: its clips.
        folder: where it is.
        command: makes it, or adds what it lacks.
    """

    source: ClipSource
    folder: Path
    command: str


def open_corpus(folder: str | Path) -> ClipSource:
    """The corpus in a folder.

    Raises:
        StoreError: it cannot be read.
    """
    return Corpus(folder)


def stored(source: ClipSource) -> Iterator[list[Any]]:
    """What is kept of each clip, in their order: its span, and in a store numbers, sizes, rates and form of frames."""
    if isinstance(source, Corpus):
        streams = source.streams
        rates: list[Any] = [value for stream in streams.values() for value in (stream.fps, stream.form)]
        if {"hr", "lr"} == streams.keys():
            lr, hr = streams["lr"].fps, streams["hr"].fps
            rates = [lr, round(lr / hr), streams["lr"].form]
        columns = ["start", "end", *(f"{name}_frames" for name in streams), "height", "width"]
        for batch in source.batches(columns):
            yield from ([*row, *rates] for row in zip(*(batch[name].to_pylist() for name in columns), strict=True))
    else:
        yield from ([clip.start, clip.end] for clip in source.clips)


def open_prepared(data: Path, store: str, protocol: str) -> Prepared:
    """The folder `store` of a benchmark's data folder.

    Raises:
        UsageError: it is not there; says which command makes it.
        StoreError: it cannot be read.
    """
    official = " --official" if store == OFFICIAL_STORE else ""
    command = f"hdvila prepare {protocol} --videos VIDEOS --data {data}{official}"
    folder = data / store
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such store; make it with {command}")
    return Prepared(open_corpus(folder), folder, command)

"""Sources of clips: what training and evaluation need of one, corpora, and the prepared clips of benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from hdvila.annotations.merge import first_captions
from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError
from hdvila.media.frame_source import Arrays, Sampler
from hdvila.media.view import Look, View
from hdvila.models.inputs import Inputs
from hdvila.sources import StillImages
from hdvila.store import Corpus
from hdvila.types import Clip

__all__ = [
    "OFFICIAL_STORE",
    "STORE",
    "ClipSource",
    "DirectSource",
    "PreparedStore",
    "direct_source",
    "frame_bytes",
    "inputs_for",
    "looks_at",
    "open_corpus",
    "open_prepared",
    "prepare_command",
    "share_seen",
    "stored",
    "stream_rates",
    "streams_read",
]

IMAGES = "images"
"""Folder of a benchmark's images, with any subfolders, that are read as they are."""

STORE, OFFICIAL_STORE = "store", "store-official"
"""Folders of a benchmark's prepared clips in its data folder: by our preparation, and by that of the released code."""


class ClipSource(Protocol):
    """A source of clips, such as `hdvila.store.reader.Corpus`. Several threads sample from it at once."""

    @property
    def clips(self) -> Sequence[Clip]: ...

    def sample(self, i: int, inputs: Any, /, rng: np.random.Generator | None = None) -> Any:
        """Clip `i` as a system's model inputs (`hdvila.media.frame_source.Sampler`)."""


class DirectSource(ClipSource, Protocol):
    """A source that also decodes straight into given arrays, best by `readers` threads at once."""

    @property
    def readers(self) -> int: ...

    def sample(
        self,
        i: int,
        inputs: Any,
        /,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Any:
        """Clip `i` as `ClipSource.sample`, in the arrays `into` where they are given."""


def direct_source(source: ClipSource) -> DirectSource | None:
    """The source itself if it decodes straight into given arrays, else None; those that do have `readers`."""
    return cast(DirectSource, source) if hasattr(source, "readers") else None


def looks_at(source: ClipSource, numbers: Sequence[int], inputs: Sampler, *, tiled: bool) -> list[Look] | None:
    """The crop windows of these clips (`Sampler.look`); None for a source that does not know their frame sizes."""
    if not hasattr(source, "size"):
        return None
    return [inputs.look(*source.size(i), tiled=tiled) for i in numbers]


def frame_bytes(source: ClipSource) -> dict[str, float] | None:
    """Mean bytes of a stored frame, by stream; None for a source that is not a store."""
    return {stream: source.mean_bytes(stream) for stream in source.streams} if isinstance(source, Corpus) else None


def stream_rates(source: ClipSource) -> dict[str, float]:
    """Frames a second of each stream of a store; {} for another source."""
    return {name: stream.fps for name, stream in source.streams.items()} if isinstance(source, Corpus) else {}


def share_seen(looks: Sequence[Look] | None) -> dict[str, float] | None:
    """The share of the frames' area inside the crop windows, 0..1: ``least`` and ``mean``."""
    if not looks:
        return None
    shares = [look.seen for look in looks]
    return {"least": round(min(shares), 4), "mean": round(sum(shares) / len(shares), 4)}


@dataclass(frozen=True, slots=True)
class PreparedStore:
    """The store of a benchmark's videos.

    Attributes:
        source: its clips.
        folder: its path.
        command: the command that makes it, or adds missing videos.
        damaged: images that cannot be read, each with its path and the reason.
    """

    source: ClipSource
    folder: Path
    command: str
    damaged: tuple[str, ...] = ()


def open_corpus(folder: str | Path) -> ClipSource:
    """The corpus in a folder.

    Raises:
        StoreError: it cannot be read.
    """
    return Corpus(folder)


def stored(source: ClipSource) -> Iterator[list[Any]]:
    """The stored facts of each clip, in order: its span, and in a store number, size, rate and format of its frames."""
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


def prepare_command(protocol: str, data: Path, store: str = STORE, system: str = "") -> str:
    """The command that makes a store, or adds the videos that it lacks.

    Args:
        protocol, data, store: as `open_prepared`.
        system: whose streams it is to hold; empty: those that it has.
    """
    options = f" --system {system}" if system else ""
    if store == OFFICIAL_STORE:
        options += " --official"
    elif store != STORE:
        options += f" --store {store}"
    return f"hdvila prepare {protocol} --videos VIDEOS --data {data}{options}"


def open_prepared(
    data: Path, store: str, protocol: str, splits: Sequence[Annotations] = (), system: str = ""
) -> PreparedStore:
    """The folder `store` of a benchmark's data folder; where it does not exist, images from the folder ``images``.

    Args:
        data: the folder of the benchmark.
        store: the name of the store in it.
        protocol: the name of the protocol, for messages.
        splits: whose images are wanted, where they are not in a store.
        system: for the command that makes the store; empty: not known, or the one that is taken anyway.

    Raises:
        UsageError: there is neither; names the command that makes the store.
        StoreError: it cannot be read.
    """
    folder, files = data / store, data / IMAGES
    if folder.is_dir():
        return PreparedStore(open_corpus(folder), folder, prepare_command(protocol, data, store))
    command = prepare_command(protocol, data, store, system)
    images = {one.video_id: one.stem for split in splits for one in split.videos if one.media == "image"}
    if not images:
        raise UsageError(f"{folder}: there is no such store; make it with {command}")
    if not files.is_dir():
        raise UsageError(f"{folder}: there is no such store; make it with {command}, or put the images into {files}")
    source = StillImages(files, images, first_captions(splits))
    return PreparedStore(source, files, command, tuple(source.damaged.values()))


def inputs_for(inputs: Inputs, source: ClipSource) -> Inputs | None:
    """The inputs for a source: as they are, or where it lacks a stream that they read, on a stream that it has
    (`hdvila.models.inputs.Inputs.at_rates`); None: they cannot read it."""
    rates = stream_rates(source)
    if not rates or streams_read(inputs) <= rates.keys():
        return inputs
    other = inputs.at_rates(rates)
    return other if streams_read(other) <= rates.keys() else None


def streams_read(inputs: Inputs) -> set[str]:
    """The streams from which these inputs take frames."""
    return {stream for stream, frames in inputs.frames_read.items() if frames}

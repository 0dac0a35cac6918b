"""What a corpus on disk is called and made of: names of files, streams, and the manifest ``corpus.json``.

The tar shards are the truth: every fact of a clip is in its ``KEY.json``. Manifest, index files and ``clips.parquet``
can be made again from the shards alone; a track that was added later lies in shards of its own, from which its index
can be made again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from hdvila.errors import StoreError, UsageError
from hdvila.files import replacing
from hdvila.media import Form
from hdvila.media.streams import stream_ratio

FORMAT = 2
"""Version of the layout. Version 1 is read by `hdvila.store.version1`; a newer one is refused."""

MANIFEST, CATALOGUE, CLIPS, LOCK = "corpus.json", "shards.arrow", "clips.parquet", ".lock"
SHARDS, FRAME_INDEX, CLIP_INDEX, TRACKS, PARTS = "shards", "index", "clips", "tracks", ".parts"

Attribute = str | int | float | bool | None
Kind = Literal["features", "subtitles"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = {"txt", "json"}


@dataclass(frozen=True, slots=True)
class Stream:
    """What all clips of a corpus have in common in one of their streams.

    Attributes:
        fps: frames a second of the stream's timeline.
        form: how frames are stored, ``jpeg`` or ``h264``.
        at: another stream, at every n-th of whose frames the frames of this one stand; n is the ratio of their rates.
    """

    fps: float
    form: Form = "jpeg"
    at: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.fps < float("inf"):
            raise UsageError(f"a stream of {self.fps} frames a second: the rate must be above 0")


Streams = Mapping[str, Stream]
"""By name, in the order in which the frames of a clip are stored."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is stored of a clip besides frames.

    Attributes:
        kind: ``features``, an array (T, F), or ``subtitles``, timed sentences.
        rate: rows a second from the start of the clip; None: each row has a time of its own.
        width: F of features; 0 until the first are stored.
        dtype: ``float16`` or ``float32`` of features.
        fingerprint: of the model that made the features, such as a hash of its weights.
        beside: its rows lie in shards of their own, in ``tracks/NAME``, not in those of the clips.
    """

    kind: Kind
    rate: float | None = None
    width: int = 0
    dtype: Literal["float16", "float32"] = "float16"
    fingerprint: str = ""
    beside: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("features", "subtitles") or self.dtype not in ("float16", "float32"):
            raise UsageError(f"{self}: kind is features or subtitles, dtype float16 or float32")
        if self.kind == "features" and not self.fingerprint:
            raise UsageError("a track of features needs the fingerprint of the model that makes them")
        if self.rate is not None and not 0 < self.rate < float("inf"):
            raise UsageError(f"a track of {self.rate} rows a second: the rate must be above 0")


@dataclass(frozen=True)
class Manifest:
    """What ``corpus.json`` holds.

    Attributes:
        streams: by name, in the order in which they are stored.
        tracks: by name.
        attributes: by name, the Arrow type of each attribute that some clip has.
    """

    streams: dict[str, Stream]
    tracks: dict[str, Track] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Replace ``corpus.json`` in one step."""
        with replacing(root / MANIFEST, sync=True) as partial:
            partial.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def parse(cls, data: bytes, where: str) -> Manifest:
        """From the bytes of ``corpus.json``, which is called `where`.

        Raises:
            StoreError: it is damaged or of another version.
        """
        try:
            values = json.loads(data)
            check_format(values.pop("format", None), where)
            return cls(
                {name: Stream(**stream) for name, stream in values["streams"].items()},
                {name: Track(**track) for name, track in values["tracks"].items()},
                values["attributes"],
            )
        except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
            raise StoreError(f"{where}: is damaged ({error}); delete it: the shards bring it back") from error


def read_manifest(root: Path) -> Manifest:
    """The manifest in a folder; without streams where there is none.

    Raises:
        StoreError: it is damaged or of another version.
    """
    file = root / MANIFEST
    return Manifest.parse(file.read_bytes(), str(file)) if file.exists() else Manifest({})


def streams_of(streams: Mapping[str, Stream | float]) -> dict[str, Stream]:
    """Streams given by their rates or in full.

    Raises:
        UsageError: none, a name that cannot be one, or a stream that stands at the frames of none.
    """
    checked = {name: one if isinstance(one, Stream) else Stream(float(one)) for name, one in streams.items()}
    if not checked:
        raise UsageError("a corpus needs a stream of frames, such as streams={'frames': 2.0}")
    check_names(checked)
    for name, stream in checked.items():
        if stream.at is not None:
            if stream.at not in checked:
                raise UsageError(f"stream {name!r} stands at the frames of {stream.at!r}, which is not a stream")
            stream_ratio(checked[stream.at].fps, stream.fps, "frames a second")
    return checked


def check_names(names: Iterable[str]) -> None:
    """That members and columns can be called so.

    Raises:
        UsageError: one cannot.
    """
    for name in names:
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise UsageError(f"{name!r} cannot be the name of a stream or track: use small letters, digits and _")


def number_of(stream: object, streams: Streams) -> int:
    """The place of a stream in the order of its corpus.

    Raises:
        UsageError: there is no such stream.
    """
    for number, name in enumerate(streams):
        if name == stream:
            return number
    raise UsageError(f"stream={stream!r}: the streams of this corpus are {' and '.join(streams) or 'none'}")


def check_same(where: object, name: str, there: Track | None, given: Track, advice: str = "use another name") -> Track:
    """What is written to a track, if it is what is there already, or if nothing is; `advice` is for whoever mixes.

    Raises:
        StoreError: it was made by another model, or in another way.
    """
    if there is None:
        return given
    width = there.width or given.width
    if replace(there, width=width) != replace(given, width=given.width or width):
        raise StoreError(
            f"{where}: track {name!r} holds {there}, not {given}; features of several models are not mixed: {advice}"
        )
    return replace(there, width=width)


def described(streams: Streams) -> str:
    """Streams as a person would say them: ``2 hr and 10 lr frames a second, stored as jpeg``."""
    rates = " and ".join(f"{stream.fps:g} {name}" for name, stream in streams.items())
    return f"{rates} frames a second, stored as {' and '.join(dict.fromkeys(one.form for one in streams.values()))}"


def check_format(version: object, where: object) -> None:
    """Refuse what a newer version wrote.

    Raises:
        StoreError: it is of another version.
    """
    if version != FORMAT:
        raise StoreError(
            f"{where}: is a corpus of format {version!r}, this version reads 1 and {FORMAT}; "
            "read it with the version of hdvila that wrote it, or a newer one"
        )

"""What a clip has besides frames: features and subtitles, and the plain files that they are stored as."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import StoreError, UsageError
from hdvila.store.layout import Track
from hdvila.types import Seconds, Sentence

SUFFIXES = {"features": "npy", "subtitles": "json"}
"""The ending of a file of each kind of track."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Features:
    """Rows (T, F), float16 or float32, each of the time in ``times`` (T,), in seconds on the video's clock."""

    rows: NDArray[Any]
    times: Seconds

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.dtype not in (np.float16, np.float32):
            raise UsageError(f"features must be (T, F) float16 or float32, got {self.rows.shape} {self.rows.dtype}")
        if self.times.shape != self.rows.shape[:1]:
            raise UsageError(f"{len(self.rows)} rows of features need as many times, got shape {self.times.shape}")

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Features({'x'.join(map(str, self.rows.shape))}, {self.rows.dtype})"


TrackData = Features | NDArray[Any] | Sequence[Sentence]
"""What is stored of a clip: features (an array alone where the track has a rate), or its sentences in order."""


class PackedTrack(NamedTuple):
    """A clip's part of a track as it is stored."""

    suffix: str
    data: bytes
    times: bytes | None
    rows: int


def pack_track(name: str, track: Track, data: TrackData, start: float) -> tuple[Track, PackedTrack]:
    """Encode the part of a clip that starts at `start`; the track comes back with the width of its features.

    Raises:
        UsageError: the data is not what the track holds.
    """
    if track.kind == "subtitles":
        sentences = [] if isinstance(data, Features) else list(data)
        if isinstance(data, Features) or not all(isinstance(one, Sentence) for one in sentences):
            raise UsageError(f"track {name!r} holds subtitles: give a list of Sentence")
        text = json.dumps([asdict(one) for one in sentences], ensure_ascii=False)
        return track, PackedTrack(SUFFIXES["subtitles"], text.encode(), None, len(sentences))
    rows = data.rows if isinstance(data, Features) else np.asarray(data)
    if rows.ndim != 2 or rows.dtype != track.dtype or track.width not in (0, rows.shape[1]):
        wanted = f"(T, {track.width or 'F'}) {track.dtype}"
        raise UsageError(f"track {name!r} holds {wanted}, this is {rows.shape} {rows.dtype}: convert it first")
    if track.rate is None and not isinstance(data, Features):
        raise UsageError(f"track {name!r} has no rate: give Features(rows, times)")
    times = None
    if isinstance(data, Features):
        if track.rate is None:
            times = _npy(data.times)
        elif not np.allclose(data.times, _at_rate(track.rate, len(rows), start), rtol=0, atol=1e-3):
            raise UsageError(f"track {name!r} has {track.rate:g} rows a second, and these have other times")
    return replace(track, width=rows.shape[1]), PackedTrack(SUFFIXES["features"], _npy(rows), times, len(rows))


def unpack_features(track: Track, start: float, data: bytes, times: bytes | None) -> Features:
    """The inverse, of a clip that starts at `start`: row k of a track with a rate is at ``start + k / rate``.

    Raises:
        StoreError: the bytes are not such rows.
    """
    rows = _rows(track, data)
    at = _array(times or b"") if track.rate is None else _at_rate(track.rate, len(rows), start)
    return Features(rows, at)


def measured(track: Track, data: bytes) -> tuple[Track, int]:
    """The track with the width of its features, and how many rows or sentences a clip has in `data`.

    Raises:
        StoreError: the bytes are not what the track holds.
    """
    if track.kind == "subtitles":
        return track, len(unpack_subtitles(data))
    rows = _rows(track, data)
    return replace(track, width=rows.shape[1]), len(rows)


def unpack_subtitles(data: bytes) -> tuple[Sentence, ...]:
    """The sentences of a clip.

    Raises:
        StoreError: the bytes are not such sentences.
    """
    try:
        return tuple(Sentence(**one) for one in json.loads(data))
    except (ValueError, TypeError) as error:
        raise StoreError(f"{len(data)} bytes are not subtitles: {error}") from error


def _rows(track: Track, data: bytes) -> NDArray[Any]:
    rows = _array(data)
    if rows.ndim != 2 or rows.dtype != track.dtype or track.width not in (0, rows.shape[1]):
        wanted = f"(T, {track.width or 'F'}) {track.dtype}"
        raise StoreError(f"{rows.shape} {rows.dtype} is stored where {wanted} is declared")
    return rows


def _at_rate(rate: float, rows: int, start: float) -> Seconds:
    return start + np.arange(rows) / rate


def _npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def _array(data: bytes) -> NDArray[Any]:
    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise StoreError(f"{len(data)} bytes are not an array in NumPy's format: {error}") from error

"""The index of one shard: two Arrow files, with a row a frame and a row a clip, that are mapped and not read.

``index/NAME.arrow`` says where each frame lies: for each clip its streams, for each stream its frames in order.
``clips/NAME.arrow`` holds what is known of each clip, as ``clips.parquet`` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hdvila.errors import StoreError
from hdvila.store.arrow_files import NUMPY, numbers_in, read_arrow, write_arrow
from hdvila.store.facts import Entry, Member, is_own, row_of
from hdvila.store.layout import CLIP_INDEX, FRAME_INDEX, Attribute, Streams
from hdvila.store.place import ByteRange
from hdvila.types import Clip, Seconds

UNKNOWN = -1
"""No CRC-32."""

_META = b"hdvila"

_OF_CLIP = ("clip_id", "video_id", "start", "end", "text", "timed_by")
_NAME = pa.dictionary(pa.int32(), pa.string())
FRAME_FIELDS = {
    "clip_id": _NAME,
    "shard": _NAME,
    "stream": _NAME,
    "frame": pa.int32(),
    "pts": pa.float64(),
    "offset": pa.int64(),
    "length": pa.int32(),
    "crc32": pa.uint32(),
}
_CLIP_FIELDS = {
    "clip_id": pa.string(),
    "video_id": pa.string(),
    "start": pa.float64(),
    "end": pa.float64(),
    "text": pa.string(),
    "words": pa.int32(),
    "timed_by": pa.string(),
    "shard": _NAME,
    "height": pa.int32(),
    "width": pa.int32(),
}


def index_files(name: str) -> tuple[str, str]:
    """The files over the frames and over the clips of the shard `name`, below the corpus folder."""
    stem = name.removesuffix(".tar")
    return f"{FRAME_INDEX}/{stem}.arrow", f"{CLIP_INDEX}/{stem}.arrow"


class FrameRows(NamedTuple):
    """The rows of one clip in the index of its shard, stream by stream."""

    pts: Seconds
    offset: NDArray[np.int64]
    length: NDArray[np.int32]
    crc32: NDArray[Any]


class ShardIndex:
    """What a shard holds; clips are counted from 0 within it.

    Args:
        name: of the shard's file.
        frames: an Arrow record batch with a row a frame, or what gives it when it is first needed.
        clips: one with a row a clip.
        streams: of the corpus.
        fetch: reads bytes of the file of `frames` by their places; then no more of it is read than a clip needs.
    """

    def __init__(
        self,
        name: str,
        frames: Any,
        clips: Any,
        streams: Streams,
        fetch: Callable[[list[ByteRange]], list[bytes]] | None = None,
    ) -> None:
        self.name, self.clips, self._streams, self._given, self._fetch = name, clips, streams, frames, fetch
        # Not cached properties: their lock is one of the class, and a process may be forked while a thread holds it.
        self._frames: Any = None
        self._columns: FrameRows | None = None
        self.counts: NDArray[np.int64] = np.empty((len(clips), len(streams)), np.int64)
        for column, stream in enumerate(streams):
            self.counts[:, column] = numbers_in(clips.column(f"{stream}_frames"))
        ends = np.cumsum(self.counts.ravel())
        self.first: NDArray[np.int64] = (ends - self.counts.ravel()).reshape(self.counts.shape)

    @property
    def frames(self) -> Any:
        """The record batch with a row a frame.

        Raises:
            StoreError: it cannot be read, or does not fit the clips.
        """
        if self._frames is None:
            frames = self._given() if callable(self._given) else self._given
            if len(frames) != self.counts.sum():
                raise StoreError(f"{self.name}: its index files disagree; delete both, the shard brings them back")
            self._frames = frames
        return self._frames

    @property
    def columns(self) -> FrameRows:
        """(rows,) columns of `frames`.

        Raises:
            StoreError: as `frames`.
        """
        if self._columns is None:
            pts, offset, length = (numbers_in(self.frames.column(name)) for name in ("pts", "offset", "length"))
            self._columns = FrameRows(pts, offset, length, _crc32_of(self.frames))
        return self._columns

    @property
    def tracks(self) -> list[str] | None:
        """The tracks of which the shard itself holds rows; None: its index was written when none said so."""
        return _meta_of(self.clips).get("tracks")

    def __len__(self) -> int:
        return len(self.counts)

    def clip(self, k: int) -> Clip:
        """Clip `k` of the shard."""
        return Clip(*(self.clips.column(name)[k].as_py() for name in _OF_CLIP))

    def all_clips(self) -> Iterator[Clip]:
        """All clips of the shard, in order."""
        return map(Clip, *(self.clips.column(name).to_pylist() for name in _OF_CLIP))

    def rows_of(self, k: int) -> FrameRows:
        """The rows of clip `k`.

        Raises:
            StoreError: they cannot be read, or do not fit the clips.
        """
        first, count = int(self.first[k, 0]), int(self.counts[k].sum())
        places = _meta_of(self.clips) if self._fetch else {}
        if self._fetch is None or "pts" not in places:
            rows = slice(first, first + count)
            return FrameRows._make(column[rows] for column in self.columns)
        kinds = {name: np.dtype(NUMPY[FRAME_FIELDS[name]]) for name in FrameRows._fields}
        spans = [(places[name] + first * kind.itemsize, count * kind.itemsize) for name, kind in kinds.items()]
        columns = [np.frombuffer(data, kind) for data, kind in zip(self._fetch(spans), kinds.values(), strict=True)]
        return FrameRows._make(columns)

    def attributes(self, k: int) -> dict[str, Attribute]:
        """What is known of clip `k` besides its own fields."""
        names = [name for name in self.clips.schema.names if not is_own(name, self._streams)]
        values = {name: self.clips.column(name)[k].as_py() for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def totals(self) -> dict[str, int]:
        """Of each stream its frames, and the bytes of the files in which they lie, added up over all frames."""
        ends = np.concatenate([[0], np.cumsum(self.columns.length, dtype=np.int64)])
        added = (ends[self.first + self.counts] - ends[self.first]).sum(axis=0)
        frames = self.counts.sum(axis=0)
        return {
            f"{stream}_{what}": int(values[column])
            for column, stream in enumerate(self._streams)
            for what, values in (("frames", frames), ("bytes", added))
        }


def clip_fields(streams: Streams) -> dict[str, Any]:
    """The store's own columns of a row a clip, and their types."""
    of_streams = {f"{stream}_{what}": pa.int32() for stream in streams for what in ("frames", "height", "width")}
    return _CLIP_FIELDS | of_streams


def make_index(name: str, entries: Sequence[Entry], streams: Streams) -> ShardIndex:
    """The index of a shard that holds these clips."""
    rows: dict[str, list[Any]] = {field: [] for field in FRAME_FIELDS}
    for entry in entries:
        for stream in streams:
            places = entry.frames[stream]
            rows["clip_id"] += [entry.facts["clip_id"]] * len(places)
            rows["stream"] += [stream] * len(places)
            rows["frame"] += range(len(places))
            rows["pts"] += entry.facts[f"{stream}_pts"]
            for field in Member._fields:
                rows[field] += [getattr(place, field) for place in places]
    rows["shard"] = [name] * len(rows["frame"])
    clips = [row_of(entry, streams) | {"shard": name} for entry in entries]
    types = clip_fields(streams)
    names = [*types, *sorted({column for clip in clips for column in clip} - set(types))]
    columns = {column: pa.array([clip.get(column) for clip in clips], types.get(column)) for column in names}
    frames = {field: pa.array(values, FRAME_FIELDS[field]) for field, values in rows.items()}
    meta = {"tracks": sorted({track for entry in entries for track in entry.tracks})}
    batch = pa.record_batch(columns).replace_schema_metadata({_META: json.dumps(meta).encode()})
    return ShardIndex(name, pa.record_batch(frames), batch, streams)


def write_index(root: Path, index: ShardIndex) -> None:
    """Write both files of a shard, each in one step.

    The schema metadata ``hdvila`` of the clips says where the columns of the frames begin in their file, so that those
    of one clip can be fetched from afar, and of which tracks the shard holds rows.
    """
    frames, clips = (root / file for file in index_files(index.name))
    write_arrow(frames, index.frames)
    with pa.memory_map(str(frames)) as mapped:
        buffer = mapped.read_buffer()
        stored = read_arrow(buffer, str(frames))
        columns = {name: stored.column(name) for name in FrameRows._fields}
        places = {name: column.buffers()[1].address - buffer.address for name, column in columns.items()}
        whole = not any(column.null_count for column in columns.values())
    meta = ({} if index.tracks is None else {"tracks": index.tracks}) | (places if whole else {})
    write_arrow(clips, index.clips.replace_schema_metadata({_META: json.dumps(meta).encode()} if meta else None))


def _meta_of(clips: Any) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((clips.schema.metadata or {}).get(_META, b"{}"))
    return meta


def _crc32_of(frames: Any) -> NDArray[Any]:
    """Of each row; `UNKNOWN` where there is none."""
    if "crc32" not in frames.schema.names:
        return np.full(len(frames), UNKNOWN)
    column = frames.column("crc32")
    if not column.null_count:
        return numbers_in(column)
    return numbers_in(pc.fill_null(column.cast(pa.int64()), UNKNOWN))

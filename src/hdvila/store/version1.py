"""Corpora of format 1: two Parquet tables over two streams. Nothing else in the store knows of them.

The tables are read as a whole, and what they hold comes out as the index of format 2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hdvila.errors import StoreError
from hdvila.store.layout import CLIPS, Stream, check_format
from hdvila.store.place import Place
from hdvila.store.shard_index import FRAME_FIELDS, ShardIndex

INDEX = "index.parquet"
_META = b"hdvila"


def streams_of_version_1(meta: Mapping[str, Any]) -> dict[str, Stream]:
    """The streams of a corpus of ``lr_fps`` LR frames a second, of which every ``hr_every``-th is also an HR frame."""
    fps, form = meta["lr_fps"], meta.get("form", "jpeg")
    return {"hr": Stream(fps / meta["hr_every"], form, at="lr"), "lr": Stream(fps, form)}


def facts_of_version_1(facts: Mapping[str, Any]) -> dict[str, Any]:
    """``KEY.json`` of format 1 as one of format 2."""
    kept = {name: value for name, value in facts.items() if name not in ("lr_fps", "hr_every", "form", "format")}
    streams: dict[str, dict[str, Any]] = {
        name: {"fps": stream.fps, "form": stream.form, "at": stream.at}
        for name, stream in streams_of_version_1(facts).items()
    }
    streams["hr"] |= {"height": facts["height"], "width": facts["width"]}
    return {"format": 2, "streams": streams, **kept}


class Version1:
    """The tables of a corpus of format 1.

    Attributes:
        streams: ``hr`` and ``lr``.
        clips: the table with a row a clip.
    """

    def __init__(self, clips: Any, index: Any, streams: dict[str, Stream], where: str) -> None:
        self.streams, self.clips, self._index = streams, clips, index
        names = clips["shard"].cast(pa.string()).to_pylist()
        starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
        self._shards = [names[start] for start in starts]
        self._clips = list(pairwise([*starts, len(names)]))
        frames = np.zeros(len(names), np.int64)
        for stream in streams:
            frames += clips[f"{stream}_frames"].to_numpy()
        ends = np.concatenate([[0], np.cumsum(frames)])
        self._frames = [(int(ends[first]), int(ends[end])) for first, end in self._clips]
        if ends[-1] != len(index) or len(set(self._shards)) != len(self._shards):
            raise StoreError(f"{where}: its tables disagree; delete both .parquet files, the shards bring them back")

    @classmethod
    def open(cls, place: Place) -> Version1 | None:
        """The tables of a corpus; None: there are none.

        Raises:
            StoreError: a table is damaged, or of another version.
        """
        # Clips first: their writer replaced the index before them, so the index may know more, not less.
        clips, index = (_table(place, name) for name in (CLIPS, INDEX))
        if clips is None:
            return None
        meta = json.loads((clips.schema.metadata or {}).get(_META, b"{}"))
        if meta.get("format") != 1:
            check_format(meta.get("format"), place.where(CLIPS))
            return None  # of format 2, whose manifest is gone: the shards tell
        if index is None:
            return None
        shards = clips["shard"].cast(pa.string()).combine_chunks()
        index = index.filter(pc.is_in(index["shard"].cast(pa.string()), shards))
        return cls(clips, index, streams_of_version_1(meta), place.where(""))

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the catalogue."""
        rows = []
        for number, name in enumerate(self._shards):
            index = self.shard(number)
            rows.append({"shard": name, "clips": len(index), **index.totals()})
        return rows

    def shard(self, number: int) -> ShardIndex:
        """The index of a shard."""
        frames, clips = (
            _batch(table.slice(first, end - first))
            for table, (first, end) in ((self._index, self._frames[number]), (self.clips, self._clips[number]))
        )
        return ShardIndex(self._shards[number], frames, clips, self.streams)

    def files(self) -> Iterator[ShardIndex]:
        """The index of each shard with names of its own shard only, for files."""
        for number in range(len(self._shards)):
            index = self.shard(number)
            frames = _own_names(index.frames)
            missing = [name for name in FRAME_FIELDS if name not in frames.schema.names]  # CRC-32 in the oldest ones
            for name in missing:
                frames = frames.append_column(name, pa.nulls(len(frames), FRAME_FIELDS[name]))
            yield ShardIndex(index.name, frames, _own_names(index.clips), self.streams)


def _table(place: Place, name: str) -> Any:
    buffer = place.file(name)
    if buffer is None:
        return None
    try:
        return pq.read_table(pa.BufferReader(buffer))
    except (pa.ArrowException, OSError) as error:
        where = place.where(name)
        raise StoreError(f"{where}: cannot be read ({error}); delete it: the shards bring it back") from error


def _batch(table: Any) -> Any:
    """As one record batch."""
    whole = table.unify_dictionaries().combine_chunks()
    batches = whole.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=whole.schema)


def _own_names(batch: Any) -> Any:
    columns = {}
    for field in batch.schema:
        column = batch.column(field.name)
        if pa.types.is_dictionary(field.type):
            column = column.cast(pa.string()).dictionary_encode()
        columns[field.name] = column
    return pa.record_batch(columns)

"""The two Parquet tables over the shards: a row a clip, and a row a picture with its place in its shard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hdvila.errors import StoreError
from hdvila.files import replacing
from hdvila.store.layout import CLIPS, FORMAT, INDEX, OWN_FIELDS, SHARDS, Bytes, Entry, Rates, check_format
from hdvila.store.place import Folder, Place
from hdvila.store.shard import scan_shard

_META = b"hdvila"
_NAME = pa.dictionary(pa.int32(), pa.string())
_CLIP_FIELDS = {
    "clip_id": pa.string(),
    "video_id": pa.string(),
    "start": pa.float64(),
    "end": pa.float64(),
    "text": pa.string(),
    "words": pa.int32(),
    "timed_by": pa.string(),
    "shard": _NAME,
    "hr_frames": pa.int32(),
    "lr_frames": pa.int32(),
    "height": pa.int32(),
    "width": pa.int32(),
}
_INDEX_FIELDS = {
    "clip_id": _NAME,
    "shard": _NAME,
    "stream": _NAME,
    "frame": pa.int32(),
    "pts": pa.float64(),
    "offset": pa.int64(),
    "length": pa.int32(),
    "crc32": pa.uint32(),
}


def make_tables(shards: Iterable[tuple[str, list[Entry]]]) -> tuple[Any, Any]:
    """(clips, index) tables of shards given as (file name, entries)."""
    clips: list[dict[str, Any]] = []
    rows: dict[str, list[Any]] = {name: [] for name in _INDEX_FIELDS}
    for shard, entries in shards:
        for entry in entries:
            facts = entry.facts
            own = {name: facts[name] for name in _CLIP_FIELDS if name in facts}
            more = {name: value for name, value in facts.items() if name not in OWN_FIELDS}
            clips.append({**own, "shard": shard, "hr_frames": len(entry.hr), "lr_frames": len(entry.lr), **more})
            for stream, places in (("hr", entry.hr), ("lr", entry.lr)):
                rows["clip_id"] += [facts["clip_id"]] * len(places)
                rows["shard"] += [shard] * len(places)
                rows["stream"] += [stream] * len(places)
                rows["frame"] += range(len(places))
                rows["pts"] += facts[f"{stream}_pts"]
                for name in Bytes._fields:
                    rows[name] += [getattr(place, name) for place in places]
    names = [*_CLIP_FIELDS, *sorted({name for clip in clips for name in clip} - set(_CLIP_FIELDS))]
    columns = {name: pa.array([clip.get(name) for clip in clips], _CLIP_FIELDS.get(name)) for name in names}
    index = {name: pa.array(values, _INDEX_FIELDS[name]) for name, values in rows.items()}
    return pa.table(columns), pa.table(index)


class Tables(NamedTuple):
    """Everything in the shards of a corpus. ``listed``: the tables on disk know of all of it."""

    clips: Any
    index: Any
    rates: Rates | None
    listed: bool


def read_tables(root: Path) -> Tables:
    """Read the tables of `root`, and the shards that they do not know yet.

    Raises:
        StoreError: a table or a shard that it misses is damaged, or the corpus is of another version.
    """
    clips, index, rates = _read_files(Folder(root))
    known = set(clips["shard"].unique().to_pylist())
    missing = [shard for shard in _shard_names(root) if shard not in known]
    scanned = [(shard, scan_shard(root / SHARDS / shard)) for shard in missing]
    if scanned:
        more_clips, more_index = make_tables(scanned)
        clips, index = join(clips, more_clips), join(index, more_index)
    stored = rates or next((rates_of(entry) for _, entries in scanned for entry in entries), None)
    return Tables(clips, index, stored, rates is not None and not scanned)


def write_tables(root: Path, clips: Any, index: Any, rates: Rates) -> None:
    """Replace the tables on disk, each in one step. The index goes first: it may know more than the clips, not less."""
    meta = {_META: json.dumps({"format": FORMAT, **asdict(rates)}).encode()}
    for name, table in ((INDEX, index), (CLIPS, clips)):
        with replacing(root / name, sync=True) as partial:
            pq.write_table(table.unify_dictionaries().replace_schema_metadata(meta), partial, compression="zstd")


def join(first: Any, second: Any) -> Any:
    """One table below the other; columns that one lacks are empty there."""
    return pa.concat_tables([first, second], promote_options="permissive")


def first_clips(clips: Any, columns: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The row of the first clip of each video, by its id, with those of the columns that there are."""
    ids = clips["video_id"].combine_chunks()
    unique = pc.unique(ids)
    some = clips.select([name for name in columns if name in clips.column_names])
    rows = some.take(pc.index_in(unique, ids)).to_pylist()
    return dict(zip(unique.to_pylist(), rows, strict=True))


def rates_of(entry: Entry) -> Rates:
    """The rates that a clip was stored with."""
    return Rates(entry.facts["lr_fps"], entry.facts["hr_every"], entry.facts.get("form", "jpeg"))


def read_remote_tables(place: Place) -> Tables:
    """Read the tables of a corpus that lies elsewhere; its shards are not looked into.

    Raises:
        StoreError: a table is missing or damaged, or the corpus is of another version.
    """
    tables = _read_files(place)
    if tables[2] is None:
        raise StoreError(f"{place.where(CLIPS)}: {CLIPS} and {INDEX} must both be there; check the address")
    return Tables(*tables, True)


def _read_files(place: Place) -> tuple[Any, Any, Rates | None]:
    """The tables that are there; empty ones unless both are. Clips first, see `write_tables`."""
    files = place.tables()
    if files is None:
        return *make_tables([]), None
    tables = []
    for name, file in zip((CLIPS, INDEX), files, strict=True):
        try:
            tables.append(pq.read_table(file))
        except (pa.ArrowException, OSError) as error:
            where = place.where(name)
            raise StoreError(f"{where}: cannot be read ({error}); delete it: the shards bring it back") from error
    meta = json.loads((tables[0].schema.metadata or {}).get(_META, b"{}"))
    check_format(meta.get("format"), place.where(CLIPS))
    clips, index = tables
    inside = pc.is_in(index["shard"].cast(pa.string()), clips["shard"].cast(pa.string()).combine_chunks())
    return clips, index.filter(inside), Rates(meta["lr_fps"], meta["hr_every"], meta.get("form", "jpeg"))


def _shard_names(root: Path) -> Iterator[str]:
    folder = root / SHARDS
    yield from sorted(path.name for path in folder.glob("*.tar") if not path.name.startswith("."))

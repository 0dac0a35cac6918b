"""``clips.parquet``: a row a clip of the whole corpus, for whoever wants all of them; written shard by shard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hdvila.errors import UsageError
from hdvila.files import replacing
from hdvila.store.facts import is_own
from hdvila.store.layout import CLIPS, FORMAT, Attribute, Manifest, Streams
from hdvila.store.shard_index import clip_fields

META = b"hdvila"
"""Key of our JSON in the schema metadata of a table."""

_GROUP = 65_536  # clips of a row group
_BATCH = 32_768  # clips that are read at once: some ten megabytes of text
_TYPES = {str(one): one for one in (pa.null(), pa.bool_(), pa.int64(), pa.float64(), pa.string())}


def attribute_types(schema: Any, streams: Streams) -> dict[str, str]:
    """The attributes among the columns of a shard's clips, and their types as the manifest names them."""
    return {field.name: str(field.type) for field in schema if not is_own(field.name, streams)}


def kind_of(value: Attribute) -> str:
    """The type of an attribute as the manifest names it."""
    kinds = {type(None): "null", bool: "bool", int: "int64", float: "double"}
    return kinds.get(type(value), "string")


def merged_types(known: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """One type for each attribute of either.

    Raises:
        UsageError: text in one and a number in the other, or the like.
    """
    merged = dict(known)
    for name, kind in more.items():
        if known.get(name) == kind:
            continue
        fields = [pa.schema([(name, _TYPES[one])]) for one in (known.get(name, kind), kind)]
        try:
            merged[name] = str(pa.unify_schemas(fields, promote_options="permissive").field(name).type)
        except pa.ArrowException as error:
            raise UsageError(
                f"attribute {name!r} is {kind} in some clips and {known[name]} in others: store it as one of the two"
            ) from error
    return dict(sorted(merged.items()))


def write_table(root: Path, manifest: Manifest, state: str, shards: Iterable[Any]) -> None:
    """Replace ``clips.parquet`` in one step by the rows of all shards.

    Args:
        root: the corpus.
        manifest: of the corpus.
        state: `Catalogue.state`, by which a reader knows that the table is that of the shards.
        shards: `ShardIndex.clips` of each.
    """
    schema = _schema(manifest, state)
    waiting: list[Any] = []
    with (
        replacing(root / CLIPS, sync=True) as partial,
        pq.ParquetWriter(partial, schema, compression="zstd") as writer,
    ):
        for batch in shards:
            waiting.append(_fitted(batch, schema))
            if sum(map(len, waiting)) >= _GROUP:
                writer.write_table(_joined(waiting, schema))
                waiting = []
        if waiting:
            writer.write_table(_joined(waiting, schema))


def read_table(buffer: Any, state: str, columns: Sequence[str] | None = None) -> Any:
    """The table in `buffer`, or these columns of it; None: it is missing or not that of the shards in this `state`."""
    return pq.read_table(pa.BufferReader(buffer), columns=columns) if is_fresh(buffer, state) else None


def iter_table(buffer: Any, columns: Sequence[str] | None) -> Iterator[Any]:
    """Record batches of the table in `buffer`, with those of the columns that it has."""
    file = pq.ParquetFile(pa.BufferReader(buffer))
    names = file.schema_arrow.names
    wanted = names if columns is None else [name for name in columns if name in names]
    yield from file.iter_batches(_BATCH, columns=wanted)


def is_fresh(buffer: Any, state: str) -> bool:
    """Whether ``clips.parquet``, if it is there, was written of the shards in this `state`."""
    if buffer is None:
        return False
    try:
        return bool(meta_of(pq.read_schema(pa.BufferReader(buffer))).get("state") == state)
    except (pa.ArrowException, OSError, ValueError):
        return False  # the shards have all that was in it


def joined(parts: Iterable[Any]) -> Any:
    """The clips of several shards as one table."""
    tables = [pa.Table.from_batches([batch]) for batch in parts]
    return pa.concat_tables(tables, promote_options="permissive")


def meta_of(schema: Any) -> dict[str, Any]:
    """Our JSON in the schema of a table; empty where there is none."""
    meta: dict[str, Any] = json.loads((schema.metadata or {}).get(META, b"{}"))
    return meta


def first_clips(clips: Any, columns: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The row of the first clip of each video, by its id, with those of the columns that there are."""
    ids = clips["video_id"].combine_chunks()
    unique = pc.unique(ids)
    some = clips.select([name for name in columns if name in clips.column_names])
    rows = some.take(pc.index_in(unique, ids)).to_pylist()
    return dict(zip(unique.to_pylist(), rows, strict=True))


def _schema(manifest: Manifest, state: str) -> Any:
    """Of the table: the store's own columns as in a shard, then all attributes."""
    fields = [pa.field(name, kind) for name, kind in clip_fields(manifest.streams).items()]
    fields += [pa.field(name, _TYPES[kind]) for name, kind in manifest.attributes.items()]
    streams = {name: asdict(stream) for name, stream in manifest.streams.items()}
    meta = {"format": FORMAT, "streams": streams, "state": state}
    return pa.schema(fields, metadata={META: json.dumps(meta).encode()})


def _fitted(batch: Any, schema: Any) -> Any:
    """The columns of a shard as the table has them; empty where the shard lacks one."""
    there = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type) if field.name in there else pa.nulls(len(batch), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _joined(tables: Iterable[Any], schema: Any) -> Any:
    return pa.concat_tables(list(tables)).unify_dictionaries().combine_chunks().cast(schema)

"""The index of one track over one shard: an Arrow file with a row a clip, in the order of the shard."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from hdvila.errors import StoreError, UsageError
from hdvila.store.arrow_files import read_arrow, write_arrow
from hdvila.store.facts import Entry, Member, TrackMember
from hdvila.store.layout import MANIFEST, SHARDS, TRACKS, Track, check_same

_META = b"hdvila"
_MEMBER = {"offset": pa.int64(), "length": pa.int64(), "crc32": pa.uint32()}
_FIELDS = {
    "clip_id": pa.string(),
    "shard": pa.dictionary(pa.int32(), pa.string()),
    "rows": pa.int32(),
    **_MEMBER,
    **{f"times_{name}": kind for name, kind in _MEMBER.items()},
}


def track_files(name: str, track: Track, shard: str) -> tuple[str, str]:
    """The index of a track over a shard, and the shard in which its rows lie, below the corpus folder."""
    stem = shard.removesuffix(".tar")
    return f"{TRACKS}/{name}/{stem}.arrow", f"{TRACKS}/{name}/{shard}" if track.beside else f"{SHARDS}/{shard}"


class TrackIndex:
    """Where the rows of the clips of a shard lie.

    Attributes:
        file: in which they lie, below the corpus folder.
        track: what was declared when they were written.
        batch: the record batch, with a row a clip.
    """

    def __init__(self, file: str, track: Track, batch: Any, where: str) -> None:
        self.file, self.track, self.batch, self._where = file, track, batch, where

    @classmethod
    def read(cls, file: str, batch: Any, where: str) -> TrackIndex:
        """From the record batch of an index file, which is called `where`.

        Raises:
            StoreError: it is damaged.
        """
        try:
            track = Track(**json.loads(batch.schema.metadata[_META]))
            return cls(file, track, batch.select(list(_FIELDS)), where)
        except (TypeError, KeyError, ValueError, UsageError) as error:
            raise StoreError(f"{where}: is damaged ({error}); delete it: the shards bring it back") from error

    def member(self, k: int, clip_id: str, declared: Track) -> TrackMember | None:
        """Where the rows of clip `k` of the shard lie; None: it has none.

        Raises:
            StoreError: the track was made for another clip in this place, or by another model than its corpus declares.
        """
        if self.track.fingerprint != declared.fingerprint:
            advice = f"delete {MANIFEST}: the shards bring it back"
            if declared.beside:
                advice = f"delete the folder {Path(self.file).parent} and add the track again"
            raise StoreError(
                f"{self._where}: clip {clip_id!r} is of the model {self.track.fingerprint!r}, the corpus says "
                f"{declared.fingerprint!r}; {advice}"
            )
        stored = self.batch.column("clip_id")[k].as_py() if k < len(self.batch) else None
        if stored != clip_id:
            raise StoreError(
                f"{self._where}: was made for clip {stored!r}, not {clip_id!r}; delete it: the shards bring it back"
            )
        row = {name: self.batch.column(name)[k].as_py() for name in _FIELDS}
        if row["rows"] is None:
            return None
        times = None
        if row["times_length"] is not None:
            times = Member(row["times_offset"], row["times_length"], row["times_crc32"])
        return TrackMember(Member(row["offset"], row["length"], row["crc32"]), row["rows"], times)


def read_track_index(file: Path) -> TrackIndex:
    """The index in a file of this machine.

    Raises:
        StoreError: it is damaged.
    """
    with pa.memory_map(str(file)) as mapped:
        return TrackIndex.read(file.name, read_arrow(mapped.read_buffer(), str(file)), str(file))


def indexed_tracks(root: Path, shards: Collection[str], known: Mapping[str, Track]) -> dict[str, Track]:
    """The tracks that are known, and those of which there is an index over one of these shards.

    Raises:
        StoreError: an index is damaged, or of another model than what is known of its track.
    """
    tracks = dict(known)
    for file in sorted(root.glob(f"{TRACKS}/*/*.arrow")):
        if f"{file.stem}.tar" in shards:
            name, advice = file.parent.name, f"delete the files of one of them in {file.parent}"
            tracks[name] = check_same(file, name, tracks.get(name), read_track_index(file).track, advice)
    return tracks


def make_track_index(
    name: str, track: Track, shard: str, clips: Sequence[tuple[str, TrackMember | None]]
) -> TrackIndex:
    """The index of a track over a shard.

    Args:
        name, track: of the track.
        shard: the file of the clips.
        clips: the id of each clip of the shard, and where its rows lie.
    """
    file, data = track_files(name, track, shard)
    rows: list[dict[str, Any]] = []
    for clip_id, member in clips:
        row: dict[str, Any] = {"clip_id": clip_id, "shard": data}
        if member is not None:
            row |= {"rows": member.rows} | member.data._asdict()
            row |= {} if member.times is None else {f"times_{k}": v for k, v in member.times._asdict().items()}
        rows.append(row)
    columns = {field: pa.array([row.get(field) for row in rows], kind) for field, kind in _FIELDS.items()}
    batch = pa.record_batch(columns).replace_schema_metadata({_META: json.dumps(asdict(track)).encode()})
    return TrackIndex(data, track, batch, file)


def write_track_index(root: Path, name: str, shard: str, index: TrackIndex) -> None:
    """Write the index of a track over a shard, in one step."""
    write_arrow(root / track_files(name, index.track, shard)[0], index.batch)


def write_track_indexes(root: Path, shard: str, entries: Sequence[Entry], tracks: Mapping[str, Track]) -> None:
    """Write the index of every track that has rows in the shard of the clips themselves."""
    for name, track in tracks.items():
        if any(name in entry.tracks for entry in entries):
            clips = [(entry.facts["clip_id"], entry.tracks.get(name)) for entry in entries]
            write_track_index(root, name, shard, make_track_index(name, track, shard, clips))

"""The index of a track over a shard, made again from the rows themselves where its file is missing."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zlib import crc32

from hdvila.errors import StoreError
from hdvila.store.facts import Member, TrackMember, key_of, tracks_in
from hdvila.store.layout import CLIPS, SHARDS, Track
from hdvila.store.shard import check_end, end_of, scan_shard
from hdvila.store.shard_index import ShardIndex
from hdvila.store.track_index import TrackIndex, make_track_index, track_files
from hdvila.store.tracks import SUFFIXES, measured

Found = tuple[Track, Mapping[str, TrackMember | None]]
"""What was declared when rows were written, and by clip id where they lie."""


def scan_track(root: Path, name: str, track: Track, shard: ShardIndex) -> TrackIndex | None:
    """The index of a track over a shard; None: no clip of it has any rows.

    Args:
        root: the corpus.
        name, track: of the track.
        shard: the index of the shard of the clips.

    Raises:
        StoreError: the file of the rows is damaged, or holds those of other clips or of another model.
    """
    file = root / track_files(name, track, shard.name)[1]
    if not file.exists() or (not track.beside and shard.tracks is not None and name not in shard.tracks):
        return None
    clip_ids: list[str] = shard.clips.column("clip_id").to_pylist()
    track, members = (_beside if track.beside else _inside)(file, name, track, clip_ids)
    return make_track_index(name, track, shard.name, [(clip_id, members.get(clip_id)) for clip_id in clip_ids])


def _inside(file: Path, name: str, track: Track, clip_ids: Sequence[str]) -> Found:
    """From the shard of the clips."""
    entries = scan_shard(file)
    members = {entry.facts["clip_id"]: entry.tracks.get(name) for entry in entries}
    if list(members) != list(clip_ids):
        why = f"it holds {len(members)} clips, its index {len(clip_ids)} or others"
        raise StoreError(f"{file}: is damaged ({why}); restore it, or delete it and {CLIPS} and build its videos again")
    return tracks_in(file, entries, {name: track})[name], members


def _beside(file: Path, name: str, track: Track, clip_ids: Sequence[str]) -> Found:
    """From the shard of the track, whose members are called after the keys of the clips."""
    clips = {key_of(clip_id): clip_id for clip_id in clip_ids}
    data_of, times_of = f"{name}.{SUFFIXES[track.kind]}", f"{name}.times.npy"
    timed = track.kind == "features" and track.rate is None
    members: dict[str, TrackMember] = {}
    times: dict[str, Member] = {}
    try:
        for member, data, place in _members(file):
            key, _, what = member.partition(".")
            if key not in clips or what not in ((data_of, times_of) if timed else (data_of,)):
                raise ValueError(f"{member} is of no clip of {SHARDS}/{file.name}")
            if what == times_of:
                times[clips[key]] = place
            else:
                track, rows = measured(track, data)
                members[clips[key]] = TrackMember(place, rows)
        if timed and times.keys() != members.keys():
            raise ValueError("times of rows are missing")
    except (tarfile.TarError, OSError, ValueError, StoreError) as error:
        raise StoreError(f"{file}: is damaged ({error}); delete it and add its rows again") from error
    return track, {clip_id: one._replace(times=times.get(clip_id)) for clip_id, one in members.items()}


def _members(file: Path) -> Iterator[tuple[str, bytes, Member]]:
    """Name, content and place of each file in a shard."""
    end = 0
    with tarfile.open(file) as tar:
        for one in tar:
            content = tar.extractfile(one)
            data = b"" if content is None else content.read()  # of a folder or link, which no shard has
            yield one.name, data, Member(one.offset_data, one.size, crc32(data))
            end = end_of(one)
    check_end(file, end)

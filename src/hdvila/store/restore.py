"""Files over the shards that are missing or of format 1 are made again, before anybody writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hdvila.store.catalogue import Catalogue
from hdvila.store.clip_table import attribute_types, merged_types
from hdvila.store.index import Index
from hdvila.store.layout import CLIP_INDEX, FRAME_INDEX, MANIFEST, SHARDS, TRACKS, Manifest
from hdvila.store.place import Folder
from hdvila.store.shard import scan_shard
from hdvila.store.shard_index import ShardIndex, index_files, make_index, write_index
from hdvila.store.track_index import track_files, write_track_index, write_track_indexes
from hdvila.store.track_scan import scan_track
from hdvila.store.version1 import INDEX


def restore(root: Path) -> Index:
    """The index of a corpus in which every shard that is there has its files.

    Its caller holds the lock. Being killed does no harm: what is made here is looked at once the manifest is there.

    Raises:
        StoreError: a shard is damaged, or the corpus is of a newer version.
    """
    index = Index(Folder(root))
    for shard in _without_files(root, index):
        write_index(root, shard)
        if tracks := {name: track for name, track in index.manifest.tracks.items() if not track.beside}:
            write_track_indexes(root, shard.name, scan_shard(root / SHARDS / shard.name), tracks)
    if index.version == 1 or (index.unlisted and not (root / MANIFEST).exists()):
        types: dict[str, str] = {}
        shards = [index.shard(number) for number in range(len(index.catalogue))]
        for shard in shards:
            types = merged_types(types, attribute_types(shard.clips.schema, index.manifest.streams))
        rows = [{"shard": shard.name, "clips": len(shard), **shard.totals()} for shard in shards]
        Catalogue.of(rows, tuple(index.manifest.streams)).write(root)
        Manifest(index.manifest.streams, index.manifest.tracks, types).write(root)
        index = Index(Folder(root))
    (root / INDEX).unlink(missing_ok=True)
    _clear(root, {name.removesuffix(".tar") for name in index.catalogue.names()})
    _restore_tracks(root, index)
    return index


def _restore_tracks(root: Path, index: Index) -> None:
    """Write the index of each track over each shard where it is missing and the shard has rows."""
    for number, shard in enumerate(index.catalogue.names()):
        for name, track in index.manifest.tracks.items():
            if not (root / track_files(name, track, shard)[0]).exists():
                found = scan_track(root, name, track, index.shard(number))
                if found is not None:
                    write_track_index(root, name, shard, found)


def _clear(root: Path, kept: set[str]) -> None:
    """Delete the files over shards that are given up, so that no other shard is ever taken for them."""
    for folder in (FRAME_INDEX, CLIP_INDEX, f"{TRACKS}/*"):
        for file in root.glob(f"{folder}/*"):
            if file.stem not in kept and file.suffix in (".arrow", ".tar"):
                file.unlink()


def _without_files(root: Path, index: Index) -> Iterator[ShardIndex]:
    """The index of each shard that has no files, in a form that can be written."""
    if index.old is not None:
        yield from index.old.files()
    for name in index.catalogue.names():
        if index.old is not None and name not in index.unlisted:
            continue
        there = (root / SHARDS / name).exists()
        if there and not all((root / file).exists() for file in index_files(name)):
            yield make_index(name, scan_shard(root / SHARDS / name), index.manifest.streams)

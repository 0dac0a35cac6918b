"""What a writer knows of its corpus: the shards that are complete, their clips and videos, and the files over them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from hdvila.errors import StoreError, UsageError, some_of
from hdvila.files import exclusive, sync_folder
from hdvila.store.catalogue import Catalogue
from hdvila.store.clip_table import attribute_types, merged_types, write_table
from hdvila.store.index import Index
from hdvila.store.layout import (
    LOCK,
    MANIFEST,
    PARTS,
    SHARDS,
    Manifest,
    Stream,
    Track,
    check_same,
    described,
    read_manifest,
)
from hdvila.store.place import Folder
from hdvila.store.restore import restore
from hdvila.store.shard import ShardWriter
from hdvila.store.shard_index import index_files, make_index, write_index
from hdvila.store.track_index import track_files, write_track_indexes

BUSY = "another process writes to this corpus: wait until it has ended or use another folder"

_PART, _LEADING = re.compile(r"[A-Za-z0-9_-]+"), re.compile(r"\d+")


@contextmanager
def writing(root: Path, what: str) -> Iterator[None]:
    """Turn the errors of a disk that is full or away into ones that say what to do.

    Raises:
        StoreError: `what` cannot be written.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"{root}: {what} cannot be written ({getattr(error, 'strerror', None) or error}); "
            "make room and start again: finished shards are kept"
        ) from error


def check_part(name: str) -> None:
    """That a part can be called so.

    Raises:
        UsageError: it cannot.
    """
    if not _PART.fullmatch(name):
        raise UsageError(f"{name!r} cannot be the name of a part: use letters, digits, _ and -")


class Contents:
    """The complete shards of a corpus, or of one part of it. Its caller holds the lock.

    Args:
        root: the corpus.
        streams, tracks: as its writer was given them; None: those that are there.
        part: the name of the part; None: the corpus itself.

    Attributes:
        manifest: of the corpus.
        videos: that are complete.
        clip_ids: of all clips, also of those in the shard in work.

    Raises:
        UsageError: no streams for a new corpus, or a track that is called like a stream.
        StoreError: the corpus has other streams or tracks, or cannot be read.
    """

    def __init__(
        self, root: Path, streams: dict[str, Stream] | None, tracks: Mapping[str, Track], part: str | None
    ) -> None:
        self._corpus, self._prefix = root, "" if part is None else f"{part}-"
        self._root = root if part is None else root / PARTS / part
        folder = self._root / SHARDS
        folder.mkdir(exist_ok=True)
        for leftover in self._root.glob("*/.*.part*"):
            leftover.unlink()
        self._before = index = restore(self._root)
        self._changed = not (self._root / MANIFEST).exists()
        self.manifest = self._agreed(streams, tracks)
        if self._changed:
            self.manifest.write(self._root)
        self._rows = list(index.catalogue.rows())
        self._listed, self._unwritten = index.listed, len(index.unlisted)
        for name in index.unlisted:
            self._declare(attribute_types(index.named(name).clips.schema, self.manifest.streams), {})
        self._number = self._first_number()
        ids = index.table(["video_id", "clip_id"])
        self.videos: set[str] = set(ids["video_id"].to_pylist())
        self.clip_ids: set[str] = set(ids["clip_id"].to_pylist())

    @cached_property
    def table_before(self) -> Any:
        """A row a clip that was there before this writer."""
        return self._before.table()

    def next_shard(self) -> Path:
        """Where the next shard goes."""
        return self._root / SHARDS / f"{self._prefix}{self._number:06d}.tar"

    def commit(self, shard: ShardWriter, tracks: Mapping[str, Track]) -> None:
        """Complete a shard: its index files, then its name; from then on it is part of the corpus."""
        shard.finish()
        index = make_index(shard.path.name, shard.entries, self.manifest.streams)
        write_index(self._root, index)
        write_track_indexes(self._root, shard.path.name, shard.entries, tracks)
        self._declare(attribute_types(index.clips.schema, self.manifest.streams), tracks)
        shard.publish()
        self._number += 1
        self._add({"shard": shard.path.name, "clips": len(index), **index.totals()})

    def write(self) -> None:
        """Bring the files over all shards up to date."""
        self._write_lists()
        if self._prefix:
            return
        index = Index(Folder(self._root))
        if not index.has_table():
            shards = (index.shard(number).clips for number in range(len(index.catalogue)))
            write_table(self._root, self.manifest, index.catalogue.state(), shards)

    def parts(self) -> list[str]:
        """The parts that wait to be adopted, by name."""
        folder = self._corpus / PARTS
        return sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []

    def adopt(self, part: str) -> None:
        """Make the shards of a part those of the corpus. Its caller holds the lock of the part too.

        Raises:
            UsageError: the part has other streams, or videos that are here already.
            StoreError: it cannot be read.
        """
        folder = self._root / PARTS / part
        if (folder / SHARDS).is_dir():
            index = restore(folder)
            self._check_part(folder, index)
            kinds = [name for name, track in index.manifest.tracks.items() if not track.beside]
            for row in index.catalogue.rows():
                tracks = [track_files(name, index.manifest.tracks[name], row["shard"])[0] for name in kinds]
                for file in (*index_files(row["shard"]), *tracks, f"{SHARDS}/{row['shard']}"):  # the shard last
                    if (folder / file).exists():
                        (self._root / file).parent.mkdir(parents=True, exist_ok=True)
                        os.replace(folder / file, self._root / file)
                self._add(row)
                if found := _LEADING.match(row["shard"]):
                    self._number = max(self._number, int(found[0]) + 1)
            sync_folder(self._root / SHARDS)
            self._declare(index.manifest.attributes, {name: index.manifest.tracks[name] for name in kinds})
        shutil.rmtree(folder)
        with suppress(OSError):  # others are left
            folder.parent.rmdir()

    def _check_part(self, folder: Path, index: Index) -> None:
        if index.catalogue.clips and index.manifest.streams != self.manifest.streams:
            ours, theirs = described(self.manifest.streams), described(index.manifest.streams)
            raise UsageError(f"{folder}: holds {theirs}, the corpus {ours}; delete it and write it again")
        ids = index.table(["video_id", "clip_id"])
        videos, clips = set(ids["video_id"].to_pylist()), set(ids["clip_id"].to_pylist())
        if both := sorted((videos & self.videos) | (clips & self.clip_ids)):
            raise UsageError(f"{folder}: {some_of(both)} is in the corpus already; delete this part")
        self.videos |= videos
        self.clip_ids |= clips

    def _agreed(self, streams: dict[str, Stream] | None, tracks: Mapping[str, Track]) -> Manifest:
        """The manifest of the corpus that is there, or a new one."""
        there = [self._before.manifest]
        if self._prefix:
            there.insert(0, read_manifest(self._corpus))
        there = [one for one in there if one.streams]
        if not there and streams is None:
            waiting = [read_manifest(self._corpus / PARTS / part) for part in self.parts()]
            there = [one for one in waiting if one.streams]
        if not there and streams is None:
            raise UsageError(f"{self._corpus}: a new corpus needs streams, such as streams={{'frames': 2.0}}")
        manifest = there[0] if there else Manifest(streams or {})
        if streams is not None and streams != manifest.streams:
            held, asked = described(manifest.streams), described(streams)
            raise StoreError(f"{self._corpus}: holds {held}, not {asked}; use another folder")
        agreed = Manifest(manifest.streams, dict(manifest.tracks), dict(manifest.attributes))
        for name, track in tracks.items():
            if name in agreed.streams:
                raise UsageError(f"{name!r} is a stream of the corpus; call the track something else")
            agreed.tracks[name] = check_same(self._corpus, name, agreed.tracks.get(name), track)
        self._changed |= agreed != manifest
        return agreed

    def _declare(self, types: Mapping[str, str], tracks: Mapping[str, Track]) -> None:
        attributes = merged_types(self.manifest.attributes, types)
        kept = {name: check_same(self._root, name, self.manifest.tracks.get(name), one) for name, one in tracks.items()}
        manifest = Manifest(self.manifest.streams, self.manifest.tracks | kept, attributes)
        self._changed |= manifest != self.manifest
        self.manifest = manifest

    def _add(self, row: Mapping[str, Any]) -> None:
        self._rows.append(dict(row))
        self._listed = False
        self._unwritten += 1
        if self._unwritten * 8 > len(self._rows):  # seldom enough that all writing of lists stays linear in their size
            self._write_lists()

    def _write_lists(self) -> None:
        if self._changed:
            self.manifest.write(self._root)
        if not self._listed:
            Catalogue.of(self._rows, tuple(self.manifest.streams)).write(self._root)
        self._changed, self._listed, self._unwritten = False, True, 0

    def _first_number(self) -> int:
        """The first number that no shard has; a part counts those that were adopted too."""
        folders = {self._root / SHARDS, self._corpus / SHARDS}
        names = [path.name for folder in folders if folder.is_dir() for path in folder.glob(f"{self._prefix}*.tar")]
        numbers = [_LEADING.match(name.removeprefix(self._prefix)) for name in names]
        return max((int(found[0]) + 1 for found in numbers if found), default=0)

    def first_part(self, prefix: str) -> int:
        """The first number n for which no shard of a part ``PREFIX-n`` is there."""
        found = [_LEADING.match(path.name[len(prefix) + 1 :]) for path in (self._root / SHARDS).glob(f"{prefix}-*.tar")]
        return max((int(one[0]) + 1 for one in found if one), default=0)


def upgrade_corpus(root: str | os.PathLike[str]) -> int:
    """Bring a corpus of an earlier version up to the present format and count its clips. Its shards stay as they are.

    What can be made again from the shards is made where it is missing. Being killed does no harm.

    Raises:
        StoreError: there is no corpus, it is damaged or of a newer version, or it cannot be written.
    """
    folder = Path(root)
    Index(Folder(folder))  # raises where there is none
    with exclusive(folder / LOCK, StoreError, BUSY):
        contents = Contents(folder, None, {}, None)
        contents.write()
        return len(contents.clip_ids)

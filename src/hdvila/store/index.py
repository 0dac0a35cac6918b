"""The index of a corpus: small to open, and of each shard at hand when it is first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hdvila.errors import StoreError, UsageError
from hdvila.store.arrow_files import read_arrow
from hdvila.store.catalogue import Catalogue
from hdvila.store.clip_table import is_fresh, iter_table, joined, read_table
from hdvila.store.facts import streams_in, tracks_in
from hdvila.store.layout import CATALOGUE, CLIPS, MANIFEST, SHARDS, Manifest
from hdvila.store.place import ByteRange, Folder, Place
from hdvila.store.shard import scan_shard
from hdvila.store.shard_index import ShardIndex, index_files, make_index
from hdvila.store.track_index import TrackIndex, indexed_tracks, track_files
from hdvila.store.track_scan import scan_track
from hdvila.store.version1 import Version1

Key = TypeVar("Key")
Value = TypeVar("Value")


class Index:
    """Where everything in a corpus lies. Any number of threads may use it; it can be copied, pickled and forked.

    Attributes:
        manifest: streams, tracks and attributes.
        catalogue: the shards.
        listed: whether ``shards.arrow`` is there and says the same.
        unlisted: the shards that it does not know.
        old: the tables of a corpus of format 1.

    Raises:
        StoreError: there is no corpus, it is damaged, or of a newer version.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.old: Version1 | None = None
        self.unlisted: tuple[str, ...] = ()
        self._read: dict[str, ShardIndex] = {}  # of shards that have no index files
        self._shards: dict[int, ShardIndex] = {}
        self._tracks: dict[tuple[str, int], TrackIndex | None] = {}
        manifest = self._manifest()
        found = place.file(CATALOGUE) if manifest is not None else None
        if manifest is not None and found is not None:
            self.catalogue, self.listed = Catalogue.read(found, place.where(CATALOGUE)), True
        elif (old := Version1.open(place) if manifest is None else None) is not None:
            self.old, self.catalogue, self.listed = old, Catalogue.of(old.rows(), tuple(old.streams)), False
            manifest = Manifest(old.streams)
        elif isinstance(place, Folder):
            self.catalogue, self.listed = Catalogue.of([], ()), False
        else:
            raise StoreError(f"{place.where(MANIFEST)}: it and {CATALOGUE} must both be there; check the address")
        self.manifest = manifest or Manifest({})
        if isinstance(place, Folder):
            self._look_for_shards(place.root, lost=manifest is None)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_shards": {}, "_tracks": {}}

    @property
    def version(self) -> int:
        """The format of the corpus."""
        return 2 if self.old is None else 1

    def find(self, clip: int) -> tuple[ShardIndex, int]:
        """The index of the shard in which a clip lies, and the clip's place in it.

        Raises:
            StoreError: it cannot be read.
        """
        number, k = self.locate(clip)
        return self.shard(number), k

    def shard(self, number: int) -> ShardIndex:
        """The index of a shard.

        Raises:
            StoreError: it cannot be read.
        """
        return _kept(self._shards, number, self._open, self.place.kept)

    def track(self, name: str, clip: int) -> tuple[TrackIndex | None, int]:
        """Where the rows of a clip's shard in a track lie, and the clip's place in it; None: no clip of it has any.

        Raises:
            StoreError: it cannot be read.
        """
        number, k = self.locate(clip)
        return _kept(self._tracks, (name, number), self._open_track, self.place.kept), k

    def named(self, shard: str) -> ShardIndex:
        """The index of the shard in a file.

        Raises:
            StoreError: it cannot be read.
        """
        return self.shard(self.catalogue.names().index(shard))

    def table(self, columns: Sequence[str] | None = None) -> Any:
        """A pyarrow table with a row a clip, with these columns or all.

        Raises:
            StoreError: it cannot be read.
        """
        if self.catalogue.clips and self.old is None:
            found = read_table(self.place.file(CLIPS), self.catalogue.state(), columns)
            if found is not None:
                return found
        if self.old is None:
            parts = [self.shard(number).clips for number in range(len(self.catalogue))]
        else:
            parts = [*self.old.clips.to_batches(), *(one.clips for one in self._read.values())]
        whole = joined(parts or [make_index("", [], self.manifest.streams).clips])
        return whole if columns is None else whole.select(columns)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Record batches with a row a clip, in order, with those of the columns that there are (default: all).

        Raises:
            StoreError: they cannot be read.
        """
        buffer = self.place.file(CLIPS) if self.old is None else None
        if self.catalogue.clips and is_fresh(buffer, self.catalogue.state()):
            yield from iter_table(buffer, columns)
            return
        table = self.table() if self.old is not None else None
        shards = (self.shard(number).clips for number in range(len(self.catalogue)))
        for batch in shards if table is None else table.to_batches():
            names = batch.schema.names
            yield batch.select([name for name in columns if name in names] if columns is not None else names)

    def has_table(self) -> bool:
        """Whether ``clips.parquet`` has the rows of all shards."""
        return is_fresh(self.place.file(CLIPS), self.catalogue.state())

    def locate(self, clip: int) -> tuple[int, int]:
        """The number of the shard in which a clip lies, and the clip's place in it.

        Raises:
            UsageError: there is no such clip.
        """
        if not 0 <= clip < self.catalogue.clips:
            raise UsageError(f"{self.place.where('')}: there is no clip {clip}, the corpus has {self.catalogue.clips}")
        return self.catalogue.find(clip)

    def _manifest(self) -> Manifest | None:
        data = self.place.file(MANIFEST)
        return None if data is None else Manifest.parse(data.to_pybytes(), self.place.where(MANIFEST))

    def _look_for_shards(self, root: Path, lost: bool) -> None:
        """Bring the catalogue up to what is in the folder, and the manifest too if it is lost."""
        try:
            there = {one.name for one in os.scandir(root / SHARDS) if one.name.endswith(".tar") and one.name[0] != "."}
        except FileNotFoundError:
            if not (root / CLIPS).exists() and not (root / MANIFEST).exists():
                message = f"{root}: is not a corpus, it has no {SHARDS}/ and no {MANIFEST}; build one first"
                raise StoreError(message) from None
            there = set()
        if len(there) == len(self.catalogue) and all(name in there for name in self.catalogue.names()):
            return
        known = set(self.catalogue.names())
        given_up = set() if self.old is not None or (root / CLIPS).exists() else known - there
        if not there - known and not given_up:
            return
        self.listed, self.unlisted = False, tuple(sorted(there - known))
        rows = [row for row in self.catalogue.rows() if row["shard"] not in given_up]
        for name in self.unlisted:
            index = self._unlisted(root, name, lost)
            rows.append({"shard": name, "clips": len(index), **index.totals()})
        if lost:
            self.manifest = Manifest(self.manifest.streams, indexed_tracks(root, there, self.manifest.tracks))
        self.catalogue = Catalogue.of(rows, tuple(self.manifest.streams))

    def _unlisted(self, root: Path, name: str, lost: bool) -> ShardIndex:
        """Of a shard that the catalogue does not know."""
        if self.old is None and self.manifest.streams and all((root / file).exists() for file in index_files(name)):
            return self._mapped(name)
        entries = scan_shard(root / SHARDS / name)
        if lost:
            streams = self.manifest.streams or streams_in(entries)
            self.manifest = Manifest(streams, tracks_in(root / SHARDS / name, entries, self.manifest.tracks))
        self._read[name] = make_index(name, entries, self.manifest.streams)
        return self._read[name]

    def _open(self, number: int) -> ShardIndex:
        name = self.catalogue.name(number)
        if name in self._read:
            return self._read[name]
        if self.old is not None:
            return self.old.shard(number)
        return self._mapped(name)

    def _mapped(self, name: str) -> ShardIndex:
        frames, clips = index_files(name)
        buffer = self.place.file(clips)
        if buffer is None:
            return self._scanned(name, clips)
        batch = read_arrow(buffer, self.place.where(clips))
        fetch = None if isinstance(self.place, Folder) else partial(self._fetch, frames)
        return ShardIndex(name, partial(self._frames, name, frames), batch, self.manifest.streams, fetch)

    def _fetch(self, file: str, spans: list[ByteRange]) -> list[bytes]:
        try:
            return self.place.spans(file, spans)
        except OSError as error:
            raise StoreError(f"{self.place.where(file)}: cannot be read ({error}); check address and access") from error

    def _frames(self, name: str, file: str) -> Any:
        buffer = self.place.file(file)
        return self._scanned(name, file).frames if buffer is None else read_arrow(buffer, self.place.where(file))

    def _scanned(self, name: str, missing: str) -> ShardIndex:
        """Of a shard whose index file is missing: the shard itself has all that was in it."""
        if not isinstance(self.place, Folder):
            raise StoreError(f"{self.place.where(missing)}: is missing; copy the corpus anew")
        entries = scan_shard(self.place.root / SHARDS / name)
        return self._read.setdefault(name, make_index(name, entries, self.manifest.streams))

    def _open_track(self, key: tuple[str, int]) -> TrackIndex | None:
        name, number = key
        track = self.manifest.tracks[name]
        file, data = track_files(name, track, self.catalogue.name(number))
        buffer = self.place.file(file)
        where = self.place.where(file)
        if buffer is not None:
            return TrackIndex.read(data, read_arrow(buffer, where), where)
        if isinstance(self.place, Folder):
            return scan_track(self.place.root, name, track, self.shard(number))
        if name in (self.shard(number).tracks or ()):
            raise StoreError(f"{where}: is missing; copy the corpus anew")
        return None


def _kept(cache: dict[Key, Value], key: Key, make: Callable[[Key], Value], limit: int) -> Value:
    """A value of the cache, made if it is not there; the oldest make room. Needs no lock, so a fork is safe."""
    found = cache.get(key)
    if found is None:
        found = cache[key] = make(key)
        while len(cache) > limit:
            try:
                cache.pop(next(iter(cache)), None)
            except (RuntimeError, StopIteration):  # another thread made room
                continue
    return found

"""Adding a track to a finished corpus: features or subtitles in shards of their own, beside those of the clips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from hdvila.errors import StoreError, UsageError
from hdvila.files import exclusive
from hdvila.store.contents import BUSY, writing
from hdvila.store.facts import TrackMember
from hdvila.store.index import Index
from hdvila.store.layout import LOCK, TRACKS, Manifest, Track, check_names, check_same
from hdvila.store.place import Folder
from hdvila.store.restore import restore
from hdvila.store.shard import ShardWriter
from hdvila.store.track_index import make_track_index, read_track_index, track_files, write_track_index
from hdvila.store.tracks import TrackData, pack_track


class TrackWriter:
    """Adds a track to the clips of a corpus, shard by shard; use it as a context manager.

    A shard of the track is written under a hidden name and gets its real one when it is complete, so a kill loses at
    most the one in work, and `missing` goes on from there. Several processes share the work by `part`.

    Args:
        root: the corpus folder, whose clips are all stored. A corpus of format 1 is brought up first.
        name: of the track.
        track: what it holds.
        part: (k, n): of n writers at once this is the k-th, from 0, and does every n-th shard.

    Raises:
        UsageError: a name that cannot be one, or that of a stream or of a track in the shards of the clips.
        StoreError: the track is there and was made otherwise, such as by another model; or the corpus cannot be read
            or written.
    """

    def __init__(
        self, root: str | os.PathLike[str], name: str, track: Track, *, part: tuple[int, int] = (0, 1)
    ) -> None:
        self._root, self._name, self._part = Path(root), name, part
        check_names([name])
        Index(Folder(self._root))  # raises where there is no corpus
        with exclusive(self._root / LOCK, StoreError, BUSY), writing(self._root, f"track {self._name!r}"):
            index = restore(self._root)
            self._track = self._declare(index.manifest, replace(track, beside=True))
        self._index = Index(Folder(self._root))
        self._shard: ShardWriter | None = None
        self._number = -1  # of the shard in work
        self._members: dict[int, TrackMember] = {}  # by place in the shard in work

    def __enter__(self) -> TrackWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif self._shard is not None:
            self._shard.discard()
            self._shard = None

    def missing(self) -> Iterator[int]:
        """The numbers of the clips of this part that have no rows yet, in the order in which they are to be added."""
        for number in range(self._part[0], len(self._index.catalogue), self._part[1]):
            if not self._is_done(number):
                yield from self._index.catalogue.clips_of(number)

    def add(self, i: int, data: TrackData) -> None:
        """Store what clip `i` has in the track. Clips come in the order of their numbers; some may be left out.

        Raises:
            UsageError: data of another kind or size, or a clip of a shard that is done.
            StoreError: the shard cannot be written; those that are finished are kept.
        """
        number, k = self._index.locate(i)
        shard = self._index.shard(number)
        if number == self._number and k <= max(self._members, default=-1):
            raise UsageError(f"{self._root}: clip {i} comes too late; add clips in the order of their numbers")
        if number != self._number and self._is_done(number):
            raise UsageError(
                f"{self._root}: clip {i} is in a shard whose {self._name!r} is complete; add what `missing` names"
            )
        track, packed = pack_track(self._name, self._track, data, shard.clip(k).start)
        if number != self._number:
            self._finish()
        with writing(self._root, f"track {self._name!r}"):
            if self._shard is None:
                file = self._root / track_files(self._name, self._track, shard.name)[1]
                self._shard, self._number = ShardWriter(file), number
            self._shard.add_track(shard.clip(k).clip_id, self._name, packed)
        self._members[k], self._track = self._shard.entries[-1].tracks[self._name], track

    def close(self) -> None:
        """End the shard in work."""
        self._finish()

    def _finish(self) -> None:
        if self._shard is None:
            return
        index = self._index.shard(self._number)
        clips = [(clip.clip_id, self._members.get(k)) for k, clip in enumerate(index.all_clips())]
        with writing(self._root, f"track {self._name!r}"):
            self._shard.finish()
            self._shard.publish()
            made = make_track_index(self._name, self._track, index.name, clips)
            write_track_index(self._root, self._name, index.name, made)
        self._shard, self._number, self._members = None, -1, {}

    def _is_done(self, number: int) -> bool:
        file, _ = track_files(self._name, self._track, self._index.catalogue.name(number))
        return (self._root / file).exists()

    def _declare(self, manifest: Manifest, track: Track) -> Track:
        there = manifest.tracks.get(self._name)
        if self._name in manifest.streams or (there is not None and not there.beside):
            raise UsageError(f"{self._root}: {self._name!r} is in the shards of the clips already; use another name")
        agreed = check_same(self._root, self._name, there, track)
        folder = self._root / TRACKS / self._name
        folder.mkdir(parents=True, exist_ok=True)
        if there != agreed:
            Manifest(manifest.streams, manifest.tracks | {self._name: agreed}, manifest.attributes).write(self._root)
        done = next(folder.glob("*.arrow"), None)
        if done is None:
            return agreed
        return check_same(self._root, self._name, read_track_index(done).track, agreed)

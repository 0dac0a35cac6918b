"""One shard: a plain tar file with the members of some clips, written so that the same clips give the same bytes, and
read back by any tar tool."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

from hdvila.errors import StoreError
from hdvila.files import sync_folder
from hdvila.media import Packed
from hdvila.media.packed import SUFFIXES
from hdvila.store.facts import Entry, Member, TrackMember, key_of, to_json
from hdvila.store.layout import check_format
from hdvila.store.tracks import SUFFIXES as TRACK_SUFFIXES
from hdvila.store.tracks import PackedTrack
from hdvila.store.version1 import facts_of_version_1

_BLOCK = 512
_SUFFIX = {form: suffix for suffix, form in SUFFIXES.items()}


class ShardWriter:
    """Appends clips to an unfinished shard (a hidden ``.part`` file) and gives it its name when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self._partial = path.with_name(f".{path.name}.part")
        self._file = self._partial.open("wb", buffering=0)  # what a full disk refuses must not wait in a buffer
        self._ends: list[int] = [0]  # of the file after each clip

    def add(self, facts: dict[str, Any], frames: Mapping[str, Packed], tracks: Mapping[str, PackedTrack]) -> None:
        """Append one clip: its frames, its tracks, its text, its facts."""
        key, block = key_of(facts["clip_id"]), bytearray()
        places: dict[str, list[Member]] = {}
        for stream, packed in frames.items():
            facts = facts | {f"{stream}_crc32": list(map(crc32, packed.data))}
            places[stream] = []
            for data, count in zip(packed.data, packed.counts, strict=True):
                name = f"{key}.{stream}.{len(places[stream]):03d}.{_SUFFIX[packed.form]}"
                places[stream] += [self._append(block, name, data)] * count
        rows = {name: self._append_track(block, f"{key}.{name}", track) for name, track in tracks.items()}
        if rows:
            stored = {name: facts["tracks"][name] | {"rows": one.rows, "crc32": one.crcs} for name, one in rows.items()}
            facts = facts | {"tracks": stored}
        self._append(block, f"{key}.txt", facts["text"].encode())
        self._append(block, f"{key}.json", to_json(facts))
        self._end(block, Entry(facts, places, rows))

    def add_track(self, clip_id: str, name: str, track: PackedTrack) -> None:
        """Append what a clip has in one track alone, to a shard of that track."""
        block = bytearray()
        rows = self._append_track(block, f"{key_of(clip_id)}.{name}", track)
        self._end(block, Entry({"clip_id": clip_id}, {}, {name: rows}))

    def keep(self, clips: int) -> None:
        """Take back all but the first `clips` clips, and whatever of a clip was half written."""
        self._file.truncate(self._ends[clips])
        self._file.seek(self._ends[clips])
        del self.entries[clips:], self._ends[clips + 1 :]

    def finish(self) -> None:
        """End the archive and force it to the disk. It still has its hidden name."""
        self._write(bytes(2 * _BLOCK))
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self) -> None:
        """Give a finished shard its name."""
        os.replace(self._partial, self.path)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Throw the unfinished shard away."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _append(self, block: bytearray, name: str, data: bytes) -> Member:
        """Add one file to a stretch of archive that goes behind what is written."""
        header = tarfile.TarInfo(name)
        header.size, header.mode, header.mtime = len(data), 0o644, 0
        block += header.tobuf(tarfile.USTAR_FORMAT)
        offset = self._ends[-1] + len(block)
        block += data
        block += bytes(-len(data) % _BLOCK)
        return Member(offset, len(data), crc32(data))

    def _append_track(self, block: bytearray, name: str, track: PackedTrack) -> TrackMember:
        data = self._append(block, f"{name}.{track.suffix}", track.data)
        times = None if track.times is None else self._append(block, f"{name}.times.npy", track.times)
        return TrackMember(data, track.rows, times)

    def _end(self, block: bytearray, entry: Entry) -> None:
        self._write(block)
        self._ends.append(self._ends[-1] + len(block))
        self.entries.append(entry)

    def _write(self, data: bytes | bytearray) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]


def scan_shard(path: Path) -> list[Entry]:
    """Read what a shard holds from the shard itself.

    Raises:
        StoreError: it is not a tar file, or a clip in it is incomplete.
    """
    entries: list[Entry] = []
    files: dict[str, Member] = {}  # of the clip whose KEY.json is still to come, by name without KEY
    end = 0
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                end = end_of(member)
                _, _, name = member.name.partition(".")
                if name != "json":
                    files[name] = Member(member.offset_data, member.size, None)
                    continue
                content = tar.extractfile(member)
                assert content is not None
                facts = json.loads(content.read())
                if facts.get("format") == 1:
                    facts = facts_of_version_1(facts)
                check_format(facts.get("format"), path)
                entries.append(_entry(facts, files))
                files = {}
        check_end(path, end)
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: is damaged ({error}); delete it and build its videos again") from error
    return entries


def end_of(member: tarfile.TarInfo) -> int:
    """The byte behind a file of a shard and its padding."""
    return member.offset_data + member.size + -member.size % tarfile.BLOCKSIZE


def check_end(path: Path, end: int) -> None:
    """Make sure that the last file that was read is followed by the end of an archive, two blocks of zeros or more:
    tarfile takes a damaged header for the end.

    Raises:
        ValueError: it is not.
    """
    zeros = 0
    with path.open("rb") as file:
        file.seek(end)
        while block := file.read(1 << 20):
            zeros += block.count(0)
    if zeros < 2 * tarfile.BLOCKSIZE or end + zeros < path.stat().st_size:
        raise ValueError(f"it cannot be read beyond byte {end}")


def _entry(facts: dict[str, Any], files: Mapping[str, Member]) -> Entry:
    frames = {name: _places(files, facts, name) for name in facts["streams"]}
    tracks = {}
    for name, stored in facts.get("tracks", {}).items():
        parts = (f"{name}.{TRACK_SUFFIXES[stored['kind']]}", f"{name}.times.npy")
        data, *times = (files[part]._replace(crc32=crc) for part, crc in zip(parts, stored["crc32"], strict=False))
        tracks[name] = TrackMember(data, stored["rows"], *times)
    return Entry(facts, frames, tracks)


def _places(files: Mapping[str, Member], facts: dict[str, Any], stream: str) -> list[Member]:
    """Where each frame of a stream lies."""
    suffix, frames = _SUFFIX[facts["streams"][stream]["form"]], len(facts[f"{stream}_pts"])
    numbered = sorted(
        (int(name.split(".")[1]), member)
        for name, member in files.items()
        if name.startswith(f"{stream}.") and name.endswith(f".{suffix}")
    )
    if suffix == "jpg" and len(numbered) != frames:
        raise ValueError(f"{len(numbered)} of {frames} frames of a clip are there")
    places: list[Member] = []
    ends = [first for first, _ in numbered[1:]] + [frames]
    crcs = facts.get(f"{stream}_crc32", [None] * len(numbered))
    for (first, member), end, crc in zip(numbered, ends, crcs, strict=True):
        if first != len(places) or end <= first:
            raise ValueError("frames of a clip are missing")
        places += [member._replace(crc32=crc)] * (end - first)
    return places

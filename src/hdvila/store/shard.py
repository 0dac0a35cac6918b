"""One shard: a plain tar file with the pictures and facts of some clips, written so that the same clips give the same
bytes, and read back by any tar tool."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from hdvila.errors import StoreError
from hdvila.files import sync_folder
from hdvila.media import Packed
from hdvila.media.packed import SUFFIXES
from hdvila.store.layout import STREAMS, Bytes, Entry, Stream, check_format, key_of, to_json

_BLOCK = 512
_SUFFIX = {form: suffix for suffix, form in SUFFIXES.items()}


class ShardWriter:
    """Appends clips to an unfinished shard (a hidden ``.part`` file) and gives it its name when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self._partial = partial_name(path)
        self._file = self._partial.open("wb", buffering=0)  # what a full disk refuses must not wait in a buffer
        self._ends: list[int] = [0]  # of the file after each clip

    def add(self, facts: dict[str, Any], hr: Packed, lr: Packed) -> None:
        """Append one clip: its pictures, its text, its facts."""
        key = key_of(facts["clip_id"])
        facts = facts | {"hr_crc32": list(map(crc32, hr.data)), "lr_crc32": list(map(crc32, lr.data))}
        places: dict[str, list[Bytes]] = {"hr": [], "lr": []}
        block = bytearray()
        for stream, packed in (("hr", hr), ("lr", lr)):
            for data, frames, crc in zip(packed.data, packed.counts, facts[f"{stream}_crc32"], strict=True):
                name = f"{key}.{stream}.{len(places[stream]):03d}.{_SUFFIX[packed.form]}"
                offset = _append(block, name, data)
                places[stream] += [Bytes(self._ends[-1] + offset, len(data), crc)] * frames
        _append(block, f"{key}.txt", facts["text"].encode())
        _append(block, f"{key}.json", to_json(facts))
        self._write(block)
        self._ends.append(self._ends[-1] + len(block))
        self.entries.append(Entry(facts, places["hr"], places["lr"]))

    def keep(self, clips: int) -> None:
        """Take back all but the first `clips` clips, and whatever of a clip was half written."""
        self._file.truncate(self._ends[clips])
        self._file.seek(self._ends[clips])
        del self.entries[clips:], self._ends[clips + 1 :]

    def commit(self) -> None:
        """End the archive, force it to the disk, and give it its name."""
        self._write(bytes(2 * _BLOCK))
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._partial, self.path)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Throw the unfinished shard away."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _write(self, data: bytes | bytearray) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]


def _append(block: bytearray, name: str, data: bytes) -> int:
    """Add one file to a stretch of archive; returns where its bytes begin in it."""
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = len(data), 0o644, 0
    block += header.tobuf(tarfile.USTAR_FORMAT)
    offset = len(block)
    block += data
    block += bytes(-len(data) % _BLOCK)
    return offset


def partial_name(path: Path) -> Path:
    """Where a shard lives while it is being written."""
    return path.with_name(f".{path.name}.part")


def scan_shard(path: Path) -> list[Entry]:
    """Read what a shard holds from the shard itself.

    Raises:
        StoreError: it is no tar file, or a clip in it is incomplete.
    """
    files: dict[str, dict[str, list[tuple[int, int, int]]]] = {}  # key, stream -> (first frame, offset, length)
    entries = []
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                key, *rest = member.name.split(".")
                if len(rest) == 3 and rest[0] in STREAMS and rest[2] in SUFFIXES:
                    streams = files.setdefault(key, {"hr": [], "lr": []})
                    streams[rest[0]].append((int(rest[1]), member.offset_data, member.size))
                elif rest == ["json"]:
                    content = tar.extractfile(member)
                    assert content is not None
                    facts = json.loads(content.read())
                    check_format(facts.get("format"), path)
                    hr, lr = (_places(files[key][name], facts, name) for name in STREAMS)
                    entries.append(Entry(facts, hr, lr))
    except (tarfile.TarError, OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path}: is damaged ({error}); delete it and build its videos again") from error
    return entries


def _places(files: Sequence[tuple[int, int, int]], facts: dict[str, Any], stream: Stream) -> list[Bytes]:
    """Where each frame of a stream lies, from (first frame, offset, length) of the files that hold them."""
    places: list[Bytes] = []
    frames = len(facts[f"{stream}_pts"])
    if facts.get("form", "jpeg") == "jpeg" and len(files) != frames:
        raise ValueError(f"{len(files)} of {frames} pictures of a clip are there")
    ends = [first for first, _, _ in files[1:]] + [frames]
    crcs = facts.get(f"{stream}_crc32", [None] * len(files))
    for (first, offset, length), end, crc in zip(files, ends, crcs, strict=True):
        if first != len(places) or end <= first:
            raise ValueError("pictures of a clip are missing")
        places += [Bytes(offset, length, crc)] * (end - first)
    return places

"""One shard: a plain tar file with the pictures and facts of some clips, written so that the same clips give the same
bytes, and read back by any tar tool."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hdvila.errors import StoreError
from hdvila.store.layout import Entry, check_format, key_of, to_json

_BLOCK = 512


class ShardWriter:
    """Appends clips to an unfinished shard (a hidden ``.part`` file) and gives it its name when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self._partial = partial_name(path)
        self._file = self._partial.open("wb", buffering=0)  # what a full disk refuses must not wait in a buffer
        self._ends: list[int] = [0]  # of the file after each clip

    def add(self, facts: dict[str, Any], hr: Sequence[bytes], lr: Sequence[bytes]) -> None:
        """Append one clip: its JPEGs, its text, its facts."""
        key = key_of(facts["clip_id"])
        places: dict[str, list[tuple[int, int]]] = {"hr": [], "lr": []}
        block = bytearray()
        for stream, pictures in (("hr", hr), ("lr", lr)):
            for number, data in enumerate(pictures):
                offset = _append(block, f"{key}.{stream}.{number:03d}.jpg", data)
                places[stream].append((self._ends[-1] + offset, len(data)))
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


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def scan_shard(path: Path) -> list[Entry]:
    """Read what a shard holds from the shard itself.

    Raises:
        StoreError: it is no tar file, or a clip in it is incomplete.
    """
    places: dict[str, dict[str, list[tuple[int, int]]]] = {}
    entries = []
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                key, *rest = member.name.split(".")
                if len(rest) == 3 and rest[0] in ("hr", "lr"):
                    where = places.setdefault(key, {"hr": [], "lr": []})
                    where[rest[0]].append((member.offset_data, member.size))
                elif rest == ["json"]:
                    content = tar.extractfile(member)
                    assert content is not None
                    facts = json.loads(content.read())
                    check_format(facts.get("format"), path)
                    entry = Entry(facts, places[key]["hr"], places[key]["lr"])
                    if (len(entry.hr), len(entry.lr)) != (len(facts["hr_pts"]), len(facts["lr_pts"])):
                        raise KeyError(key)
                    entries.append(entry)
    except (tarfile.TarError, OSError, ValueError, KeyError) as error:
        raise StoreError(f"{path}: is damaged ({error}); delete it and build its videos again") from error
    return entries

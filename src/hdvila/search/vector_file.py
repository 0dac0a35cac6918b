"""The vectors of a large library in a memory-mapped file beside its tables: nothing is read before it is needed.

The tables are authoritative; the file is a copy that can be deleted at any time. ``vectors.json`` lists which rows hold
the vectors of which video, and the state of the library that it describes. When the library has changed, the first
reader appends new vectors and updates the list. Rows are never overwritten, so mappings of other processes stay valid,
and the list is replaced last and atomically: a killed process leaves the previous list.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import LibraryError
from hdvila.files import exclusive, replacing
from hdvila.search.database import read_meta
from hdvila.search.vectors import STORED, Vectors

__all__ = ["read_vectors"]

_LIST, _LOCK, _DATA = "vectors.json", "vectors.lock", "vectors-{}.f16"
_FORMAT = 1
_BUSY = "another process is writing the vectors' file"
_WORTH_A_FILE = 1 << 25  # bytes; fewer are read from the tables equally fast
_HEAD = 64  # leading bytes of a video's vectors that are part of their key


@dataclass(frozen=True, slots=True)
class _Part:
    """The vectors of one video's clips.

    Attributes:
        file: the video's id.
        key: changes with them.
        count: how many.
    """

    file: int
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Listed:
    """A part that is in the file: its first row, and the ids of its clips (only the first, if they are consecutive)."""

    key: str
    row: int
    count: int
    clips: int | list[int]

    @property
    def ids(self) -> NDArray[np.int64]:
        one = self.clips
        return np.arange(one, one + self.count) if isinstance(one, int) else np.array(one, np.int64)


@dataclass(frozen=True, slots=True)
class _Listing:
    state: str
    data: str
    width: int
    rows: int
    parts: Mapping[int, _Listed]


def read_vectors(connection: sqlite3.Connection, library: Path) -> Vectors | None:
    """All vectors of a library in the state that `connection` sees; None if it has no clips.

    They are read into memory if the library's folder is read-only, or another process is writing the file.

    Raises:
        LibraryError: clips and vectors do not match.
    """
    state = read_meta(connection).get("state", "")
    listing = _read_listing(library)
    if listing is not None and listing.state == state != "":
        with suppress(OSError, ValueError):  # another process has just replaced the file
            return _open(library, listing)
    parts, width = _parts_of(connection)
    if not parts:
        return None
    if sum(part.count for part in parts) * width * STORED.itemsize >= _WORTH_A_FILE:
        with suppress(LibraryError, OSError), exclusive(library / _LOCK, LibraryError, _BUSY):
            return _open(library, _brought_up_to_date(connection, library, state, parts, width))
    return _in_memory(connection, parts, width)


def _parts_of(connection: sqlite3.Connection) -> tuple[list[_Part], int]:
    """The parts in the tables, in order, without their vectors; and the width of the vectors."""
    clips = {
        file: rest
        for file, *rest in connection.execute("SELECT file, count(*), min(id), max(id) FROM clips GROUP BY file")
    }
    made_with = read_meta(connection).get("fingerprint", "")
    parts, width = [], 0
    for file, digest, size, head in connection.execute(
        f"SELECT file, files.digest, length(matrix), substr(matrix, 1, {_HEAD}) FROM vectors"
        " JOIN files ON files.id = vectors.file ORDER BY file"
    ):
        count, *ids = clips.get(file, (0,))
        width = width or size // (count or 1) // STORED.itemsize
        if size != count * width * STORED.itemsize:
            raise LibraryError(
                "the library's clips and vectors do not belong together: delete its folder, then index the videos again"
            )
        if count:
            key = hashlib.blake2b(repr((made_with, digest, size, ids, head)).encode(), digest_size=16).hexdigest()
            parts.append(_Part(file, key, count))
    return parts, width


def _contents(connection: sqlite3.Connection, parts: Sequence[_Part]) -> Iterator[tuple[list[int], bytes]]:
    """Of each part the ids of its clips, and its vectors."""
    for part in parts:
        ids = [id for (id,) in connection.execute("SELECT id FROM clips WHERE file = ? ORDER BY number", (part.file,))]
        yield ids, connection.execute("SELECT matrix FROM vectors WHERE file = ?", (part.file,)).fetchone()[0]


def _in_memory(connection: sqlite3.Connection, parts: Sequence[_Part], width: int) -> Vectors:
    rows_ND = np.empty((sum(part.count for part in parts), width), STORED)
    clips: list[int] = []
    for ids, matrix in _contents(connection, parts):
        rows_ND[len(clips) : len(clips) + len(ids)] = np.frombuffer(matrix, STORED).reshape(-1, width)
        clips += ids
    return Vectors(rows_ND, np.array(clips, np.int64), [(0, len(clips))])


def _open(library: Path, listing: _Listing) -> Vectors:
    rows_MD = np.memmap(library / listing.data, STORED, "r", shape=(listing.rows, listing.width)).view(np.ndarray)
    listed = listing.parts.values()
    return Vectors(rows_MD, np.concatenate([one.ids for one in listed]), [(one.row, one.count) for one in listed])


def _brought_up_to_date(
    connection: sqlite3.Connection, library: Path, state: str, parts: Sequence[_Part], width: int
) -> _Listing:
    """Append missing parts, then write the list. Unused rows are kept until they are a third of all rows."""
    before = _read_listing(library)
    known = {} if before is None or before.width != width else before.parts
    listed = {part.file: known[part.file] for part in parts if part.file in known and known[part.file].key == part.key}
    missing = sum(part.count for part in parts if part.file not in listed)
    used = sum(part.count for part in parts)
    if before is not None and listed and 2 * (_rows_in(library / before.data, width) + missing) <= 3 * used:
        data = before.data
    else:
        data, listed = _DATA.format(secrets.token_hex(8)), {}
    new = [part for part in parts if part.file not in listed]
    rows = 0
    with _appending(library / data, width * STORED.itemsize) as file:
        for part, (ids, matrix) in zip(new, _contents(connection, new), strict=True):
            follow = ids == list(range(ids[0], ids[0] + len(ids)))
            row = file.tell() // (width * STORED.itemsize)
            listed[part.file] = _Listed(part.key, row, part.count, ids[0] if follow else ids)
            file.write(matrix)
        rows = file.tell() // (width * STORED.itemsize)
    listing = _Listing(state, data, width, rows, {part.file: listed[part.file] for part in parts})
    with replacing(library / _LIST, sync=True) as partial:
        partial.write_text(json.dumps({"format": _FORMAT} | asdict(listing)))
    for other in library.glob(_DATA.format("*")):
        if other.name != data:
            with suppress(OSError):  # another process may have mapped it, on a system that locks mapped files
                other.unlink()
    return listing


@contextmanager
def _appending(data: Path, row: int) -> Iterator[BinaryIO]:
    """The file, to append whole rows of `row` bytes: afterwards they are synced, or, after an error, removed."""
    with data.open("ab") as file:
        begin = file.tell()
        try:
            file.write(b"\0" * (-begin % row))  # completes a row that a killed process left partial
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                file.truncate(begin)
            raise


def _rows_in(data: Path, width: int) -> int:
    return data.stat().st_size // (width * STORED.itemsize)


def _read_listing(library: Path) -> _Listing | None:
    """The list, if it can be read and the file has its rows."""
    try:
        said: dict[str, Any] = json.loads((library / _LIST).read_text())
        if said.pop("format") != _FORMAT:
            return None
        said["parts"] = {int(file): _Listed(**one) for file, one in said["parts"].items()}
        listing = _Listing(**said)
        return listing if _rows_in(library / listing.data, listing.width) >= listing.rows else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None

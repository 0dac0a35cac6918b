"""What is new, changed, moved or gone in a folder, and the work that follows. A file is a commit: nothing is lost."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hdvila.errors import MediaError, reason_of
from hdvila.progress import Bar, Reporter
from hdvila.search.database import from_column, to_column, write_meta
from hdvila.search.embed import Encoder, embed_file
from hdvila.search.scan import Found, Scan, content_digest
from hdvila.search.vectors import pack

__all__ = ["FileReport", "bring_up_to_date"]

Status = Literal["indexed", "unchanged", "removed", "failed"]
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        file: its absolute path.
        status: indexed (anew), unchanged, removed (it is gone, so are its clips), or failed: it cannot be read, or only
            in part; what could be read is searchable.
        reason: why it failed, or why the words of an indexed file are missing; else ''.
        clips: how many of its clips the library holds now.
    """

    file: str
    status: Status
    reason: str = ""
    clips: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by the names above."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Row:
    """A file as the library knows it."""

    id: int
    path: str
    stamp: str
    size: int
    digest: str
    status: str
    reason: str


def bring_up_to_date(
    connection: sqlite3.Connection, model: Encoder, scan: Scan, reporter: Reporter, each: Callable[[FileReport], None]
) -> None:
    """Make the library hold what the folder holds; `each` hears of every file when its part is written.

    Raises:
        LibraryError: the library cannot be written. What was reported before stays.
    """
    known = {row.path: row for row in _rows(connection) if scan.covers(row.path)}
    gone = [row for path, row in known.items() if path not in scan.videos]
    for path, reason in scan.unreadable.items():
        each(FileReport(path, "failed", reason))
    work: list[Found] = []
    for path, found in scan.videos.items():
        if path in known and known[path].stamp == found.stamp:
            each(_as_before(connection, known[path]))
        else:
            work.append(found)
    # A file that is gone may have been renamed: one of the new files may want its vectors first.
    sizes = {found.size for found in work}
    for row in gone:
        if row.size not in sizes:
            each(_remove(connection, row))
    with reporter.task("indexing (MB of video)", total=_megabytes(sum(found.size for found in work))) as bar:
        meter = _Meter(bar)
        for found in work:
            with meter.file(found) as progress:
                report = _index_file(connection, model, found, known.get(str(found.path)), progress)
            each(report)
    for row in gone:
        if row.size in sizes:
            each(_remove(connection, row))


def _index_file(
    connection: sqlite3.Connection,
    model: Encoder,
    found: Found,
    before: _Row | None,
    progress: Callable[[float], None],
) -> FileReport:
    path = str(found.path)
    try:
        digest = content_digest(found)
    except OSError as error:  # perhaps it can be read next time, so nothing is written down about it
        if before is not None:
            _remove(connection, before)
        return FileReport(path, "failed", reason_of(error))
    if before is not None and before.digest == digest:
        with connection:
            connection.execute("UPDATE files SET stamp = ? WHERE id = ?", (found.stamp, before.id))
        return _as_before(connection, before)
    if (clips := _copy_twin(connection, found, digest)) is not None:
        return FileReport(path, "indexed", "", clips)
    try:
        embedded = embed_file(model, found, progress)
    except MediaError as error:
        with _replacing(connection, found, digest, "failed", str(error)):
            pass
        return FileReport(path, "failed", str(error))
    count = len(embedded.spans)
    status: Literal["indexed", "failed"] = "failed" if embedded.damage else "indexed"
    reason = f"{path}: {embedded.damage}; the rest is searchable" if embedded.damage else embedded.note
    with _replacing(connection, found, digest, status, reason) as file:
        connection.executemany(
            "INSERT INTO clips (file, number, start, end, text) VALUES (?, ?, ?, ?, ?)",
            [(file, number, span.start, span.end, span.text) for number, span in enumerate(embedded.spans)],
        )
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (file, pack(embedded.vectors)))
    return FileReport(path, status, reason, count)


def _rows(connection: sqlite3.Connection) -> list[_Row]:
    rows = connection.execute("SELECT id, path, stamp, size, digest, status, reason FROM files ORDER BY path")
    return [_Row(number, from_column(path), *rest) for number, path, *rest in rows]


def _as_before(connection: sqlite3.Connection, row: _Row) -> FileReport:
    count = connection.execute("SELECT count(*) FROM clips WHERE file = ?", (row.id,)).fetchone()[0]
    return FileReport(row.path, "failed" if row.status == "failed" else "unchanged", row.reason, count)


def _remove(connection: sqlite3.Connection, row: _Row) -> FileReport:
    with connection:
        connection.execute("DELETE FROM files WHERE id = ?", (row.id,))
        _touch(connection)
    return FileReport(row.path, "removed")


def _copy_twin(connection: sqlite3.Connection, found: Found, digest: str) -> int | None:
    """Take clips and vectors from a file of the same content (a renamed or copied one); None if there is none."""
    twin = connection.execute(
        "SELECT id, reason FROM files WHERE digest = ? AND status = 'indexed' LIMIT 1", (digest,)
    ).fetchone()
    if twin is None:
        return None
    with _replacing(connection, found, digest, "indexed", twin[1]) as file:
        copied = connection.execute(
            "INSERT INTO clips (file, number, start, end, text)"
            " SELECT ?, number, start, end, text FROM clips WHERE file = ?",
            (file, twin[0]),
        ).rowcount
        connection.execute("INSERT INTO vectors SELECT ?, matrix FROM vectors WHERE file = ?", (file, twin[0]))
    return copied


@contextmanager
def _replacing(connection: sqlite3.Connection, found: Found, digest: str, status: str, reason: str) -> Iterator[int]:
    """One transaction in which a file's old rows go and its new row comes; yields the new row's id."""
    path = to_column(str(found.path))
    with connection:
        connection.execute("DELETE FROM files WHERE path = ?", (path,))
        row = connection.execute(
            "INSERT INTO files (path, stamp, size, digest, status, reason) VALUES (?, ?, ?, ?, ?, ?)",
            (path, found.stamp, found.size, digest, status, reason),
        )
        assert row.lastrowid is not None
        yield row.lastrowid
        _touch(connection)


def _touch(connection: sqlite3.Connection) -> None:
    """Tell readers that keep vectors in memory that theirs are old."""
    write_meta(connection, state=secrets.token_hex(8))


def _megabytes(size: int) -> int:
    return -(-size // _MEGABYTE)


class _Meter:
    """Turns the share of a file that is done into steps of a bar that counts megabytes."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._bytes = 0.0
        self._shown = 0

    @contextmanager
    def file(self, found: Found) -> Iterator[Callable[[float], None]]:
        before = self._bytes

        def progress(share: float) -> None:
            self._bytes = before + share * found.size
            steps = int(self._bytes / _MEGABYTE) - self._shown
            self._shown += steps
            self._bar.advance(steps, note=found.path.name)

        progress(0.0)
        yield progress
        progress(1.0)

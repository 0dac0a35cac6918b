"""New, changed, moved and missing files, and the work that follows. Each file is committed alone, so none is lost."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hdvila.errors import InternalError, MediaError, reason_of
from hdvila.files import is_gone
from hdvila.hub import precision_of
from hdvila.progress import Bar, Reporter
from hdvila.search.database import from_column, looks_tiled, note_seen, shares_seen, to_column, write_meta
from hdvila.search.encoder import Encoder
from hdvila.search.library_model import note_precision
from hdvila.search.prefetch import FileOutcome, embed_files
from hdvila.search.scan import Found, Scan
from hdvila.search.vectors import pack

__all__ = ["FileReport", "bring_up_to_date", "paths_of", "remove", "reports_of"]

Status = Literal["indexed", "unchanged", "moved", "removed", "missing", "failed"]
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileReport:
    """The outcome for one file.

    Attributes:
        file: its absolute path.
        status: indexed (embedded now), unchanged, moved (it has the content of a file that is gone from another path),
            removed (it is gone, and so are its clips), missing (its whole folder is empty or gone, so its clips are
            kept), or failed: it cannot be read, or only in part; the readable part is searchable.
        reason: why it failed, why an indexed file has no words, the old path of a moved one; else ''.
        clips: number of its clips in the library.
        seen: share of its frames' area that the model saw, 0..1; None if nothing was embedded, or by a version that
            did not record it.
    """

    file: str
    status: Status
    reason: str = ""
    clips: int = 0
    seen: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by the names above."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Row:
    """A file as the library knows it."""

    id: int
    path: str
    stamp: str
    digest: str
    status: str
    reason: str
    clips: int
    seen: float | None


def bring_up_to_date(
    connection: sqlite3.Connection, model: Encoder, scan: Scan, reporter: Reporter, each: Callable[[FileReport], None]
) -> None:
    """Update the library to the scanned files; `each` is called with the report of every file once it is committed.

    Raises:
        LibraryError: the library cannot be written. Files that were reported before are kept.
    """
    tiled = looks_tiled(connection)
    known = {row.path: row for row in _rows(connection) if scan.covers(row.path)}
    for path, reason in scan.unreadable.items():
        each(FileReport(path, "failed", reason))
    work: list[Found] = []
    for path, found in scan.videos.items():
        if path in known and known[path].stamp == found.stamp:
            each(_as_before(known[path]))
        else:
            work.append(found)
    if work:
        with connection:
            remark = note_precision(connection, precision_of(model))
        if remark:
            reporter.note(remark)
    work.sort(key=lambda found: str(found.path) in known)  # new paths first: they may take over what known ones give up

    def wanted(found: Found, hashes: tuple[str, str]) -> bool:
        before = known.get(str(found.path))
        return (before is None or before.digest != hashes[0]) and not _twins(connection, found, hashes)

    with reporter.task("indexing (MB of video)", total=_megabytes(sum(found.size for found in work))) as bar:
        meter = _Meter(bar)
        for found, outcome in zip(work, embed_files(model, work, tiled, wanted, meter.show), strict=True):
            report = _index_file(connection, model, tiled, found, known.get(str(found.path)), outcome)
            meter.show(found, 1.0)
            each(report)
    # If no known file of a folder is left, files were not deleted one by one: the disk is not mounted, or another is.
    alive = {os.path.dirname(path) for path in known if path in scan.videos}
    for row in _rows(connection):
        if not scan.covers(row.path) or row.path in scan.videos:
            continue
        if os.path.dirname(row.path) in alive:
            each(_remove(connection, row))
        else:
            each(_missing(row))


def reports_of(connection: sqlite3.Connection) -> Iterator[FileReport]:
    """Every file of the library by path: unchanged, failed or missing now. Contents are not compared."""
    for row in _rows(connection):
        yield _missing(row) if is_gone(row.path) else _as_before(row)


def paths_of(connection: sqlite3.Connection) -> list[str]:
    """The path of every file of the library."""
    return [from_column(path) for (path,) in connection.execute("SELECT path FROM files")]


def remove(connection: sqlite3.Connection, paths: Iterable[str]) -> Iterator[FileReport]:
    """Remove these files from the library; yields the report of each one once it is removed."""
    wanted = set(paths)
    for row in _rows(connection):
        if row.path in wanted:
            yield _remove(connection, row)


def _index_file(
    connection: sqlite3.Connection,
    model: Encoder,
    tiled: bool,
    found: Found,
    before: _Row | None,
    outcome: FileOutcome,
) -> FileReport:
    path = str(found.path)
    if outcome.content is None:
        assert outcome.error is not None
        if not isinstance(outcome.error, OSError | MediaError):
            raise outcome.error
        # It may be readable next time, so nothing is recorded about it.
        return FileReport(path, "failed", reason_of(outcome.error), 0 if before is None else before.clips)
    content = outcome.content.hashes
    if before is not None and before.digest == content[0]:
        with connection:
            connection.execute(
                "UPDATE files SET stamp = ?, video = ? WHERE id = ?", (found.stamp, content[1], before.id)
            )
        return _as_before(before)
    if (twin := _twin(connection, found, content)) is not None:
        return twin
    try:
        embedded = outcome.vectors(model, found, tiled)
    except InternalError as error:  # not a fault of the file, so the next version tries it again
        return FileReport(path, "failed", f"{path}: {error}", 0 if before is None else before.clips)
    except MediaError as error:
        with _replacing(connection, found, content, "failed", str(error)):
            pass
        return FileReport(path, "failed", str(error))
    opened = embedded.opened
    status: Literal["indexed", "failed"] = "failed" if opened.damage else "indexed"
    reason = f"{path}: {opened.damage}; the rest is searchable" if opened.damage else opened.note
    with _replacing(connection, found, content, status, reason) as file:
        connection.executemany(
            "INSERT INTO clips (file, number, start, end, text) VALUES (?, ?, ?, ?, ?)",
            [(file, number, span.start, span.end, span.text) for number, span in enumerate(opened.spans)],
        )
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (file, pack(embedded.vectors)))
        note_seen(connection, file, opened.look.seen)
    return FileReport(path, status, reason, len(opened.spans), opened.look.seen)


def _rows(connection: sqlite3.Connection, condition: str = "TRUE", *values: object) -> list[_Row]:
    rows = connection.execute(
        "SELECT id, path, stamp, digest, status, reason, (SELECT count(*) FROM clips WHERE file = files.id)"
        f" FROM files WHERE {condition} ORDER BY path",
        values,
    ).fetchall()
    seen = shares_seen(connection) if rows else {}
    return [
        _Row(number, from_column(path), stamp, digest, status, reason, clips, seen.get(number))
        for number, path, stamp, digest, status, reason, clips in rows
    ]


def _as_before(row: _Row) -> FileReport:
    return FileReport(row.path, "failed" if row.status == "failed" else "unchanged", row.reason, row.clips, row.seen)


def _missing(row: _Row) -> FileReport:
    return FileReport(row.path, "missing", "it does not exist at the moment; its clips are kept", row.clips, row.seen)


def _remove(connection: sqlite3.Connection, row: _Row) -> FileReport:
    with connection:
        connection.execute("DELETE FROM files WHERE id = ?", (row.id,))
        _touch(connection)
    return FileReport(row.path, "removed")


def _twins(connection: sqlite3.Connection, found: Found, content: tuple[str, str]) -> list[_Row]:
    """The other files with this content in the library."""
    return _rows(connection, "digest = ? AND path != ?", content[0], to_column(str(found.path)))


def _twin(connection: sqlite3.Connection, found: Found, content: tuple[str, str]) -> FileReport | None:
    """Reuse the clips of a file with the same content: its row if it is gone (it was moved), else a copy of its clips
    and vectors; None if there is no such file."""
    path = str(found.path)
    if not (twins := _twins(connection, found, content)):
        return None
    twin = next((row for row in twins if is_gone(row.path)), None)
    moved = twin is not None
    twin = twin or twins[0]
    reason = twin.reason.replace(os.path.splitext(twin.path)[0], os.path.splitext(path)[0])
    if moved:
        with connection:
            connection.execute("DELETE FROM files WHERE path = ?", (to_column(path),))
            connection.execute(
                "UPDATE files SET path = ?, stamp = ?, video = ?, reason = ? WHERE id = ?",
                (to_column(path), found.stamp, content[1], reason, twin.id),
            )
            _touch(connection)
        reason = "; ".join(filter(None, (f"it was {twin.path}", reason)))
    else:
        with _replacing(connection, found, content, twin.status, reason) as file:
            connection.execute(
                "INSERT INTO clips (file, number, start, end, text)"
                " SELECT ?, number, start, end, text FROM clips WHERE file = ?",
                (file, twin.id),
            )
            connection.execute("INSERT INTO vectors SELECT ?, matrix FROM vectors WHERE file = ?", (file, twin.id))
            connection.execute("UPDATE files SET video = ? WHERE digest = ?", (content[1], content[0]))
            note_seen(connection, file, twin.seen)
    status: Status = "failed" if twin.status == "failed" else "moved" if moved else "indexed"
    return FileReport(path, status, reason, twin.clips, twin.seen)


@contextmanager
def _replacing(
    connection: sqlite3.Connection, found: Found, content: tuple[str, str], status: str, reason: str
) -> Iterator[int]:
    """A transaction that replaces a file's rows; yields the id of the new row."""
    path = to_column(str(found.path))
    with connection:
        connection.execute("DELETE FROM files WHERE path = ?", (path,))
        row = connection.execute(
            "INSERT INTO files (path, stamp, size, digest, status, reason, video) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (path, found.stamp, found.size, content[0], status, reason, content[1]),
        )
        assert row.lastrowid is not None
        yield row.lastrowid
        _touch(connection)


def _touch(connection: sqlite3.Connection) -> None:
    """Invalidate the vectors that readers keep in memory."""
    write_meta(connection, state=secrets.token_hex(8))


def _megabytes(size: int) -> int:
    return -(-size // _MEGABYTE)


class _Meter:
    """Turns the finished shares of several files into steps of a progress bar that counts megabytes."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._shares: dict[Found, float] = {}
        self._bytes = 0.0
        self._shown = 0

    def show(self, found: Found, share: float) -> None:
        self._bytes += (share - self._shares.get(found, 0.0)) * found.size
        self._shares[found] = share
        steps = int(self._bytes / _MEGABYTE) - self._shown
        self._shown += steps
        self._bar.advance(steps, note=found.path.name)

"""The tables of a library, in one SQLite file, and the errors that it can have.

A file's clips, their vectors and its row are written in one transaction, so a process that is killed leaves whole files
or nothing. Readers see the state of the last commit while another process writes (write-ahead log).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hdvila.errors import LibraryError

__all__ = [
    "VERSION",
    "connect",
    "connect_to_write",
    "from_column",
    "is_library",
    "looks_tiled",
    "note_seen",
    "read_meta",
    "shares_seen",
    "to_column",
    "write_meta",
]

VERSION = "2"
_NAME = "library.sqlite"
_PATIENCE = 30.0  # seconds to wait for another connection's short write

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- A video that was scanned. stamp: sizes and times of the video and the subtitles beside it; digest: their content;
-- video: the content of the video alone, '' in rows of earlier versions.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    stamp TEXT NOT NULL,
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('indexed', 'failed')),
    reason TEXT NOT NULL,
    video TEXT NOT NULL DEFAULT ''
);
CREATE INDEX files_by_digest ON files (digest);

CREATE TABLE clips (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start REAL NOT NULL,
    end REAL NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (file, number)
);

-- One row a file: its clips' unit vectors, (clips, width) little-endian float16, in the order of clips.number.
CREATE TABLE vectors (
    file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    matrix BLOB NOT NULL
);

CREATE VIRTUAL TABLE subtitles USING fts5 (text, content = 'clips', content_rowid = 'id');
CREATE TRIGGER clips_come AFTER INSERT ON clips BEGIN
    INSERT INTO subtitles (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER clips_go AFTER DELETE ON clips BEGIN
    INSERT INTO subtitles (subtitles, rowid, text) VALUES ('delete', old.id, old.text);
END;
"""


_ADDED = "ALTER TABLE files ADD COLUMN video TEXT NOT NULL DEFAULT ''"  # to libraries of an earlier program

_LOOK = "look"
_SEEN = "CREATE TABLE IF NOT EXISTS seen (file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE, share REAL)"

# Files with the same content are one tape, whatever their names.
_TAPES = "CREATE TEMP VIEW tapes AS SELECT id, path, {} AS content FROM files"


def is_library(folder: Path) -> bool:
    """Whether the folder holds a library, also a damaged one."""
    return (folder / _NAME).is_file()


@contextmanager
def connect(library: Path) -> Iterator[sqlite3.Connection]:
    """Open a library for reading: a consistent snapshot for the whole block, with a view ``tapes`` (id, path, content).

    Raises:
        LibraryError: there is no library, it is damaged, or of another version.
    """
    file = library / _NAME
    if not is_library(library):
        raise LibraryError(
            f"{library} is not a library: make one with hdvila index FOLDER --library {library} --model MODEL"
        )
    with _explained(library), closing(_open_to_read(file)) as connection:
        content = "coalesce(nullif(video, ''), digest)" if _has_content(connection) else "digest"
        connection.execute(_TAPES.format(content))
        connection.execute("BEGIN")
        _check_version(connection, library)
        yield connection


@contextmanager
def connect_to_write(library: Path) -> Iterator[sqlite3.Connection]:
    """Open a library for writing, and create it if needed. Commit with ``with connection: ...``.

    Raises:
        LibraryError: it cannot be written, is damaged, or of another version.
    """
    library.mkdir(parents=True, exist_ok=True)
    with _explained(library), closing(sqlite3.connect(library / _NAME, timeout=_PATIENCE)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.executescript(f"BEGIN; {_SCHEMA} INSERT INTO meta VALUES ('version', '{VERSION}'); COMMIT;")
        _check_version(connection, library)
        if not _has_content(connection):
            connection.execute(_ADDED)
        yield connection


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """The facts about the library itself, by name."""
    return dict(connection.execute("SELECT key, value FROM meta"))


def write_meta(connection: sqlite3.Connection, **values: str) -> None:
    """Set facts about the library, as part of the running transaction."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def looks_tiled(connection: sqlite3.Connection) -> bool:
    """Whether this library embeds enough crop windows to cover most of each frame (`Inputs.look`), or the centre alone.

    That belongs to the library, because vectors of the centre and of the whole frame do not compare well. A library
    without clips uses tiles; one of an earlier version goes on with the centre until its videos are embedded anew.
    """
    with connection:
        connection.execute(_SEEN)
        look = read_meta(connection).get(_LOOK, "crop")  # not recorded by earlier versions
        if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
            look = "tiles"
        write_meta(connection, **{_LOOK: look})
    return look == "tiles"


def note_seen(connection: sqlite3.Connection, file: int, share: float | None) -> None:
    """Record the share of a file's frames that its vectors cover, as part of the running transaction."""
    connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (file, share))


def shares_seen(connection: sqlite3.Connection) -> dict[int, float | None]:
    """The share of their frames that the vectors of files cover, 0..1, by file, for the files where it is recorded."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'seen'").fetchone():
        return {}
    return dict(connection.execute("SELECT file, share FROM seen"))


def to_column(path: str) -> str | bytes:
    """A file name as a column value. Names with undecodable bytes are stored as bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def from_column(value: str | bytes) -> str:
    """The inverse of `to_column`."""
    return os.fsdecode(value)


def _has_content(connection: sqlite3.Connection) -> bool:
    return any(name == "video" for _, name, *_ in connection.execute("PRAGMA table_info(files)"))


def _open_to_read(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        if os.access(file.parent, os.W_OK):
            raise
        # On a read-only medium the log's own files cannot be created; nobody else writes there either.
        connection.close()
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    return connection


def _check_version(connection: sqlite3.Connection, library: Path) -> None:
    found = read_meta(connection).get("version")
    if found != VERSION:
        raise LibraryError(
            f"{library} is a library of version {found}, but this program reads version {VERSION}: make another one "
            "with hdvila index FOLDER --library OTHER --model MODEL"
        )


@contextmanager
def _explained(library: Path) -> Iterator[None]:
    """Raise SQLite's errors as LibraryError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", "")
        hint = (
            ": is the disk full, or the folder read-only?"
            if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY"))
            else ""
        )
        raise LibraryError(f"{library}: the library cannot be used: {error}{hint}") from error
    except sqlite3.DatabaseError as error:
        raise LibraryError(
            f"{library}: the library is damaged ({error}): delete that folder and make it again with "
            f"hdvila index FOLDER --library {library} --model MODEL"
        ) from error

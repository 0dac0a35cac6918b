"""How much of a picture a library's vectors show. That belongs to the library: vectors of a part and of the whole do
not compare well, so a library that began with the middle goes on with it until its videos are embedded anew.
"""

from __future__ import annotations

import sqlite3

from hdvila.search.database import read_meta, write_meta

__all__ = ["looks_tiled", "note_seen", "shares_seen"]

_LOOK = "look"
_SEEN = "CREATE TABLE IF NOT EXISTS seen (file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE, share REAL)"


def looks_tiled(connection: sqlite3.Connection) -> bool:
    """Whether this library looks at videos through as many windows as show most of them (`Preprocess.look`), as one
    does that has no clips yet; or, as one of an earlier program, through the one in the middle."""
    with connection:
        connection.execute(_SEEN)
        look = read_meta(connection).get(_LOOK, "crop")  # libraries of an earlier program do not say it
        if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
            look = "tiles"
        write_meta(connection, **{_LOOK: look})
    return look == "tiles"


def note_seen(connection: sqlite3.Connection, file: int, share: float | None) -> None:
    """Write down how much of a file's pictures its vectors show, as part of the running transaction."""
    connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (file, share))


def shares_seen(connection: sqlite3.Connection) -> dict[int, float | None]:
    """How much of their pictures the vectors of files show, 0..1, by file; of those of which it was written down."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'seen'").fetchone():
        return {}
    return dict(connection.execute("SELECT file, share FROM seen"))

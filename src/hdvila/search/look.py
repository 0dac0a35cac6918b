"""How much of a picture a library's vectors show. That belongs to the library: vectors of crops and of whole pictures
cannot be compared, so a library that began with crops goes on with them until its videos are embedded anew.
"""

from __future__ import annotations

import sqlite3

from hdvila.media.preprocess import Preprocess
from hdvila.search.database import read_meta, write_meta

__all__ = ["look_of", "note_seen", "shares_seen"]

_LOOK = "look"
_SEEN = "CREATE TABLE IF NOT EXISTS seen (file INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE, share REAL)"


def look_of(connection: sqlite3.Connection, preprocess: Preprocess) -> Preprocess:
    """How this library looks at videos with a model of that preprocessing: as it always did; one without clips, so that
    most of any picture is seen (`Preprocess.to_look`)."""
    with connection:
        connection.execute(_SEEN)
        look = read_meta(connection).get(_LOOK, "crop")  # libraries of the first programs do not say it
        if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
            look = "most"
        write_meta(connection, **{_LOOK: look})
    return preprocess.to_look() if look == "most" else preprocess


def note_seen(connection: sqlite3.Connection, file: int, share: float | None) -> None:
    """Write down how much of a file's pictures its vectors show, as part of the running transaction."""
    connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (file, share))


def shares_seen(connection: sqlite3.Connection) -> dict[int, float | None]:
    """How much of their pictures the vectors of files show, 0..1, by file; of those of which it was written down."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'seen'").fetchone():
        return {}
    return dict(connection.execute("SELECT file, share FROM seen"))

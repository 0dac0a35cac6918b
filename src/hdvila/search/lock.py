"""One writer at a time: a lock that the operating system gives back when its holder dies, however it dies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hdvila.errors import LibraryError

__all__ = ["only_writer"]


@contextmanager
def only_writer(library: Path) -> Iterator[None]:
    """Hold the library's lock during the block. Readers are not kept out.

    The lock is SQLite's own, on an empty database beside the library's: the same on every system.

    Raises:
        LibraryError: another process holds it.
    """
    library.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(library / "indexing.lock", timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "") != "SQLITE_BUSY":
                raise LibraryError(f"{library}: the library cannot be written: {error}") from error
            raise LibraryError(
                f"{library}: another process is indexing into this library: wait until it is done, or stop it "
                "(searching works meanwhile)"
            ) from error
        yield

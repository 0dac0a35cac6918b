"""Videos or images in an LMDB, as the released code of ClipBERT packs them: file name without ending -> its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hdvila.errors import HdvilaError, UsageError, one_line, require

__all__ = ["PackedFiles", "is_packed", "unpacked"]


class PackedFiles:
    """The files in an LMDB, by name; the path of one is its name behind the folder of the LMDB.

    A name is looked up as it is, then without the "v_" that ActivityNet puts before ids.

    Raises:
        MissingDependency: the package lmdb is not installed.
        UsageError: the LMDB cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with _opened(folder).begin() as reading:
            self._count: int = reading.stat()["entries"]
            cursor = reading.cursor()
            self._first = cursor.key().decode(errors="replace") if cursor.first() else ""

    def __len__(self) -> int:
        return self._count

    @property
    def first(self) -> str:
        """The name of the first file."""
        return self._first

    def find(self, stem: str) -> Path | None:
        """The path of the file called `stem`."""
        with _opened(self.folder).begin(buffers=True) as reading:
            names = (stem, stem.removeprefix("v_"))
            found = next((name for name in names if reading.get(name.encode()) is not None), None)
        return None if found is None else self.folder / found


def is_packed(folder: Path) -> bool:
    """Whether a folder is an LMDB."""
    return (folder / "data.mdb").is_file()


@contextmanager
def unpacked(path: Path, scratch: Path) -> Iterator[Path]:
    """The path itself, or where it leads into an LMDB, `scratch` with the bytes of the file; it is removed at the end.

    Errors of this package that are raised meanwhile name the path instead of `scratch`.

    Raises:
        OSError: `scratch` cannot be written.
    """
    if not is_packed(path.parent):
        yield path
        return
    try:
        with _opened(path.parent).begin(buffers=True) as reading:
            scratch.write_bytes(reading.get(path.name.encode()))
        yield scratch
    except HdvilaError as error:
        error.args = tuple(str(part).replace(str(scratch), str(path)) for part in error.args)
        raise
    finally:
        scratch.unlink(missing_ok=True)


def _opened(folder: Path) -> Any:
    return _open(folder.resolve(), os.getpid())


@cache
def _open(folder: Path, process: int) -> Any:
    """An LMDB is opened once in a process, and anew in each."""
    lmdb = require("lmdb", extra="lmdb")
    try:
        return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, create=False)
    except lmdb.Error as error:
        raise UsageError(f"{folder}: cannot be read as an LMDB ({one_line(error)}); fetch it again") from error

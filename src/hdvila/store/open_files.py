"""Files that stay open from read to read, shared by all threads of a process."""

from __future__ import annotations

import errno
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import WeakSet


@dataclass(slots=True, eq=False)
class _File:
    """A file of the table: who uses it at the moment, and its descriptor once the first of them has opened it."""

    users: int = 0
    descriptor: int | None = None
    opening: Any = field(default_factory=Lock)


class OpenFiles:
    """Descriptors to read from at given positions (`os.pread`), at most `limit` of them.

    A descriptor is leased while it is used. Room is made by closing what nobody uses, the least recently used first;
    what is in use is never closed. So threads may share an object, and only where more than `limit` of them read
    different files at once, more are open for that long. A copy, a pickle and the worker process made from it begin
    with no file open; a forked process goes on with those of its parent.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()  # of the table and of the counts in it; nobody waits for a disk while holding it
        self._files: OrderedDict[str, _File] = OrderedDict()
        _TABLES.add(self)

    def __reduce__(self) -> tuple[type[OpenFiles], tuple[int]]:
        return OpenFiles, (self._limit,)

    def __del__(self) -> None:
        for file in getattr(self, "_files", {}).values():
            if file.descriptor is not None:
                os.close(file.descriptor)

    @contextmanager
    def lease(self, path: str) -> Iterator[int]:
        """A descriptor of the file, open until the ``with`` block ends.

        Raises:
            OSError: it cannot be opened.
        """
        with self._lock:
            if path not in self._files:
                self._close_idle(self._limit - 1)
                self._files[path] = _File()
            file = self._files[path]
            file.users += 1
            self._files.move_to_end(path)
        try:
            with file.opening:
                if file.descriptor is None:
                    file.descriptor = self._open(path)
            yield file.descriptor
        finally:
            with self._lock:
                file.users -= 1
                if file.descriptor is None and not file.users:
                    del self._files[path]
                self._close_idle(self._limit)

    def _open(self, path: str) -> int:
        try:
            return os.open(path, os.O_RDONLY)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
        with self._lock:  # the process may have fewer files open than `limit`
            self._close_idle(0)
        return os.open(path, os.O_RDONLY)

    def _close_idle(self, keep: int) -> None:
        """Close what nobody uses until `keep` files are left in the table; its lock is held."""
        if len(self._files) <= keep:
            return
        for path in [path for path, file in self._files.items() if not file.users][: len(self._files) - keep]:
            descriptor = self._files.pop(path).descriptor
            assert descriptor is not None, "a file without users is open"
            os.close(descriptor)

    def _forked(self) -> None:
        """In a new process no other thread exists: nobody uses a file or holds a lock."""
        self._lock = Lock()
        for path, file in list(self._files.items()):
            file.users, file.opening = 0, Lock()
            if file.descriptor is None:
                del self._files[path]


_TABLES: WeakSet[OpenFiles] = WeakSet()


def _forked() -> None:
    for table in list(_TABLES):
        table._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)

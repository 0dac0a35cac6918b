"""Where a corpus lies: a folder of this machine, or anything that fsspec can reach and read in part (s3, http, ...)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from hdvila.errors import StoreError, one_line, require
from hdvila.store.open_files import OpenFiles

ByteRange = tuple[int, int]
"""(offset, length) in bytes."""

_OPEN_SHARDS = 128
_NEAR = 4096  # bytes between two spans that a disk reads faster than it is asked twice
_SPARE = 65_536  # bytes fetched beside the spans from afar to ask less often, or, if that is more,
_SPARE_SHARE = 0.1  # this share of theirs


class Place(Protocol):
    """Reads the files of a corpus, for any number of threads at once. Can be copied, pickled and forked.

    Attributes:
        readers: how many threads should read at once so that waiting for one does not keep the others.
        kept: of how many shards the index stays at hand.
    """

    readers: int
    kept: int

    def file(self, name: str) -> Any:
        """An Arrow buffer with the content of a file, which is mapped where that can be done; None: it is not there.

        Raises:
            StoreError: the place cannot be reached.
        """

    def spans(self, file: str, spans: Sequence[ByteRange]) -> list[bytes]:
        """The bytes of a file at each span; spans that lie near each other are read as one."""

    def where(self, name: str) -> str:
        """A file of the corpus as a person would name it."""


def place_of(root: str | os.PathLike[str]) -> Place:
    """The folder or, where `root` begins with a protocol such as ``s3://``, the remote place.

    Raises:
        MissingDependency: a remote place needs a package that is not installed.
    """
    return Remote(root) if isinstance(root, str) and "://" in root else Folder(Path(root))


class Folder:
    """A folder on this machine."""

    readers = 1
    kept = 128

    def __init__(self, root: Path) -> None:
        self.root = root
        self._shards = OpenFiles(_OPEN_SHARDS)

    def file(self, name: str) -> Any:
        path = self.root / name
        try:
            if not path.stat().st_size:  # which cannot be mapped
                return pa.py_buffer(b"")
            with pa.memory_map(str(path)) as mapped:  # what is mapped needs no descriptor
                return mapped.read_buffer()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{path}: cannot be read ({error})") from error

    def spans(self, file: str, spans: Sequence[ByteRange]) -> list[bytes]:
        stretches = joined(spans, _NEAR)
        with self._shards.lease(self.where(file)) as descriptor:
            data = [os.pread(descriptor, length, offset) for offset, length in stretches]
        return _parts(spans, stretches, data)

    def where(self, name: str) -> str:
        return str(self.root / name)


class Remote:
    """A corpus behind a url. Its manifest must be complete, as it is when its writer has ended."""

    readers = 16
    kept = 256

    def __init__(self, url: str) -> None:
        require("fsspec", extra="remote")
        self._url = url.rstrip("/")
        self._system: tuple[int, Any, str] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_system": None}

    def file(self, name: str) -> Any:
        system, root = self._reach()
        try:
            return pa.py_buffer(system.cat_file(f"{root}/{name}"))
        except FileNotFoundError:
            return None
        except Exception as error:  # each protocol has its own, of which fsspec makes no one kind
            raise StoreError(f"{self._url}: cannot be reached ({one_line(error)}); check address and access") from error

    def spans(self, file: str, spans: Sequence[ByteRange]) -> list[bytes]:
        system, root = self._reach()
        path, stretches = f"{root}/{file}", joined(spans, 0, _SPARE, _SPARE_SHARE)
        starts, ends = [offset for offset, _ in stretches], [offset + length for offset, length in stretches]
        try:
            data = system.cat_ranges([path] * len(stretches), starts, ends, on_error="raise")
        except Exception as error:
            raise OSError(one_line(error)) from error
        for (_, length), part in zip(stretches, data, strict=True):
            if len(part) > length:
                raise OSError("the server sends whole files where parts are asked for; it must support byte ranges")
        return _parts(spans, stretches, data)

    def where(self, name: str) -> str:
        return f"{self._url}/{name}"

    def _reach(self) -> tuple[Any, str]:
        """The file system, anew in a process that was forked: its connections belong to one process."""
        if self._system is None or self._system[0] != os.getpid():
            core = require("fsspec.core", extra="remote")
            try:
                system, root = core.url_to_fs(self._url)
            except ImportError as error:
                require(str(error).split()[-1] or "fsspec", extra="remote")
                raise
            except ValueError as error:
                raise StoreError(f"{self._url}: {error}; name a folder, or an s3:// or http(s):// address") from error
            self._system = os.getpid(), system, root
        return self._system[1], self._system[2]


def joined(spans: Sequence[ByteRange], gap: int, spare: int = 0, share: float = 0.0) -> list[ByteRange]:
    """The fewest stretches that hold all spans, in order.

    Args:
        gap: spans are joined where at most so many bytes lie between them.
        spare, share: beyond that the narrowest gaps are read too, as long as these hold `spare` bytes in all or, if
            more, this share of what the spans hold. Requests go out together, so that another one costs little, and
            bytes that nobody asked for cost what others do.
    """
    stretches = _joined(spans, lambda _, between: between <= gap)
    budget = max(spare, share * sum(length for _, length in stretches))
    gaps = [after[0] - sum(before) for before, after in pairwise(stretches)]
    narrow = set()
    for at in sorted(range(len(gaps)), key=gaps.__getitem__):
        budget -= gaps[at]
        if budget < 0:
            break
        narrow.add(stretches[at + 1][0])
    return _joined(stretches, lambda offset, _: offset in narrow)


def _joined(spans: Sequence[ByteRange], join: Callable[[int, int], bool]) -> list[ByteRange]:
    """Join each span with those before it that reach it, or where `join` of its offset and the gap says so."""
    stretches: list[ByteRange] = []
    for offset, length in sorted(spans):
        if stretches and ((between := offset - sum(stretches[-1])) <= 0 or join(offset, between)):
            first, so_far = stretches[-1]
            stretches[-1] = first, max(so_far, offset + length - first)
        else:
            stretches.append((offset, length))
    return stretches


def _parts(spans: Sequence[ByteRange], stretches: Sequence[ByteRange], data: Sequence[bytes]) -> list[bytes]:
    """Cut the spans out of the stretches that were read."""
    parts = []
    for offset, length in spans:
        (first, _), block = next(
            found for found in zip(stretches, data, strict=True) if found[0][0] <= offset < sum(found[0]) or not length
        )
        part = block[offset - first : offset - first + length]
        if len(part) != length:
            raise OSError(f"the shard ends early, at {len(part)} of {length} bytes of a file in it")
        parts.append(part)
    return parts

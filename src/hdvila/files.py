"""Files that are there whole or not at all, folders that one process writes to at a time, and disks that are full."""

from __future__ import annotations

import errno
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hdvila.errors import HdvilaError, UsageError, reason_of

__all__ = ["exclusive", "files_below", "is_full_disk", "is_gone", "make_room_for", "replacing", "sync_folder"]

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_ROOM_WORDS = ("no space left on device", "disk quota exceeded", "database or disk is full", "file too large")


@contextmanager
def replacing(target: Path, *, sync: bool = False, kind: type[HdvilaError] | None = None) -> Iterator[Path]:
    """A path beside `target`, with its ending, to write to: it takes the place of `target`, or after an error is gone.

    A process that is killed leaves a hidden file with ``.part`` in its name.

    Args:
        target: the file to make or replace; its folder is there.
        sync: force bytes and name to the disk, for files that must outlive a loss of power.
        kind: the error to raise in place of OSError; the folder of `target` is then made as well.

    Raises:
        OSError: the file cannot be written.
    """
    if kind is not None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target, sync=sync) as partial:
                yield partial
        except Exception as error:
            if not isinstance(error, OSError) and not is_full_disk(error):
                raise
            why = reason_of(error)
            raise kind(f"{target}: cannot be written ({why}); make room or name another place") from error
        return
    key = zlib.crc32(os.fsencode(target.name))  # the name itself may have all the bytes that a name may have
    partial = target.with_name(f".{key:08x}-{os.getpid()}.part{target.suffix}")
    try:
        yield partial
        if sync:
            with partial.open("rb") as written:
                os.fsync(written.fileno())
        os.replace(partial, target)
        if sync:
            sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def make_room_for(target: Path, name: str) -> None:
    """Make the folder of a file that hours of work will end in, and find out before them whether it can be written.

    Args:
        name: what the file is called in an error, such as the option that names it.

    Raises:
        UsageError: `target` is a folder, or its own folder cannot be made or written.
    """
    if target.is_dir():
        raise UsageError(f"{name} {target}: is a folder; name a file")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise UsageError(f"{name} {target}: cannot be written ({error.strerror}); name another place") from error


def files_below(folder: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """The files of a folder and its subfolders whose names are `wanted`, in order; hidden files and folders are not.

    Raises:
        OSError: the folder cannot be read.
    """
    os.scandir(folder).close()  # os.walk passes over what cannot be read
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in names if not name.startswith(".") and wanted(name)]
    return sorted(found)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(file: Path, kind: type[HdvilaError], busy: str) -> Iterator[None]:
    """Hold the lock on `file`, which is made, during the block. It ends with the process, however that ends.

    Processes that the holder starts do not inherit it, and any thread may end the block.

    Args:
        file: the lock; its folder is made too.
        kind: the error of the room that asks.
        busy: what to tell a person while another process holds the lock.

    Raises:
        HdvilaError: of `kind`: another process holds it, or the folder cannot be made or written.
    """
    from filelock import FileLock, Timeout  # its import takes longer than that of all of this file

    lock = FileLock(file, thread_local=False, fallback_to_soft=False)  # a soft lock would outlive a killed holder
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise kind(f"{file.parent}: {busy}") from error
    except OSError as error:
        raise kind(f"{file.parent}: cannot be written ({reason_of(error)}); choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def is_gone(path: str) -> bool:
    """Whether there is certainly no such file; what cannot be looked at may be there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def is_full_disk(error: BaseException) -> bool:
    """Whether a full disk is at the bottom of an error.

    Also where a library hides that in a message of its own (safetensors, torch, SQLite, pyarrow) or, as yt-dlp does, in
    ``exc_info``.
    """
    seen: list[BaseException] = [error]
    for cause in seen:  # grows
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return True
        foreign = not isinstance(cause, HdvilaError)
        if foreign and any(words in str(cause).lower() for words in _NO_ROOM_WORDS):
            return True
        more = (cause.__cause__, *(getattr(cause, "exc_info", None) or ()))
        seen += [one for one in more if isinstance(one, BaseException) and one not in seen]
    return False

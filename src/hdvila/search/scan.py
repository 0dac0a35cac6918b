"""The videos of a folder, and a stamp that shows changes without reading the files."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hdvila.errors import UsageError, reason_of
from hdvila.media import is_video_name
from hdvila.text.sidecars import Sidecars

__all__ = ["Found", "Scan", "content_of", "roots_of", "scan"]


@dataclass(frozen=True, slots=True)
class Found:
    """A video and the subtitle files beside it, the best first. Paths are absolute."""

    path: Path
    beside: tuple[Path, ...]
    size: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of a scan: videos in order of their paths, and paths that could not be scanned, with the reason."""

    roots: tuple[Path, ...] = ()
    videos: dict[str, Found] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def covers(self, path: str) -> bool:
        """Whether `path` is one of the roots or inside of one, in a part that could be scanned."""
        place = Path(path)
        return any(map(place.is_relative_to, self.roots)) and not any(map(place.is_relative_to, self.unreadable))


def roots_of(places: Iterable[str | os.PathLike[str]], known: Iterable[str]) -> list[Path]:
    """The resolved paths of files and folders.

    Args:
        places: the files and folders to scan.
        known: paths in the library. A place that does not exist may be or hold one of them: a disk that is not mounted.

    Raises:
        UsageError: a place does not exist, and the library knows no file of it.
    """
    roots, paths = list(dict.fromkeys(map(_place, places))), [Path(path) for path in known]
    for root in roots:
        if not os.path.lexists(root) and not any(path.is_relative_to(root) for path in paths):
            raise UsageError(f"{root}: there is no such folder or file: name a video, or a folder that holds videos")
    return roots


def scan(roots: Iterable[Path]) -> Scan:
    """Scan files, and folders with their subfolders, also behind links (each once).

    In folders, videos are recognised by the ending of their name, and names that begin with a dot are skipped.

    Args:
        roots: paths from `roots_of`.
    """
    result = Scan(tuple(roots))
    found: dict[Path, tuple[Path, ...]] = {}
    for root in result.roots:
        if root.is_dir():
            found.update(_videos_below(root, result.unreadable))
        elif os.path.lexists(root):
            found[root] = Sidecars(root.parent, partial(_is_video, named=root.name)).of(root.name)
    for path, beside in sorted(found.items(), key=lambda pair: pair[0]):
        try:
            result.videos[str(path)] = _look_at(path, beside)
        except OSError as error:
            result.unreadable[str(path)] = reason_of(error)
    return result


def content_of(found: Found, words: Path | None) -> tuple[str, str]:
    """Hashes of the bytes of the video together with its subtitle file, and of the video alone.

    Raises:
        OSError: one of them cannot be read.
    """
    digest = hashlib.blake2b(_sum(found.path), digest_size=20)
    video = digest.hexdigest()
    if words is not None:
        digest.update(_sum(words))
    return digest.hexdigest(), video


def _sum(path: Path) -> bytes:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "blake2b").digest()


def _place(name: str | os.PathLike[str]) -> Path:
    """The resolved path of a folder; for a file, its own name in the resolved path of its folder."""
    path = Path(name)
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _videos_below(root: Path, unreadable: dict[str, str]) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    def note(error: OSError) -> None:
        unreadable[str(error.filename)] = reason_of(error)

    seen: set[str] = set()
    for folder, folders, names in os.walk(root, onerror=note, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        videos = [name for name in names if not name.startswith(".") and _is_video(name)]
        if videos:
            beside = Sidecars(Path(folder), _is_video)
            yield from ((Path(folder, name), beside.of(name)) for name in videos)


def _is_video(name: str, named: str = "") -> bool:
    """Whether a file is a video by its name, or is the one called `named`."""
    return name == named or is_video_name(name)


def _look_at(path: Path, beside: tuple[Path, ...]) -> Found:
    facts = [(file.name, file.stat()) for file in (path, *beside) if file == path or file.exists()]
    for name, fact in facts:
        if not stat.S_ISREG(fact.st_mode):  # reading a pipe would hang
            raise OSError(f"{name} is not a regular file: replace it by a copy of the file, or remove it")
    stamp = repr([(name, fact.st_size, fact.st_mtime_ns) for name, fact in facts])
    return Found(path, beside, facts[0][1].st_size, stamp)

"""Which videos a folder holds, and a stamp by which a change is seen without reading them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hdvila.errors import UsageError
from hdvila.text.transcript import SUFFIXES as SUBTITLE_SUFFIXES

__all__ = ["Found", "Scan", "content_digest", "folder_of_videos", "scan"]

# fmt: off
SUFFIXES = frozenset((
    ".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf",
    ".ogv", ".ts", ".vob", ".webm", ".wmv",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Found:
    """A video and the files beside it that may hold its subtitles. Paths are absolute."""

    path: Path
    subtitles: tuple[Path, ...]
    size: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds: videos in order of their paths, and what could not be looked at, with the reason."""

    root: Path
    videos: dict[str, Found] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def covers(self, path: str) -> bool:
        """Whether `path` lies in this folder, in a part of it that could be looked at."""
        return Path(path).is_relative_to(self.root) and not any(
            Path(path).is_relative_to(bad) for bad in self.unreadable
        )


def folder_of_videos(folder: str | os.PathLike[str]) -> Path:
    """The folder by its one true path, however it was named.

    Raises:
        UsageError: there is no such folder.
    """
    path = Path(folder)
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "there is no such folder"
        raise UsageError(f"{folder}: {what}: name the folder that holds the videos")
    return path.resolve()


def scan(root: Path) -> Scan:
    """Look through a folder and all folders in it, those behind links too (each once).

    Videos are known by the ending of their name. Names that begin with a dot are left out.
    """
    result = Scan(root)
    for path, subtitles in sorted(_videos_below(result)):
        try:
            result.videos[str(path)] = _look_at(path, subtitles)
        except OSError as error:
            result.unreadable[str(path)] = error.strerror or str(error)
    return result


def content_digest(found: Found) -> str:
    """A hash of the bytes of the video and of the files that may hold its subtitles.

    Raises:
        OSError: one of them cannot be read.
    """
    digest = hashlib.blake2b(digest_size=20)
    for path in (found.path, *found.subtitles):
        with open(path, "rb") as stream:
            digest.update(path.suffix.encode("utf-8", "replace"))
            digest.update(hashlib.file_digest(stream, "blake2b").digest())
    return digest.hexdigest()


def _videos_below(result: Scan) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    def note(error: OSError) -> None:
        result.unreadable[str(error.filename)] = error.strerror or str(error)

    seen: set[str] = set()
    for folder, folders, names in os.walk(result.root, onerror=note, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        texts = sorted(name for name in names if _suffix(name) in SUBTITLE_SUFFIXES)
        for name in names:
            if not name.startswith(".") and _suffix(name) in SUFFIXES:
                stem = os.path.splitext(name)[0]
                yield Path(folder, name), tuple(Path(folder, text) for text in texts if text.startswith(stem))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _look_at(path: Path, subtitles: tuple[Path, ...]) -> Found:
    facts = [(file.name, file.stat()) for file in (path, *subtitles)]
    stamp = repr([(name, fact.st_size, fact.st_mtime_ns) for name, fact in facts])
    return Found(path, subtitles, facts[0][1].st_size, stamp)

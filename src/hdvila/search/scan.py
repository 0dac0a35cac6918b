"""Which videos a folder holds, and a stamp by which a change is seen without reading them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hdvila.errors import UsageError, reason_of
from hdvila.text.sidecars import SUFFIXES as SUBTITLES
from hdvila.text.sidecars import find_sidecar

__all__ = ["Found", "Scan", "content_digest", "folder_of_videos", "scan"]

# fmt: off
SUFFIXES = frozenset((
    ".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf",
    ".ogv", ".ts", ".vob", ".webm", ".wmv",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Found:
    """A video and the subtitle file beside it. Paths are absolute."""

    path: Path
    transcript: Path | None
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
    for path, transcript in sorted(_videos_below(result), key=lambda pair: pair[0]):
        try:
            result.videos[str(path)] = _look_at(path, transcript)
        except OSError as error:
            result.unreadable[str(path)] = reason_of(error)
    return result


def content_digest(found: Found) -> str:
    """A hash of the bytes of the video and of its subtitle file.

    Raises:
        OSError: one of them cannot be read.
    """
    digest = hashlib.blake2b(digest_size=20)
    for path in (found.path, found.transcript):
        if path is not None:
            with open(path, "rb") as stream:
                digest.update(hashlib.file_digest(stream, "blake2b").digest())
    return digest.hexdigest()


def _videos_below(result: Scan) -> Iterator[tuple[Path, Path | None]]:
    def note(error: OSError) -> None:
        result.unreadable[str(error.filename)] = reason_of(error)

    seen: set[str] = set()
    for folder, folders, names in os.walk(result.root, onerror=note, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        subtitles = _by_stem(name for name in names if _suffix(name) in SUBTITLES)
        for name in names:
            if not name.startswith(".") and _suffix(name) in SUFFIXES:
                path = Path(folder, name)
                yield path, find_sidecar(path, subtitles[path.stem])


def _by_stem(names: Iterable[str]) -> defaultdict[str, list[str]]:
    """Subtitle files by the stem of the video they may belong to: ``talk.en.vtt`` under ``talk.en`` and ``talk``."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        stem = os.path.splitext(name)[0]
        for key in {stem, os.path.splitext(stem)[0]}:
            found[key].append(name)
    return found


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _look_at(path: Path, transcript: Path | None) -> Found:
    facts = [(file.name, file.stat()) for file in (path, transcript) if file is not None]
    for name, fact in facts:
        if not stat.S_ISREG(fact.st_mode):  # reading a pipe would wait for ever
            raise OSError(f"{name} is no regular file: put a copy of the file there, or take it away")
    stamp = repr([(name, fact.st_size, fact.st_mtime_ns) for name, fact in facts])
    return Found(path, transcript, facts[0][1].st_size, stamp)

"""Step one: which videos there are, and where their words stand."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hdvila.corpus.failures import Failure
from hdvila.corpus.manifest import ATTRIBUTES, read_manifest
from hdvila.errors import UsageError
from hdvila.text import find_sidecar

VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .mts .m2ts .flv .wmv .3gp .ogv .vob .mxf".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """A video to be cut: its id, its file, its subtitles (None: look inside it), and what the manifest says."""

    video_id: str
    path: Path
    transcript: Path | None
    attributes: dict[str, str] = field(default_factory=dict)


def collect(source: str | os.PathLike[str]) -> tuple[list[SourceVideo], list[Failure]]:
    """List the videos of a folder (and the folders in it) or of a manifest (CSV or JSONL), in the order of their ids.

    The id of a video in a folder is its path below the folder without the ending, or with it where two would be the
    same. Hidden files are not looked at. Subtitles stand beside a video under the same stem, or inside it.

    Raises:
        UsageError: there is no such folder or file, or the manifest cannot be read.
    """
    root = Path(source)
    if root.is_dir():
        return _from_folder(root), []
    if root.is_file():
        return _from_manifest(root)
    raise UsageError(f"{source}: there is no such folder or manifest; name a folder of videos, a .csv or a .jsonl")


def _from_folder(root: Path) -> list[SourceVideo]:
    found = list(_walk(root))
    bare = Counter(_shown(file.relative_to(root).with_suffix("")) for file, _ in found)
    videos = []
    for file, names in found:
        inside = file.relative_to(root)
        video_id = _shown(inside.with_suffix(""))
        videos.append(SourceVideo(video_id if bare[video_id] == 1 else _shown(inside), file, find_sidecar(file, names)))
    return sorted(videos, key=lambda video: video.video_id)


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every video file below `root`, with the names of all files in its folder."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES:
                yield Path(folder, name), names


def _from_manifest(manifest: Path) -> tuple[list[SourceVideo], list[Failure]]:
    videos: dict[str, SourceVideo] = {}
    failures = []
    for row in read_manifest(manifest):
        video_id = row["id"]
        if video_id in videos:
            failures.append(Failure(video_id, "collect", "the manifest has this id twice; the first row counts"))
        elif "path" not in row:
            why = f"only a url is given ({row['url']}); fetch it first" if row.get("url") else "has no path"
            failures.append(Failure(video_id, "collect", why))
        else:
            path = manifest.parent / row["path"]
            words = manifest.parent / row["transcript"] if "transcript" in row else None
            if words is None and path.parent.is_dir():
                words = find_sidecar(path)
            attributes = {name: row[name] for name in ATTRIBUTES if name in row}
            videos[video_id] = SourceVideo(video_id, path, words, attributes)
    return sorted(videos.values(), key=lambda video: video.video_id), failures


def _shown(path: Path) -> str:
    """A path as text that can be stored: forward slashes, and escapes for bytes that are no UTF-8."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

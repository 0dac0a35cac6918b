"""Listing the videos of a folder or manifest, with the files of their words."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hdvila.corpus.failures import Failure
from hdvila.corpus.sources.file_names import safe_name
from hdvila.corpus.sources.hd_vila_100m import GivenClip, as_listed, read_clips
from hdvila.corpus.sources.manifest import ATTRIBUTES, read_manifest, write_manifest
from hdvila.corpus.sources.video import SourceVideo, as_text, info_of
from hdvila.errors import UsageError
from hdvila.media import is_video_name
from hdvila.text import Sidecars


def collect(
    source: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    downloads: str | os.PathLike[str] | None = None,
    language: str | None = None,
) -> tuple[list[SourceVideo], list[Failure]]:
    """List the videos of a folder and its subfolders, or of a manifest, in the order of their ids; or one video.

    The id of a video in a folder is its path relative to the folder without the ending, or with it where two ids would
    be equal. Hidden files are skipped. Links to files are followed wherever they lead; links to folders are not.
    Subtitles are beside a video (see `hdvila.text.Sidecars`) or inside it.

    Args:
        source: a folder, a video, or a manifest (see `hdvila.corpus.sources.manifest`).
        root: the folder of the videos of a manifest, if not its own. Paths and links that lead out of it are refused. A
            row of HD-VILA-100M's list has no path: its file is ``<root>/<video_id>.<any ending>``.
        downloads: the folder of videos with only a url, present or yet to be fetched; None: they are left out.
        language: of the wanted words, if a video has several files of subtitles.

    Raises:
        UsageError: the folder or file does not exist, or the manifest cannot be read.
    """
    file = Path(source)
    if file.is_dir():
        return _from_folder(file, language)
    if file.is_file() and is_video_name(file.name):
        beside = Sidecars(file.parent, is_video_name)
        name = _shown(Path(file.stem))
        return [SourceVideo.with_found(name, file, beside, language, root=file.parent)], []
    if file.is_file():
        below = file.parent if root is None else Path(root)
        return _from_manifest(file, _Places(below, None if downloads is None else Path(downloads)), language)
    raise UsageError(f"{source}: there is no such folder or manifest; name a folder of videos or a list of them")


def write_videos(target: Path, videos: Iterable[SourceVideo], root: Path) -> None:
    """Write a manifest that `collect` with the same `root` reads as the same videos.

    Raises:
        UsageError: the kind of file is unknown.
        StoreError: it cannot be written.
    """
    rows: list[dict[str, Any]] = []
    for video in videos:
        row: dict[str, Any] = {"id": video.video_id}
        if not (path := _relative(video.path, root)).startswith("../") or "url" not in video.attributes:
            row["path"] = path
        if video.transcript is not None:
            row["transcript"] = _relative(video.transcript, root)
        row |= {name: value for name, value in video.attributes.items() if name in ATTRIBUTES}
        if video.duration is not None:
            row["duration"] = video.duration
        if video.clips is not None:
            row["clip"] = as_listed(video.clips)
        rows.append(row)
    write_manifest(target, rows)


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _from_folder(root: Path, language: str | None) -> tuple[list[SourceVideo], list[Failure]]:
    found = list(_walk(root))
    bare = Counter(_shown(file.relative_to(root).with_suffix("")) for file, _ in found)
    videos, failures = [], []
    for file, beside in found:
        inside = file.relative_to(root)
        stem = _shown(inside.with_suffix(""))
        video_id = stem if bare[stem] == 1 else _shown(inside)
        try:
            _check_kind(file)
            videos.append(SourceVideo.with_found(video_id, file, beside, language, root=root))
        except ValueError as error:
            failures.append(_failure(video_id, error))
    return sorted(videos, key=lambda video: video.video_id), failures


class _Unusable(ValueError):
    """A row or a file that gives no video."""

    def __init__(self, why: str, kind: str) -> None:
        super().__init__(why)
        self.kind = kind


def _failure(video_id: str, error: ValueError) -> Failure:
    return Failure(video_id, "collect", str(error), error.kind if isinstance(error, _Unusable) else "")


def _check_kind(file: Path) -> None:
    """Raises ValueError for a pipe or a device, which would block its reader. A missing file is reported later."""
    if file.exists() and not file.is_file():
        why = "is not a regular file"
        raise _Unusable(f"{as_text(file.name)} {why}; put a copy of the video there", why)


def _walk(root: Path) -> Iterator[tuple[Path, Sidecars]]:
    """Every video file below `root`, with the subtitles of its folder. A GIF beside a video of its name is skipped: it
    is a preview."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        videos = [name for name in names if not name.startswith(".") and is_video_name(name)]
        stems = {Path(name).stem for name in videos if not _is_gif(name)}
        videos = [name for name in videos if not _is_gif(name) or Path(name).stem not in stems]
        if videos:
            beside = Sidecars(Path(folder), is_video_name)
            yield from ((Path(folder, name), beside) for name in videos)


def _is_gif(name: str) -> bool:
    return name.lower().endswith(".gif")


class _Places:
    """The folders of a manifest's files, `root` and `downloads`; each folder is listed once."""

    def __init__(self, root: Path, downloads: Path | None) -> None:
        self.root, self.downloads = root, downloads
        self._beside: dict[Path, Sidecars] = {}
        self._by_stem: dict[Path, dict[str, str]] = {}
        self._real: dict[Path, str] = {}

    def below_root(self, path: str) -> Path:
        """Raises ValueError if `path` leads out of the folder."""
        try:
            can_be = b"\0" not in os.fsencode(path)
        except UnicodeEncodeError:  # half of a character
            can_be = False
        if not can_be:
            raise _Unusable(f"{path!r} cannot be a path", "its path cannot be a path")
        file = self.root / path
        if "\\" in path and not os.path.lexists(file):  # as Windows writes it
            file = self.root / path.replace("\\", "/")
        return self.within(self.root, file)

    def within(self, folder: Path, file: Path) -> Path:
        """`file`, checked to lie in `folder` with all links followed; `folder` may be a link itself.

        Raises:
            ValueError: it lies elsewhere.
        """
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        if Path(os.path.realpath(file)).is_relative_to(self._real[folder]):
            return file
        path = os.path.relpath(file, folder)
        if Path(os.path.normpath(file)).is_relative_to(os.path.normpath(folder)):
            what = "a link leads out of the folder of the videos"
            raise _Unusable(
                f"{what} ({path!r}); put the file itself there, or name a folder that holds both (--root)", what
            )
        what = "its path leads out of the folder of the videos"
        raise _Unusable(f"{what} ({path!r}); name another folder (--root)", what)

    def beside(self, folder: Path) -> Sidecars:
        if folder not in self._beside:
            self._beside[folder] = Sidecars(folder, is_video_name)
        return self._beside[folder]

    def video_called(self, folder: Path, stem: str) -> Path | None:
        """The video in `folder` with this stem, or None."""
        if folder not in self._by_stem:
            names = os.listdir(folder) if folder.is_dir() else []
            videos = sorted((name for name in names if is_video_name(name)), reverse=True)
            self._by_stem[folder] = {os.path.splitext(name)[0]: name for name in videos}
        name = self._by_stem[folder].get(stem)
        return None if name is None else self.within(folder, folder / name)

    def video(self, row: dict[str, Any]) -> Path:
        """Raises ValueError if the row names no file that may be read."""
        if "path" in row:
            return self.below_root(row["path"])
        found = self.video_called(self.root, row["id"])
        if found is None and self.downloads is not None and "url" in row:
            stem = safe_name(row["id"])
            found = self.video_called(self.downloads, stem) or self.downloads / stem
        if found is None:
            if "url" not in row:
                raise ValueError("has no path")
            raise _Unusable(f"only a url is given ({row['url']}); fetch it first", "only a url is given")
        return found


def _from_manifest(manifest: Path, places: _Places, language: str | None) -> tuple[list[SourceVideo], list[Failure]]:
    videos: dict[str, SourceVideo] = {}
    failures = []
    for row in read_manifest(manifest):
        try:
            if "wrong" in row:
                raise _Unusable(row["wrong"], "a row cannot be read")
            if row["id"] in videos:
                raise ValueError("the manifest has this id twice; the first row counts")
            videos[row["id"]] = _video_of(row, places, language)
        except ValueError as error:
            failures.append(_failure(row["id"], error))
    return sorted(videos.values(), key=lambda video: video.video_id), failures


def _video_of(row: dict[str, Any], places: _Places, language: str | None) -> SourceVideo:
    path = places.video(row)
    _check_kind(path)
    folder = places.root if path.is_relative_to(places.root) else places.downloads
    more = {
        "attributes": {name: row[name] for name in ATTRIBUTES if name in row},
        "duration": row.get("duration"),
        "root": folder,
    }
    if "clip" in row:
        more["clips"], more["refused_clips"] = _clips_of(row)
    video = SourceVideo.with_found(row["id"], path, places.beside(path.parent), language, **more)
    if "transcript" in row:
        video = video.by(places.below_root(row["transcript"]))
    for beside in (video.transcript, *video.others, info_of(path)):
        if beside is not None and folder is not None:
            places.within(folder, beside)
    return video


def _clips_of(row: dict[str, Any]) -> tuple[tuple[GivenClip, ...], tuple[str, ...]]:
    try:
        return read_clips(row["id"], row["clip"])
    except ValueError as error:
        raise _Unusable(str(error), "its clips cannot be read") from error


def _shown(path: Path) -> str:
    return as_text(path.as_posix())

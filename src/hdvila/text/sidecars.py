"""Match the subtitle files in a folder to its videos by name, best first. No file is opened."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from hdvila.text.languages import same_language
from hdvila.text.subtitle_names import NameInfo, parse_name, parse_name_part

SUFFIXES = (
    *(".json3", ".srv3", ".vtt", ".srt", ".sbv", ".ass", ".ssa", ".ttml", ".dfxp", ".srv2", ".srv1", ".lrc", ".xml"),
    *(".tsv", ".json"),  # from a recogniser, or something unrelated
)
"""File name suffixes of subtitles, those with the most detailed times first; ``.gz`` may follow."""

MAY_BE_METADATA = frozenset({".json", ".xml", ".tsv"})
"""Suffixes among `SUFFIXES` of files that often hold metadata about a video rather than its words."""

_FOLDERS = frozenset({"subs", "sub", "subtitles", "subtitle", "captions"})
_SEPARATORS = re.compile(r"[.\s_\-(\[]")  # between the name of the video and the rest of a file name
_MAKERS = "people", "machine", "translation"

_Rank = tuple[object, ...]


class Sidecars:
    """The subtitle files in a folder, and in ``Subs`` and ``Subs/NAME`` below it, by the video they belong to.

    A file belongs to the video whose name, with or without its suffix, it begins with, if the rest of the
    name states a language or another property of subtitles. Among several such videos the one with the
    longest name wins. Names are compared in Unicode NFC; case is ignored only if no video matches exactly.

    Args:
        folder: listed once. A folder that cannot be listed counts as empty.
        is_video: whether a file name is that of a video.
    """

    def __init__(self, folder: Path, is_video: Callable[[str], bool]) -> None:
        self._owned: dict[str, list[tuple[Path, NameInfo, int]]] = defaultdict(list)
        self._unclaimed: list[str] = []
        names, folders = _listed(folder)
        videos = [name for name in names if is_video(name)]
        self._exact = _by_name(videos, _composed)
        self._any_case = _by_name(videos, lambda name: _composed(name).casefold())
        for name in names:
            self._file(folder / name)
        for below in folders:
            if below.casefold() in _FOLDERS:
                self._subtitle_folder(folder / below, videos)

    def of(self, video: str, language: str | None = None) -> tuple[Path, ...]:
        """The subtitle files of a video in this folder, best first.

        Files without a language in their names come first, then those in `language`, then other languages.
        Files made by people come before machine transcripts, those before machine translations, and forced
        subtitles come last.

        Args:
            video: the name of the video in the folder.
            language: the wanted language. None prefers English, but never a translation to an original.
        """
        return tuple(entry[0] for entry in sorted(self._owned[video], key=lambda entry: _rank(entry, language)))

    def unclaimed(self, video: str) -> list[str]:
        """Unused subtitle files, whose names begin like the video's but continue in an unknown way."""
        stem = _composed(os.path.splitext(video)[0]).casefold()
        return [name for name in self._unclaimed if _composed(name).casefold().startswith(stem)]

    def _file(self, file: Path) -> None:
        """Assign a file to the videos that its name begins with."""
        stem = _stem(file.name)
        if stem is None or file.name.startswith("."):
            return
        for end in [len(stem), *(found.start() for found in reversed(list(_SEPARATORS.finditer(stem))))]:
            for spelled, owners in enumerate(self._owners(stem[:end])):
                if owners:
                    info = parse_name_part(stem[end:])
                    if info is not None:
                        for owner in owners:
                            self._owned[owner].append((file, info, spelled))
                    elif subtitle_suffix(file.name) not in MAY_BE_METADATA:
                        self._unclaimed.append(file.name)
                    return

    def _owners(self, name: str) -> tuple[Collection[str], Collection[str]]:
        """Videos with exactly this name, and those whose name differs only in case."""
        composed = _composed(name)
        return self._exact.get(composed, ()), self._any_case.get(composed.casefold(), ())

    def _subtitle_folder(self, folder: Path, videos: list[str]) -> None:
        """Assign the files of ``Subs`` by file or folder name; all of them if there is only one video."""
        names, folders = _listed(folder)
        for name in names:
            if len(videos) == 1:
                self._of_video(folder / name, videos)
            else:
                self._file(folder / name)
        for below in folders:
            for owners in self._owners(below):
                if owners:
                    for name in _listed(folder / below)[0]:
                        self._of_video(folder / below / name, owners)
                    break

    def _of_video(self, file: Path, owners: Iterable[str]) -> None:
        stem = _stem(file.name)
        if stem is None or file.name.startswith("."):
            return
        for owner in owners:
            own = _composed(os.path.splitext(owner)[0])
            rest = stem.removeprefix(own) if stem.startswith(own) else stem
            self._owned[owner].append((file, parse_name(rest), 0))


def subtitle_suffix(name: str) -> str | None:
    """The suffix of a subtitle file's name, in lower case and without ``.gz``; None for other files."""
    plain = name.lower().removesuffix(".gz")
    suffix = os.path.splitext(plain)[1]
    return suffix if suffix in SUFFIXES else None


def _stem(name: str) -> str | None:
    """The name without its suffix, in NFC; None if it is not a subtitle file."""
    suffix = subtitle_suffix(name)
    if suffix is None:
        return None
    packed = len(".gz") if name.lower().endswith(".gz") else 0
    return _composed(name[: len(name) - packed - len(suffix)])


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """The sorted names of the files and of the folders in a folder."""
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                (folders if entry.is_dir() else files).append(entry.name)
    except OSError:
        return [], []
    return sorted(files), sorted(folders)


def _by_name(videos: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    """Videos by name, with and without suffix."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in videos:
        for called in (name, os.path.splitext(name)[0]):
            found[key(called)].append(name)
    return dict(found)


def _rank(entry: tuple[Path, NameInfo, int], wanted: str | None) -> _Rank:
    file, info, spelled = entry
    suffix = subtitle_suffix(file.name) or ""
    maker = "machine" if suffix == ".json" and info.maker == "people" else info.maker
    unsaid = info.language is None
    foreign = not unsaid and not same_language(info.language, wanted or "en")
    doubtful = unsaid and (info.variant or suffix in MAY_BE_METADATA)
    translated = maker == "translation" and wanted is None
    group = (translated, 3 if foreign else 1 if not unsaid else 2 if doubtful else 0)
    detail = (_MAKERS.index(maker), info.variant, info.for_the_deaf, spelled, SUFFIXES.index(suffix))
    number = re.sub(r"\d+", lambda found: found[0].zfill(6), file.name)  # 2 before 10
    return info.partial, *group, *detail, number


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)

"""Which files in a folder are the subtitles of which video, the best first. No file is opened."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from hdvila.text.languages import same_language
from hdvila.text.subtitle_names import NameSays, free_name_says, name_says

SUFFIXES = (
    *(".json3", ".srv3", ".vtt", ".srt", ".sbv", ".ass", ".ssa", ".ttml", ".dfxp", ".srv2", ".srv1", ".lrc", ".xml"),
    *(".tsv", ".json"),  # a recogniser's, or something else altogether
)
"""Endings of subtitle files, the richest kind of times first; ``.gz`` may follow."""

MAY_BE_FACTS = frozenset({".json", ".xml", ".tsv"})
"""Of these, endings of files that often hold facts about a video rather than its words."""

_FOLDERS = frozenset({"subs", "sub", "subtitles", "subtitle", "captions"})
_SIGNS = re.compile(r"[.\s_\-(\[]")  # that set the rest of a name off from that of the video
_MAKERS = "people", "machine", "translation"

_Rank = tuple[object, ...]


class Sidecars:
    """The subtitle files in a folder, and in ``Subs`` and ``Subs/NAME`` in it, by the video that they belong to.

    A file belongs to the video whose whole name, or name without ending, it begins with, if the rest says a language or
    another thing that is said of subtitles; of several such videos to that with the longest name. Names that differ in
    their Unicode form are equal; those that differ in capitals belong together where no video is spelled alike.

    Args:
        folder: looked through once; where it cannot be, it holds nothing.
        is_video: tells by a name whether it is a video's.
    """

    def __init__(self, folder: Path, is_video: Callable[[str], bool]) -> None:
        self._owned: dict[str, list[tuple[Path, NameSays, int]]] = defaultdict(list)
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
        """The subtitle files of a video of this folder, the best first.

        Those without a language in their names come first, then those in `language`, then others; what people made
        comes before what a machine heard, and that before what it translated; forced ones come last.

        Args:
            video: its name in the folder.
            language: that is wanted; None: English before others, but no translation before an original.
        """
        return tuple(entry[0] for entry in sorted(self._owned[video], key=lambda entry: _rank(entry, language)))

    def unclaimed(self, video: str) -> list[str]:
        """Subtitle files whose names begin like the video's and go on with what nobody knows, so that they are left."""
        stem = _composed(os.path.splitext(video)[0]).casefold()
        return [name for name in self._unclaimed if _composed(name).casefold().startswith(stem)]

    def _file(self, file: Path) -> None:
        """A file whose name says whose it is."""
        stem = _stem(file.name)
        if stem is None or file.name.startswith("."):
            return
        for end in [len(stem), *(sign.start() for sign in reversed(list(_SIGNS.finditer(stem))))]:
            for spelled, owners in enumerate(self._owners(stem[:end])):
                if owners:
                    says = name_says(stem[end:])
                    if says is not None:
                        for owner in owners:
                            self._owned[owner].append((file, says, spelled))
                    elif subtitle_suffix(file.name) not in MAY_BE_FACTS:
                        self._unclaimed.append(file.name)
                    return

    def _owners(self, name: str) -> tuple[Collection[str], Collection[str]]:
        """Videos that are called so, and those that are but for capitals."""
        composed = _composed(name)
        return self._exact.get(composed, ()), self._any_case.get(composed.casefold(), ())

    def _subtitle_folder(self, folder: Path, videos: list[str]) -> None:
        """``Subs``: files named after videos, folders named after videos; where there is one video all is its own."""
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
            self._owned[owner].append((file, free_name_says(rest), 0))


def subtitle_suffix(name: str) -> str | None:
    """The ending by which a name is one of a subtitle file, in small letters and without ``.gz``; None: it is none."""
    plain = name.lower().removesuffix(".gz")
    suffix = os.path.splitext(plain)[1]
    return suffix if suffix in SUFFIXES else None


def _stem(name: str) -> str | None:
    """The name without its ending, composed; None: it is no subtitle file's."""
    suffix = subtitle_suffix(name)
    if suffix is None:
        return None
    packed = len(".gz") if name.lower().endswith(".gz") else 0
    return _composed(name[: len(name) - packed - len(suffix)])


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """The names of the files and of the folders in a folder, in order."""
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
    """Videos by their names, with and without ending."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in videos:
        for called in (name, os.path.splitext(name)[0]):
            found[key(called)].append(name)
    return dict(found)


def _rank(entry: tuple[Path, NameSays, int], wanted: str | None) -> _Rank:
    file, says, spelled = entry
    suffix = subtitle_suffix(file.name) or ""
    maker = "machine" if suffix == ".json" and says.maker == "people" else says.maker
    unsaid = says.language is None
    foreign = not unsaid and not same_language(says.language, wanted or "en")
    doubtful = unsaid and (says.variant or suffix in MAY_BE_FACTS)
    translated = maker == "translation" and wanted is None
    group = (translated, 3 if foreign else 1 if not unsaid else 2 if doubtful else 0)
    detail = (_MAKERS.index(maker), says.variant, says.for_the_deaf, spelled, SUFFIXES.index(suffix))
    number = re.sub(r"\d+", lambda found: found[0].zfill(6), file.name)  # 2 before 10
    return says.partial, *group, *detail, number


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)

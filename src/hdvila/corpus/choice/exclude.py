"""Leaving out the videos of downstream test sets by their ids, read from every format of annotation file.

| file | where the video stands |
|---|---|
| MSR-VTT json | ``videos``: ``video_id`` and ``url``; ``sentences``: ``video_id`` |
| MSR-VTT, YouCook2, MSRVTT-QA, NExT-QA csv | column ``video_id`` or ``video`` |
| MSVD-QA, MSRVTT-QA json, jsonl | ``video_id``: a number, or "video6513" |
| TGIF-QA (tab-separated, named csv) | ``gif_name``; ``vid_id`` and ``key`` are swapped there and are not the video |
| DiDeMo json | ``video`` with its ending, and the Flickr number in ``dl_link`` |
| ActivityNet, YouCook2 json | the keys: "v_" and a YouTube id |
| TVR, TVQA, TVQA+, TVC | ``vid_name`` |
| How2R, How2QA csv without header | the first column; mapping json: the values |
| QVHighlights jsonl | ``vid``: <YouTube id>_<start>_<end> |
| plain list | one id per line |
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hdvila.annotations.entries import extension, read_cells, read_json, read_lines, read_text
from hdvila.corpus.failures import Failure
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import UsageError

_NAMES = (
    "video_id",
    "gif_name",
    "vid_name",
    "vid",
    "video",
    "video_name",
    "youtube_id",
)  # the first that is there counts
_RECORDS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")
_URLS = ("url", "dl_link")
_HEADER = {*_NAMES, "question", "sentence", "text"}
_YOUTUBE_LENGTH = 11
_YOUTUBE = "[A-Za-z0-9_-]{11}"
_PREFIXED = re.compile(rf"v_({_YOUTUBE})")
_SPAN = re.compile(rf"({_YOUTUBE})_\d+(?:\.\d+)?_\d+(?:\.\d+)?")
_ENDING = re.compile(r"\.(mp4|m4v|mov|avi|mkv|webm|mpe?g|3gp|wmv|flv|gif)$", re.IGNORECASE)
_FLICKR = re.compile(r"\d+@N\d\d_(\d+)_[0-9a-f]+")
_YOUTUBE_URL = re.compile(rf"youtu\.be/({_YOUTUBE})|youtube(?:-nocookie)?\.com/(?:shorts|embed|live|v)/({_YOUTUBE})")
_FEW_DIGITS = re.compile(r"(video|vid|msr|)(\d{1,5})")  # MSR-VTT's and MSVD's numbers; longer ones are Flickr's
_NUMBERED = {"video": ("video",), "msr": ("video",), "vid": ("vid",), "": ("video", "vid")}


class ExcludedIds:
    """The ids of videos that a corpus must not hold, and the files that list them.

    Args:
        lists: annotation files of any downstream protocol, or plain lists (see above).

    Raises:
        UsageError: a file cannot be read, or names no video.
    """

    def __init__(self, lists: Iterable[str | os.PathLike[str]]) -> None:
        self._listed_in: dict[str, str] = {}
        for file in map(Path, lists):
            self._listed_in.update(dict.fromkeys(read_ids(file), file.name))

    def __len__(self) -> int:
        return len(self._listed_in)

    def match(self, video: SourceVideo) -> Failure | None:
        """The failure of a video whose id is listed, or None.

        Compared are its id, the last part of its id, the name of its file and its url; ids of YouTube also within a
        name, as downloaders write them ("Title [id].mp4", "Title-id.mp4", "id.en.mp4").
        """
        url = video.attributes.get("url", "")
        names = {video.video_id, video.video_id.rsplit("/", 1)[-1], video.path.name, video.path.stem}
        named = [name for name in names if not os.path.splitext(name)[0].isdecimal()]  # 17.mp4 is not MSR-VTT's video17
        forms = names.union(*map(forms_of, named), ids_in_url(url), *map(_windows, names))
        found = sorted(forms & self._listed_in.keys())
        if not found:
            return None
        kind = f"listed in {self._listed_in[found[0]]}"
        return Failure(video.video_id, "exclude", f"its id {found[0]} is {kind}", kind)


def exclude(videos: Sequence[SourceVideo], ids: ExcludedIds) -> tuple[list[SourceVideo], list[Failure]]:
    """The videos that no list names, in their order, and the others with their reasons."""
    found = [(video, ids.match(video)) for video in videos]
    return [video for video, failure in found if not failure], [failure for _, failure in found if failure]


def read_ids(path: Path) -> frozenset[str]:
    """The ids in an annotation file (``.gz`` too), in all forms by which files of their videos are named.

    Raises:
        UsageError: the file cannot be read, or names no video.
    """
    names = [*_names(path)]
    ids = frozenset(form for name in names for form in forms_of(name))
    if extension(path) not in _RECORDS:  # ids of a plain list also count as they are
        ids |= frozenset(names)
    if not ids:
        raise UsageError(f"{path}: names no video in any known way; give a list with one id per line")
    return ids


def forms_of(name: str) -> set[str]:
    """The names that files of a video may have, by its name in an annotation file: without ending, prefix and span."""
    if "://" in name:
        return ids_in_url(name)
    name = _ENDING.sub("", name.strip())
    if numbered := _FEW_DIGITS.fullmatch(name):
        return {f"{prefix}{int(numbered[2])}" for prefix in _NUMBERED[numbered[1]]}
    bare = _PREFIXED.fullmatch(name) or _SPAN.fullmatch(name)
    if bare:
        return {bare[1]}
    flickr = _FLICKR.fullmatch(name)
    return {name, flickr[1]} if flickr else {name} - {""}


def ids_in_url(url: str) -> set[str]:
    """The video id in a url of YouTube, or the number in one of Flickr; empty for other urls."""
    parts = urlsplit(url)
    host, query = parts.hostname or "", parse_qs(parts.query)
    watched = {one for one in query.get("v", []) if re.fullmatch(_YOUTUBE, one)}
    if watched and f".{host}".endswith(".youtube.com"):
        return watched
    if f".{host}".endswith(".flickr.com"):
        return set(query.get("id", [])) | set(re.findall(r"/(\d{6,})(?:/|$)", parts.path))
    short = _YOUTUBE_URL.search(url)
    return {short[1] or short[2]} if short else set()


def _windows(name: str) -> set[str]:
    """Every part of a name that could be an id of YouTube: eleven characters that are apart from other letters."""
    found = set()
    for start in range(len(name) - _YOUTUBE_LENGTH + 1):
        before, after = name[start - 1 : start], name[start + _YOUTUBE_LENGTH : start + _YOUTUBE_LENGTH + 1]
        window = name[start : start + _YOUTUBE_LENGTH]
        if not before.isalnum() and not after.isalnum() and re.fullmatch(r"[A-Za-z0-9_-]+", window):
            found.add(window)
    return found


def _names(path: Path) -> Iterator[str]:
    """Names and urls of videos as the file has them."""
    kind = extension(path)
    if kind == ".json":
        yield from _from_json(read_json(path))
    elif kind in (".jsonl", ".ndjson"):
        for _, record in read_lines(path):
            yield from _of_record(record)
    elif kind in (".csv", ".tsv"):
        yield from _from_table([cells for _, cells in read_cells(path)])
    else:
        yield from read_text(path).split()


def _from_json(whole: Any) -> Iterator[str]:
    if isinstance(whole, list):
        for entry in whole:
            yield from _of_record(entry)
    elif isinstance(whole, dict) and isinstance(whole.get("videos"), list):
        for entry in [*whole["videos"], *_list(whole.get("sentences"))]:
            yield from _of_record(entry)
    elif isinstance(whole, dict):
        keys = [key for key in whole if _PREFIXED.fullmatch(key)]
        values = [value for value in whole.values() if isinstance(value, str) and _SPAN.fullmatch(value)]
        yield from keys or values
        for value in whole.values():  # {split: {name: ...}}, as TVR's durations
            if not keys and isinstance(value, dict) and all(isinstance(entry, list) for entry in value.values()):
                yield from value


def _of_record(entry: Any) -> Iterator[str]:
    if isinstance(entry, str | int):
        yield str(entry)
    elif isinstance(entry, dict):
        yield from _of_fields(entry)


def _of_fields(entry: dict[str, Any]) -> Iterator[str]:
    yield from (str(entry[name]) for name in _first(entry) if entry[name] not in (None, ""))
    yield from (entry[name] for name in _URLS if isinstance(entry.get(name), str))


def _first(names: Iterable[str]) -> list[str]:
    there = set(names)
    return [name for name in _NAMES if name in there][:1]


def _from_table(rows: list[list[str]]) -> Iterator[str]:
    header = rows[0] if rows else []
    if set(header) & _HEADER:
        for row in rows[1:]:
            yield from _of_fields(dict(zip(header, row, strict=False)))
    else:
        yield from (row[0] for row in rows)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

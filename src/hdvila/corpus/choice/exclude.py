"""Leaving out the videos of downstream test sets, by their ids."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from hdvila.corpus.choice.annotation_ids import forms_of, ids_in_url, read_ids
from hdvila.corpus.failures import Failure
from hdvila.corpus.sources.video import SourceVideo

_YOUTUBE = 11  # letters of an id


class ExcludedIds:
    """Ids of videos that a corpus must not hold, and the files that name them.

    Args:
        lists: annotation files of any downstream protocol, or plain lists (see `hdvila.corpus.choice.annotation_ids`).

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
        """That an id of the video stands in a file, or None.

        The id counts, the last part of it, the name of the file and the url; ids of YouTube also within a name, as
        downloaders write them ("Title [id].mp4", "Title-id.mp4", "id.en.mp4").
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
    """Those of the videos that no list names, in their order, and the others with their reasons."""
    found = [(video, ids.match(video)) for video in videos]
    return [video for video, failure in found if not failure], [failure for _, failure in found if failure]


def _windows(name: str) -> set[str]:
    """All that could be an id of YouTube in a name: eleven of its letters that stand apart from other letters."""
    found = set()
    for start in range(len(name) - _YOUTUBE + 1):
        before, after = name[start - 1 : start], name[start + _YOUTUBE : start + _YOUTUBE + 1]
        window = name[start : start + _YOUTUBE]
        if not before.isalnum() and not after.isalnum() and re.fullmatch(r"[A-Za-z0-9_-]+", window):
            found.add(window)
    return found

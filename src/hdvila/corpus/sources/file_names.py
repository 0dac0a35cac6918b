"""File names of videos: a safe name for an id that somebody else chose, and the file that a benchmark's name means."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from hdvila.files import files_below
from hdvila.media import is_video_name

_MOST_BYTES = 160  # of 255: endings such as ".en-orig.vtt" and ".f137.mp4.part" follow


def safe_name(video_id: str) -> str:
    """A file name without ending that stays in its folder, differs where ids differ, and is never too long.

    Ids of letters, digits, ``-`` and ``_`` are not changed, except for a leading dash.
    """
    name = re.sub(r"[^A-Za-z0-9_-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), video_id)
    name = re.sub(r"^-", "%2D", name)
    if len(name) > _MOST_BYTES or not name:
        name = name[: _MOST_BYTES - 17] + "_" + hashlib.sha256(video_id.encode()).hexdigest()[:16]
    return name


class VideoFiles:
    """The videos of a folder and its subfolders, by name without ending; hidden files and folders are skipped.

    A name is looked up as it is, then in any case, then without the "v_" that ActivityNet puts before ids. A file
    without any ending counts as a video, as some of DiDeMo's. Of several files of a name the first by path is taken.

    Raises:
        OSError: the folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._exact: dict[str, Path] = {}
        self._any_case: dict[str, Path] = {}
        for path in files_below(folder, _may_be_video):
            name = path.stem if is_video_name(path.name) else path.name
            self._exact.setdefault(name, path)
            self._any_case.setdefault(name.casefold(), path)

    def __len__(self) -> int:
        return len(self._exact)

    @property
    def first(self) -> str:
        """The name of the first file."""
        return next(iter(self._exact))

    def find(self, stem: str) -> Path | None:
        """The file called `stem`, with any ending."""
        for name in (stem, stem.removeprefix("v_")):
            found = self._exact.get(name) or self._any_case.get(name.casefold())
            if found is not None:
                return found
        return None


def _may_be_video(name: str) -> bool:
    return is_video_name(name) or not os.path.splitext(name)[1]

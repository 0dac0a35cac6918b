"""The images of a benchmark as clips of one frame, straight from their files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from hdvila.errors import UsageError
from hdvila.files import files_below
from hdvila.media import image_fault, is_image_name
from hdvila.processes import usable_cores
from hdvila.sources.images import STILL, ImageClip, ImageSource
from hdvila.types import Clip

__all__ = ["ImageFiles", "StillImages"]

_COCO = re.compile(r"COCO_[a-z]+\d+_(\d{12})")


class ImageFiles:
    """The image files of a folder and its subfolders, by name without ending; hidden files and folders are skipped.

    COCO's images have two names, ``COCO_val2014_000000391895`` of 2014 and ``000000391895`` of 2017; they are found by
    either. Of several files of a name the first by path is taken.

    Raises:
        OSError: the folder cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, Path] = {}
        self._of_coco: dict[str, Path] = {}
        for path in files_below(folder, is_image_name):
            self._files.setdefault(path.stem, path)
            self._of_coco.setdefault(_coco_number(path.stem), path)

    def __len__(self) -> int:
        return len(self._files)

    @property
    def first(self) -> str:
        """The name of the first file."""
        return next(iter(self._files))

    def find(self, stem: str) -> Path | None:
        """The file called `stem`, with any ending."""
        return self._files.get(stem) or self._of_coco.get(_coco_number(stem))


class StillImages(ImageSource):
    """Images by name, each a clip of one frame; a source as `hdvila.store.Corpus` is one. Threads may share it.

    Every file is looked at first: what is plainly no image, or breaks off, is no clip but stands in `damaged`.

    Args:
        root: their folder, with any subfolders.
        names: of the images that are wanted, in their order, each with the stem of its file.
        texts: what belongs to an image, by name; others have none.

    Attributes:
        damaged: images that cannot be read, by name: the path and the reason.

    Raises:
        UsageError: there is no such folder.
    """

    def __init__(self, root: str | os.PathLike[str], names: Mapping[str, str], texts: Mapping[str, str]) -> None:
        self.root = Path(root)
        try:
            files = ImageFiles(self.root)
        except OSError as error:
            raise UsageError(f"{root}: cannot be read ({error.strerror}); name the folder of the images") from error
        there = {name: path for name, stem in names.items() if (path := files.find(stem) or files.find(name))}
        self.readers = usable_cores()
        with ThreadPoolExecutor(4 * self.readers) as pool:
            faults = dict(zip(there, pool.map(image_fault, there.values()), strict=True))
        self.damaged = {name: f"{there[name]}: {fault}" for name, fault in faults.items() if fault}
        self._paths = {name: path for name, path in there.items() if not faults[name]}
        self._texts = texts

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """All that can be read, in the order of `names`."""
        return tuple(Clip(name, name, 0.0, STILL, self._texts.get(name, "")) for name in self._paths)

    def clip(self, i: int) -> ImageClip:
        """Clip `i` for a sampler (`hdvila.media.frame_source.FrameClip`)."""
        return ImageClip([self._paths[self.clips[i].clip_id]], 1.0, STILL)

    def size(self, i: int, stream: str = "") -> tuple[int, int]:
        """(height, width) of image `i`."""
        return self.clip(i).size


def _coco_number(stem: str) -> str:
    """The name of 2017 of an image of COCO; any other as it is."""
    found = _COCO.fullmatch(stem)
    return found[1] if found else stem

"""A folder of images as clips: each image one that stands still, each folder of frames one that plays.

So picture data sets (COCO, Visual Genome) and dumped frames are learned from and evaluated on as videos are.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import StoreError, UsageError
from hdvila.media import image_size, is_image_name, read_image
from hdvila.media.frame_source import Arrays, Request, Sampler
from hdvila.media.image_files import IMAGE_SUFFIXES
from hdvila.media.view import View
from hdvila.types import Clip, Pixels, Seconds

__all__ = ["STILL", "ImageClip", "ImageFolder", "ImageSource"]

STILL = 1.0
"""Seconds that an image by itself is shown."""


class ImageSource(ABC):
    """What sources of images have in common: a clip is sampled as a video is."""

    @abstractmethod
    def clip(self, i: int) -> ImageClip:
        """Clip `i` for a sampler (`hdvila.media.frame_source.FrameClip`)."""

    def sample(
        self,
        i: int,
        inputs: Sampler,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Any:
        """Clip `i` as a system sees it; arguments as in `hdvila.media.frame_source.Sampler.sample`.

        Raises:
            StoreError: an image cannot be read; names it.
        """
        clip = self.clip(i)
        sampled = inputs.sample(clip, rng, view, into)
        return sampled.finish(clip.read(sampled.requests))


class ImageFolder(ImageSource):
    """Clips out of image files; a source as `hdvila.store.Corpus` is one. Threads may share it.

    An image directly in the folder is a clip of one frame, an image folder in it is a clip whose frames follow the
    numbers in their names, `fps` a second. Clips are in the order of their names; whatever stream is asked for, they
    answer with their frames.

    Args:
        root: the folder.
        texts: what belongs to a clip, by its name without suffix; others have none.
        fps: frames a second of image folders.

    Raises:
        UsageError: there is no such folder, it holds no image, two clips have one name, or `fps` is not above 0.
    """

    def __init__(self, root: str | os.PathLike[str], texts: Mapping[str, str] | None = None, fps: float = 1.0) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise UsageError(f"{root}: there is no such folder: name the folder of the images")
        if not 0 < fps < float("inf"):
            raise UsageError(f"fps={fps}: choose frames a second above 0")
        self._fps = fps
        self._frames: dict[str, list[Path]] = {}
        for path in sorted(self.root.iterdir()):
            frames = _images_in(path) if path.is_dir() else [path] if _is_image(path) else []
            name = path.name if path.is_dir() else path.stem
            if frames and name in self._frames:
                raise UsageError(f"{root}: two of its images are called {name!r}: give them names of their own")
            if frames:
                self._frames[name] = frames
        if not self._frames:
            raise UsageError(f"{root}: holds no image ({', '.join(sorted(IMAGE_SUFFIXES))}), nor a folder of them")
        self._texts = texts or {}

    def __len__(self) -> int:
        return len(self._frames)

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """All clips, in the order of their numbers; each begins at 0."""
        return tuple(
            Clip(name, name, 0.0, self._seconds(frames), self._texts.get(name, ""))
            for name, frames in self._frames.items()
        )

    def clip(self, i: int) -> ImageClip:
        """Clip `i` for a sampler (`hdvila.media.frame_source.FrameClip`)."""
        frames = self._frames[self.clips[i].clip_id]
        return ImageClip(frames, self._fps, self._seconds(frames))

    def size(self, i: int) -> tuple[int, int]:
        """(height, width) of the first frame of clip `i`."""
        return self.clip(i).size

    def _seconds(self, frames: Sequence[Path]) -> float:
        return STILL if len(frames) == 1 else len(frames) / self._fps


class ImageClip:
    """The images of one clip, shown one after the other."""

    def __init__(self, frames: Sequence[Path], fps: float, seconds: float) -> None:
        self.name = str(frames[0] if len(frames) == 1 else frames[0].parent)
        self._frames, self._fps, self._seconds = frames, fps, seconds

    def rate(self, stream: str) -> None:
        """None: it answers to any rate, as a video does."""

    def ticks(self, fps: float) -> int:
        """How many ticks, `fps` a second, it has; 1 or more."""
        return max(1, int(np.ceil(self._seconds * fps - 1e-6)))

    def frames_at(self, stream: str, ticks: NDArray[np.int64], fps: float) -> NDArray[np.int64]:
        """The numbers of the images on show at these ticks."""
        if len(self._frames) == 1:
            return np.zeros(len(ticks), np.int64)
        numbers: NDArray[np.int64] = np.floor(ticks * (self._fps / fps) + 1e-6).astype(np.int64)
        return numbers.clip(max=len(self._frames) - 1)

    def pts_seconds(self, stream: str, numbers: NDArray[np.int64]) -> Seconds:
        """When these images appear."""
        pts: Seconds = numbers / self._fps
        return pts

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the first image, which is not decoded.

        Raises:
            StoreError: it cannot be read; names it.
        """
        with self._naming(0) as file:
            return image_size(file)

    def image(self, number: int) -> Pixels:
        """(H, W, 3).

        Raises:
            StoreError: it cannot be read; names it.
        """
        with self._naming(number) as file:
            return read_image(file)

    @contextmanager
    def _naming(self, number: int) -> Iterator[Path]:
        """The file of an image; whatever is wrong with it is an error that names it."""
        file = self._frames[number]
        try:
            yield file
        except Exception as error:
            raise StoreError(f"{file}: the image cannot be read ({error}); replace it") from error

    def read(self, requests: Sequence[Request]) -> list[Pixels]:
        """The frames (n, h, w, 3) of each request; each image is read once.

        Raises:
            StoreError: an image cannot be read; names it.
        """
        numbers = {number for request in requests for number in request.numbers.tolist()}
        images = {number: self.image(number) for number in numbers}
        rooms = [request.room() for request in requests]
        for request, room in zip(requests, rooms, strict=True):
            for number in set(request.numbers.tolist()):
                room[request.numbers == number] = request.transform(images[number][None])[0]
        return rooms


def _images_in(folder: Path) -> list[Path]:
    """In the order of the numbers in their names, as people number them: 2 before 10."""

    def key(path: Path) -> list[Any]:
        parts = re.split(r"(\d+)", path.stem)
        return [int(part) if part.isdecimal() else part for part in parts]

    return sorted((path for path in folder.iterdir() if _is_image(path)), key=key)


def _is_image(path: Path) -> bool:
    return is_image_name(path.name) and not path.name.startswith(".") and path.is_file()

"""Whether a video shows what another one shows, by perceptual hashes of frames at steady times.

The hash of a frame (pHash: 64 signs of its lowest frequencies) outlives resizing and encoding again, but not
mirroring, cropping or a frame drawn around the picture. Videos of which a test clip was cut are found too. So are other
takes of the same scene before a camera that stands still: for a test set that errs on the safe side.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdvila.corpus.failures import Failure, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, MediaError, UsageError, require
from hdvila.media import is_video_name, open_video
from hdvila.progress import SILENT, Reporter
from hdvila.types import Pixels

Hashes = NDArray[np.uint64]

_FINE, _COARSE = 0.25, 2.0  # seconds from frame to frame: in the given videos; in long ones that are compared with them
_SHORTEST = 0.5  # seconds: the least step in these
_FRAMES = 10  # frames that a short video is looked at with
_NEAR = 8  # bits of 64 in which hashes of one picture may differ
_AT_ONCE = 1 << 16  # hashes that are compared at a time
_SHARE = 0.5  # of the frames that the shorter one of two videos has, so many must be in the other
_FLAT = 6.0  # grey levels of spread below which a picture is nothing but its colour, and tells nothing


def frame_hashes(path: str | os.PathLike[str], every: float | None = None) -> tuple[Hashes, float]:
    """The hashes (n,) of the frames `every` so many seconds that are no plain colour; and that step.

    Without `every` the step is 2 s, and shorter in a short video, so that it has ten frames, down to 0.5 s.

    Raises:
        MediaError: the file cannot be read.
        MissingDependency: imagehash is not installed.
    """
    with open_video(path) as video:
        duration = video.info.duration
        step = every or step_of(duration)
        times = np.arange(step / 2, max(duration, step), step)
        return hashes_of(rgb for _, rgb in video.pick(np.unique(video.indices_at(times)).tolist())), step


def step_of(duration: float) -> float:
    """Seconds from one frame to the next at which a video of this length is looked at."""
    return min(_COARSE, max(_SHORTEST, duration / _FRAMES))


def hashes_of(pictures: Iterable[Pixels]) -> Hashes:
    """The hashes (n,) of those (H, W, 3) pictures that are no plain colour.

    Raises:
        MissingDependency: imagehash is not installed.
    """
    imagehash, image = require("imagehash", extra="corpus"), require("PIL.Image", extra="corpus")
    found = []
    for rgb in pictures:
        grey = image.fromarray(rgb).convert("L").resize((128, 128), image.Resampling.BOX)
        if np.asarray(grey).std() >= _FLAT:
            found.append(np.packbits(imagehash.phash(grey).hash).view(np.uint64))
    return np.array(found, np.uint64).reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class LookAlikes:
    """Videos that are looked for: their names, all hashes (n,) one after another, and where each one's end (k,)."""

    names: tuple[str, ...]
    hashes: Hashes
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, sources: Iterable[str | os.PathLike[str]], reporter: Reporter = SILENT) -> LookAlikes:
        """Read video files, and all videos in folders. What cannot be read is noted and looked for by nobody.

        Raises:
            UsageError: there is no such file or folder, or no video in it.
        """
        files = [file for source in sources for file in _videos(Path(source))]
        names, hashes = [], []
        with reporter.task("looking at excluded videos", total=len(files)) as bar:
            for file in files:
                try:
                    found, _ = frame_hashes(file, _FINE)
                except HdvilaError as error:
                    reporter.note(f"not looked for: {error}")
                else:
                    names.append(file.name)
                    hashes.append(found)
                bar.advance()
        whole = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
        return cls(tuple(names), whole, np.cumsum([len(part) for part in hashes], dtype=np.int64))

    @property
    def digest(self) -> str:
        """The same for the same videos."""
        return hashlib.sha256(self.hashes.tobytes() + self.ends.tobytes()).hexdigest()[:16]

    def match(self, path: str | os.PathLike[str]) -> str | None:
        """The name of the video that this one shows, or is shown by; None: none of them.

        Raises:
            MediaError: the file cannot be read.
        """
        if not len(self.hashes):
            return None
        return self.match_hashes(*frame_hashes(path))

    def match_hashes(self, mine: Hashes, step: float) -> str | None:
        """`match` for a video of which the hashes (n,) of frames every `step` seconds are known."""
        if not len(mine) or not len(self.hashes):
            return None
        sizes = np.diff(self.ends, prepend=0)
        shown = np.zeros(len(sizes), np.int64)  # frames of this video that are in each of these
        shown[sizes > 0] = self._shown(mine, (self.ends - sizes)[sizes > 0])
        shorter = np.maximum(1, np.minimum(len(mine), (sizes * _FINE / step).astype(np.int64)))
        needed = np.maximum(np.minimum(2, shorter), np.ceil(_SHARE * shorter))
        alike = np.flatnonzero(shown >= needed)
        return self.names[alike[0]] if len(alike) else None

    def _shown(self, mine: Hashes, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of `mine` are in each of the videos, none empty, whose hashes begin at `starts`.

        Some ten thousand hashes at a time, which stay in the processor's cache; memory does not grow with either side.
        """
        shown = np.zeros(len(starts), np.int64)
        pictures, times = np.unique(mine, return_counts=True)
        ends = np.append(starts[1:], len(self.hashes))
        first = 0
        while first < len(starts):
            last = max(first + 1, int(np.searchsorted(ends, starts[first] + _AT_ONCE, side="right")))
            part = self.hashes[starts[first] : ends[last - 1]]
            for picture, number in zip(pictures, times.tolist(), strict=True):
                near = np.bitwise_count(part ^ picture) <= _NEAR
                if near.any():
                    shown[first:last] += number * np.logical_or.reduceat(near, starts[first:last] - starts[first])
            first = last
        return shown

    def exclude(
        self, videos: Sequence[SourceVideo], reporter: Reporter = SILENT
    ) -> tuple[list[SourceVideo], list[Failure]]:
        """Those of the videos that show nothing of these, in their order, and the others with their reasons."""
        kept, failures = [], []
        with reporter.task("comparing videos", total=len(videos)) as bar:
            for video in videos:
                try:
                    like = self.match(video.path)
                    failure = looks_like(video, like) if like else None
                except MediaError as error:
                    failure = failure_of(video, "filter", error)
                if failure is None:
                    kept.append(video)
                else:
                    failures.append(failure)
                bar.advance()
        return kept, failures


def looks_like(video: SourceVideo, like: str) -> Failure:
    """A video is left out that looks like the excluded video of this name."""
    kind = "looks like an excluded video"
    return Failure(video.video_id, "exclude", f"{video.file}: {kind}; that is {like}", kind)


def _videos(source: Path) -> list[Path]:
    if source.is_dir():
        found = sorted(file for file in source.rglob("*") if is_video_name(file.name) and file.is_file())
    else:
        found = [source] if source.is_file() else []
    if not found:
        raise UsageError(f"{source}: there is no video; name a video file or a folder of videos to be excluded")
    return found

"""Whether a video shows what another one shows, by perceptual hashes of frames (`frame_hashes`).

The excluded videos are looked at every quarter of a second, so whatever frames of a copy are looked at, there is one
near in time. Of another video only key frames are looked at. Where one of them is like a frame of an excluded video,
the part of the video that this would be the copy of is decoded, and the share of its frames that are like decides.

Videos of which a test clip was cut are found too. So are other takes of the same scene before a camera that stands
still: for a test set that errs on the safe side.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdvila.corpus.choice.frame_hashes import Hashes, Looks, frame_hashes, key_looks, looks_at, steady_times, step_of
from hdvila.corpus.failures import Failure, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, MediaError, UsageError
from hdvila.media import is_video_name, open_video
from hdvila.progress import SILENT, Reporter
from hdvila.types import Seconds

_RULE = b"key frames first"  # what is remembered of a comparison by another rule does not count
_FINE = 0.25  # seconds from frame to frame in the excluded videos
_NEAR = 8  # bits of 64 in which hashes of one picture may differ
_HINT = 10  # and in which a key frame's may, so that it is looked at more closely
_AT_ONCE = 1 << 16  # hashes that are compared at a time
_SHARE = 0.5  # of the frames that the shorter one of two videos has, so many must be in the other
_STRETCHES = 2.0, 10.0  # seconds that a video is at least, and at most, followed by key frames alone
_OUTLIERS = 0.01  # of the excluded videos that may be shorter than what is followed by key frames alone
_FASTER = 0.25  # of an excluded video's length by which a copy of it may be longer or shorter


@dataclass(frozen=True, eq=False)
class LookAlikes:
    """Videos that are looked for.

    Attributes:
        names: of the files (k,).
        hashes: of their frames that are no plain colour (n,), one video after another.
        ends: where each one's end among these (k,).
        times: when these frames appear in their videos (n,), in seconds.
    """

    names: tuple[str, ...]
    hashes: Hashes
    ends: NDArray[np.int64]
    times: Seconds

    @classmethod
    def of(cls, sources: Iterable[str | os.PathLike[str]], reporter: Reporter = SILENT) -> LookAlikes:
        """Read video files, and all videos in folders. What cannot be read is noted and looked for by nobody.

        Raises:
            UsageError: there is no such file or folder, or no video in it.
        """
        files = [file for source in sources for file in _videos(Path(source))]
        names, looks = [], [Looks(np.empty(0, np.uint64), np.empty(0))]
        with reporter.task("looking at excluded videos", total=len(files)) as bar:
            for file in files:
                try:
                    found = frame_hashes(file, _FINE)
                except HdvilaError as error:
                    reporter.note(f"not looked for: {error}")
                else:
                    names.append(file.name)
                    looks.append(found)
                bar.advance()
        hashes, times = (np.concatenate(parts) for parts in zip(*looks, strict=True))
        ends = np.cumsum([len(found.hashes) for found in looks[1:]], dtype=np.int64)
        look_alikes = cls(tuple(names), hashes, ends, times)
        if few := int((look_alikes._lengths < look_alikes.stretch)[look_alikes._sizes > 1].sum()):
            where = "copies of them inside longer videos are found only where a key frame shows them"
            reporter.note(f"{few} of {len(names)} are shorter than {look_alikes.stretch:.1f} s; {where}")
        return look_alikes

    @property
    def digest(self) -> str:
        """The same for the same videos, compared by the same rule."""
        return hashlib.sha256(_RULE + self.hashes.tobytes() + self.ends.tobytes()).hexdigest()[:16]

    @cached_property
    def stretch(self) -> float:
        """Seconds of a video that may pass without a look, so that a copy of one of these in it is not missed.

        Half of the length of the shortest, of a hundred or more of all but one in a hundred; from 2 to 10.
        """
        lengths = self._lengths[self._sizes > 1]  # one picture alone may stay for long
        least = float(np.quantile(lengths, _OUTLIERS, method="lower")) if len(lengths) else np.inf
        return float(np.clip(least / 2, *_STRETCHES))

    @property
    def _sizes(self) -> NDArray[np.int64]:
        return np.diff(self.ends, prepend=0)

    @cached_property
    def _bounds(self) -> tuple[Seconds, Seconds]:
        """When the first and the last frame of each video appear; for one without any, never mind."""
        times = np.append(self.times, 0.0)
        return times[self.ends - self._sizes], times[self.ends - 1]

    @cached_property
    def _lengths(self) -> Seconds:
        first, last = self._bounds
        return last - first + _FINE

    def match(self, path: str | os.PathLike[str]) -> str | None:
        """The name of the video that this one shows, or is shown by; None: none of them.

        Raises:
            MediaError: the file cannot be read.
            MissingDependency: imagehash is not installed.
        """
        if not len(self.hashes):
            return None
        with open_video(path, threads=1) as video:
            owners, begins, ends = self._hints(key_looks(video, self.stretch))
            if not len(owners):
                return None
            duration = video.info.duration
            step = step_of(min(duration, float(self._lengths[owners].min())))
            times = steady_times(duration, step)
            inside = _inside(times, begins, ends)
            mine = looks_at(video, times[inside]).hashes
        return self.match_hashes(mine, step, others=int((~inside).sum()))

    def match_hashes(self, mine: Hashes, step: float, others: int = 0) -> str | None:
        """`match` for a video of which the hashes (n,) of frames every `step` seconds are known.

        `others`: frames that it has besides, and that are in none of these videos.
        """
        if not len(mine) or not len(self.hashes):
            return None
        sizes = self._sizes
        shown = np.zeros(len(sizes), np.int64)  # frames of this video that are in each of these
        shown[sizes > 0] = self._shown(mine, (self.ends - sizes)[sizes > 0])
        shorter = np.maximum(1, np.minimum(len(mine) + others, (sizes * _FINE / step).astype(np.int64)))
        needed = np.maximum(np.minimum(2, shorter), np.ceil(_SHARE * shorter))
        alike = np.flatnonzero(shown >= needed)
        return self.names[alike[0]] if len(alike) else None

    def _hints(self, looks: Looks) -> tuple[NDArray[np.int64], Seconds, Seconds]:
        """Of which of these videos (h,) a few frames of another one may be a copy, and its begin and end in that."""
        (first, last), slack = self._bounds, 1 + _FASTER
        found: list[tuple[NDArray[np.int64], Seconds, Seconds]] = []
        for begin in range(0, len(self.hashes), _AT_ONCE):
            part = self.hashes[begin : begin + _AT_ONCE]
            for picture, time in zip(looks.hashes, looks.times.tolist(), strict=True):
                near = np.flatnonzero(np.bitwise_count(part ^ picture) <= _HINT) + begin
                if len(near):
                    owners, starts = np.unique(np.searchsorted(self.ends, near, side="right"), return_index=True)
                    early, late = self.times[near[starts]], self.times[near[np.append(starts[1:], len(near)) - 1]]
                    begins = time - slack * (late - first[owners]) - _FINE
                    found.append((owners, begins, time + slack * (last[owners] - early) + _FINE))
        if not found:
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        owners, begins, ends = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return owners, begins, ends

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


def _inside(times: Seconds, begins: Seconds, ends: Seconds) -> NDArray[np.bool_]:
    """(n,) whether each of rising times lies within any of the spans (h,)."""
    steps = np.zeros(len(times) + 1, np.int64)
    np.add.at(steps, np.searchsorted(times, begins), 1)
    np.add.at(steps, np.searchsorted(times, ends, side="right"), -1)
    return np.cumsum(steps[:-1]) > 0


def _videos(source: Path) -> list[Path]:
    if source.is_dir():
        found = sorted(file for file in source.rglob("*") if is_video_name(file.name) and file.is_file())
    else:
        found = [source] if source.is_file() else []
    if not found:
        raise UsageError(f"{source}: there is no video; name a video file or a folder of videos to be excluded")
    return found

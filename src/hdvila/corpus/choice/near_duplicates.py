"""Whether a video shows the same as an excluded one, by perceptual hashes of frames (`frame_hashes`).

Excluded videos are hashed every quarter of a second, so that each frame of a copy has one near it in time. Of other
videos only key frames are hashed. If one is like a frame of an excluded video, the part that would be its copy is
decoded, and the share of like frames decides.

A video from which a test clip was cut is found too. So are other takes of a scene by a fixed camera, which for a test
set is the safe side.
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

from hdvila.corpus.choice.frame_hashes import (
    FrameHashes,
    Hashes,
    frame_hashes,
    hashes_at,
    key_frame_hashes,
    steady_times,
    step_of,
)
from hdvila.corpus.failures import Failure, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, MediaError, UsageError
from hdvila.media import is_video_name, open_video
from hdvila.progress import SILENT, Reporter
from hdvila.types import Seconds

_RULE = b"key frames first"  # names the rule: remembered results of other rules do not count
_FINE = 0.25  # seconds from frame to frame in the excluded videos
_NEAR = 8  # bits of 64 in which hashes of one frame may differ
_HINT = 10  # bits in which a key frame may differ for its part of the video to be decoded
_AT_ONCE = 1 << 16  # hashes that are compared at a time
_SHARE = 0.5  # of the frames of the shorter of two videos that must be in the other
_STRETCHES = 2.0, 10.0  # bounds of `stretch` in seconds
_OUTLIERS = 0.01  # of the excluded videos that may be shorter than the gap between key frames
_FASTER = 0.25  # of the length of a video by which a copy may be longer or shorter


@dataclass(frozen=True, eq=False)
class LookAlikes:
    """Excluded videos, whose near-duplicates are looked for.

    Attributes:
        names: of the files (k,).
        hashes: of their frames that are not plain (n,), one video after another.
        ends: the end of each video among these (k,).
        times: of these frames in their videos (n,), in seconds.
    """

    names: tuple[str, ...]
    hashes: Hashes
    ends: NDArray[np.int64]
    times: Seconds

    @classmethod
    def of(cls, sources: Iterable[str | os.PathLike[str]], reporter: Reporter = SILENT) -> LookAlikes:
        """Hash video files, and all videos in folders. Those that cannot be read are reported and left out.

        Raises:
            UsageError: a file or folder does not exist, or a folder holds no video.
        """
        files = [file for source in sources for file in _videos(Path(source))]
        names, looks = [], [FrameHashes(np.empty(0, np.uint64), np.empty(0))]
        with reporter.task("hashing excluded videos", total=len(files)) as bar:
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
        """16 hexadecimal digits, equal for equal videos and an equal rule of comparison."""
        return hashlib.sha256(_RULE + self.hashes.tobytes() + self.ends.tobytes()).hexdigest()[:16]

    @cached_property
    def stretch(self) -> float:
        """Seconds between hashed frames of a video up to which a copy of one of these in it is not missed.

        Half of the length of the shortest; of a hundred or more, of the 1st percentile; from 2 to 10.
        """
        lengths = self._lengths[self._sizes > 1]  # a single frame may stay for long
        least = float(np.quantile(lengths, _OUTLIERS, method="lower")) if len(lengths) else np.inf
        return float(np.clip(least / 2, *_STRETCHES))

    @property
    def _sizes(self) -> NDArray[np.int64]:
        return np.diff(self.ends, prepend=0)

    @cached_property
    def _bounds(self) -> tuple[Seconds, Seconds]:
        """Times of the first and last frame of each video; undefined for a video without any."""
        times = np.append(self.times, 0.0)
        return times[self.ends - self._sizes], times[self.ends - 1]

    @cached_property
    def _lengths(self) -> Seconds:
        first, last = self._bounds
        return last - first + _FINE

    def match(self, path: str | os.PathLike[str]) -> str | None:
        """The name of the excluded video that shows the same as this one, or None.

        Raises:
            MediaError: the file cannot be read.
            MissingDependency: imagehash is not installed.
        """
        if not len(self.hashes):
            return None
        with open_video(path, threads=1) as video:
            owners, begins, ends = self._hints(key_frame_hashes(video, self.stretch))
            if not len(owners):
                return None
            duration = video.info.duration
            step = step_of(min(duration, float(self._lengths[owners].min())))
            times = steady_times(duration, step)
            inside = _inside(times, begins, ends)
            mine = hashes_at(video, times[inside]).hashes
        return self.match_hashes(mine, step, others=int((~inside).sum()))

    def match_hashes(self, mine: Hashes, step: float, others: int = 0) -> str | None:
        """`match` for a video with known hashes (n,) of frames every `step` seconds.

        `others`: the number of its other frames, which are in none of these videos.
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

    def _hints(self, sampled: FrameHashes) -> tuple[NDArray[np.int64], Seconds, Seconds]:
        """The videos (h,) that a few frames may be copied from, and where in the other video a copy begins and ends."""
        (first, last), slack = self._bounds, 1 + _FASTER
        found: list[tuple[NDArray[np.int64], Seconds, Seconds]] = []
        for begin in range(0, len(self.hashes), _AT_ONCE):
            part = self.hashes[begin : begin + _AT_ONCE]
            for frame, time in zip(sampled.hashes, sampled.times.tolist(), strict=True):
                near = np.flatnonzero(np.bitwise_count(part ^ frame) <= _HINT) + begin
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
        """How many of `mine` are in each of the videos, none of them empty, whose hashes begin at `starts`.

        Compares a block of hashes at a time, which stays in the processor's cache, in constant memory.
        """
        shown = np.zeros(len(starts), np.int64)
        frames, times = np.unique(mine, return_counts=True)
        ends = np.append(starts[1:], len(self.hashes))
        first = 0
        while first < len(starts):
            last = max(first + 1, int(np.searchsorted(ends, starts[first] + _AT_ONCE, side="right")))
            part = self.hashes[starts[first] : ends[last - 1]]
            for frame, number in zip(frames, times.tolist(), strict=True):
                near = np.bitwise_count(part ^ frame) <= _NEAR
                if near.any():
                    shown[first:last] += number * np.logical_or.reduceat(near, starts[first:last] - starts[first])
            first = last
        return shown

    def exclude(
        self, videos: Sequence[SourceVideo], reporter: Reporter = SILENT
    ) -> tuple[list[SourceVideo], list[Failure]]:
        """The videos that are near-duplicates of none of these, in their order, and the others with their reasons."""
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
    """The failure of a video that looks like the excluded video of this name."""
    kind = "looks like an excluded video"
    return Failure(video.video_id, "exclude", f"{video.file}: {kind}; that is {like}", kind)


def _inside(times: Seconds, begins: Seconds, ends: Seconds) -> NDArray[np.bool_]:
    """(n,) whether each of the ascending times lies in one of the spans (h,)."""
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
        raise UsageError(f"{source}: has no video; name a video file or a folder of videos to exclude")
    return found

"""Perceptual hashes of the frames of a video: at regular times, or at its key frames, where they cost least.

The hash of a frame (pHash: 64 signs of its lowest frequencies) survives resizing and re-encoding, but not mirroring,
cropping or a border.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import require
from hdvila.media import Video, open_video
from hdvila.types import Pixels, Seconds

Hashes = NDArray[np.uint64]

_COARSE, _SHORTEST = 2.0, 0.5  # seconds: the longest and the shortest step
_FRAMES = 10  # frames of a short video that are hashed
_SIDE = 128  # pixels of the square that a frame is shrunk to first
_FLAT = 6.0  # standard deviation in grey levels below which a frame counts as plain and is not hashed
_LEAST = 4  # frames of a short video at least
_WAIT = 1.1  # times `stretch`, the gap between key frames above which frames between them are decoded


class FrameHashes(NamedTuple):
    """The frames (n,) of a video that are not plain: their hashes, and the time of each in seconds."""

    hashes: Hashes
    times: Seconds


def step_of(duration: float) -> float:
    """Seconds between the frames of a video of this length that are hashed: from 0.5 to 2."""
    return min(_COARSE, max(_SHORTEST, duration / _FRAMES))


def steady_times(duration: float, step: float) -> Seconds:
    """(n,) the middles of successive intervals of `step` seconds in a video of this length; at least one."""
    return np.arange(step / 2, max(duration, step), step)


def frame_hashes(path: str | os.PathLike[str], every: float) -> FrameHashes:
    """The frames on screen every `every` seconds.

    Raises:
        MediaError: the file cannot be read.
        MissingDependency: imagehash is not installed.
    """
    with open_video(path, threads=1) as video:
        return hashes_at(video, steady_times(video.info.duration, every))


def hashes_at(video: Video, times: Iterable[float]) -> FrameHashes:
    """The frames on screen at these times, each once, in order.

    Raises:
        MediaError: a frame cannot be decoded.
        MissingDependency: imagehash is not installed.
    """
    indices = np.unique(video.indices_at(np.fromiter(times, np.float64)))
    hashes, kept = _hash_all(frame.sized(_SIDE, _SIDE) for frame in video.only(indices.tolist()))
    return FrameHashes(hashes, video.pts_seconds[indices[kept]])


def key_frame_hashes(video: Video, stretch: float) -> FrameHashes:
    """Key frames of a video, at most one in `step_of` its duration; they cost a fraction of decoding it.

    In gaps of more than `stretch` seconds between key frames that are not plain (in a video of less than four times
    that, a quarter of its duration), frames are decoded too: in a file without key frames, all the way.

    Raises:
        MediaError: a frame cannot be decoded.
        MissingDependency: imagehash is not installed.
    """
    duration = video.info.duration
    step, stretch = step_of(duration), min(stretch, duration / _LEAST)
    keys = hashes_at(video, _thinned(video.pts_seconds[video.keys], step))
    between = hashes_at(video, _gaps(keys.times, duration, step, max(step, stretch)))
    order = np.argsort(np.concatenate([keys.times, between.times]), kind="stable")
    hashes, times = (np.concatenate(pair)[order] for pair in zip(keys, between, strict=True))
    return FrameHashes(hashes, times)


def _thinned(times: Seconds, step: float) -> list[float]:
    """The ascending times that are at least `step` after the one taken before."""
    taken: list[float] = []
    for time in times.tolist():
        if not taken or time >= taken[-1] + step:
            taken.append(time)
    return taken


def _gaps(known: Seconds, duration: float, step: float, stretch: float) -> Seconds:
    """Times every `step` in gaps between known times, up to where the next known time is near enough."""
    edges = [0.0, *known.tolist(), duration]
    parts = [np.empty(0)]
    for begin, end in pairwise(edges):
        if end - begin > _WAIT * stretch:
            steady = np.arange(begin + step, end - stretch, step)
            parts.append(np.append(steady, end - stretch))
    return np.concatenate(parts)


def hashes_of(frames: Iterable[Pixels]) -> Hashes:
    """The hashes (n,) of those (H, W, 3) uint8 frames that are not plain.

    Raises:
        MissingDependency: imagehash is not installed.
    """
    return _hash_all(frames)[0]


def _hash_all(frames: Iterable[Pixels]) -> tuple[Hashes, NDArray[np.int64]]:
    """Hashes (n,) of the frames that are not plain, and their numbers (n,)."""
    imagehash, image = require("imagehash", extra="corpus"), require("PIL.Image", extra="corpus")
    found, kept = [], []
    for number, rgb in enumerate(frames):
        grey = image.fromarray(rgb).convert("L").resize((_SIDE, _SIDE), image.Resampling.BOX)
        if np.asarray(grey).std() >= _FLAT:
            found.append(np.packbits(imagehash.phash(grey).hash).view(np.uint64))
            kept.append(number)
    return np.array(found, np.uint64).reshape(-1), np.array(kept, np.int64)

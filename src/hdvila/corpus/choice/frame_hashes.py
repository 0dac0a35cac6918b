"""Perceptual hashes of a video's frames: at steady times, or where they cost least, at its key frames.

The hash of a frame (pHash: 64 signs of its lowest frequencies) outlives resizing and encoding again, but not
mirroring, cropping or a frame drawn around the picture.
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
_FRAMES = 10  # frames that a short video is looked at with
_SIDE = 128  # pixels of the square that a frame is shrunk to first
_FLAT = 6.0  # grey levels of spread below which a picture is nothing but its colour, and tells nothing
_LEAST = 4  # looks at a short video at least
_WAIT = 1.1  # times the stretch that is allowed, a key frame may be late before frames between are decoded


class Looks(NamedTuple):
    """The frames (n,) of a video that are no plain colour: their hashes, and when each appears."""

    hashes: Hashes
    times: Seconds


def step_of(duration: float) -> float:
    """Seconds from one frame to the next at which a video of this length is looked at: at most 2, at least 0.5."""
    return min(_COARSE, max(_SHORTEST, duration / _FRAMES))


def steady_times(duration: float, step: float) -> Seconds:
    """(n,) the middles of the `step` seconds that follow each other in a video of this length; at least one."""
    return np.arange(step / 2, max(duration, step), step)


def frame_hashes(path: str | os.PathLike[str], every: float) -> Looks:
    """The frames on screen `every` so many seconds.

    Raises:
        MediaError: the file cannot be read.
        MissingDependency: imagehash is not installed.
    """
    with open_video(path, threads=1) as video:
        return looks_at(video, steady_times(video.info.duration, every))


def looks_at(video: Video, times: Iterable[float]) -> Looks:
    """The frames on screen at these times, each once, in their order.

    Raises:
        MediaError: a frame cannot be decoded.
        MissingDependency: imagehash is not installed.
    """
    indices = np.unique(video.indices_at(np.fromiter(times, np.float64)))
    hashes, kept = _hash_all(picture.sized(_SIDE, _SIDE) for picture in video.only(indices.tolist()))
    return Looks(hashes, video.pts_seconds[indices[kept]])


def key_looks(video: Video, stretch: float) -> Looks:
    """Key frames of a video, which cost a fraction of decoding it, at most one in `step_of` its duration.

    Where none that is more than a plain colour comes for more than `stretch` seconds (in a video of less than four
    times that, a quarter of its duration), frames between are decoded too: all the way in a file without key frames.

    Raises:
        MediaError: a frame cannot be decoded.
        MissingDependency: imagehash is not installed.
    """
    duration = video.info.duration
    step, stretch = step_of(duration), min(stretch, duration / _LEAST)
    keys = looks_at(video, _thinned(video.pts_seconds[video.keys], step))
    between = looks_at(video, _gaps(keys.times, duration, step, max(step, stretch)))
    order = np.argsort(np.concatenate([keys.times, between.times]), kind="stable")
    hashes, times = (np.concatenate(pair)[order] for pair in zip(keys, between, strict=True))
    return Looks(hashes, times)


def _thinned(times: Seconds, step: float) -> list[float]:
    """Those of rising times that are at least `step` behind the one taken before."""
    taken: list[float] = []
    for time in times.tolist():
        if not taken or time >= taken[-1] + step:
            taken.append(time)
    return taken


def _gaps(known: Seconds, duration: float, step: float, stretch: float) -> Seconds:
    """Times every `step` in what is too long between looks, up to where the next one is near enough."""
    edges = [0.0, *known.tolist(), duration]
    parts = [np.empty(0)]
    for begin, end in pairwise(edges):
        if end - begin > _WAIT * stretch:
            steady = np.arange(begin + step, end - stretch, step)
            parts.append(np.append(steady, end - stretch))
    return np.concatenate(parts)


def hashes_of(pictures: Iterable[Pixels]) -> Hashes:
    """The hashes (n,) of those (H, W, 3) pictures that are no plain colour.

    Raises:
        MissingDependency: imagehash is not installed.
    """
    return _hash_all(pictures)[0]


def _hash_all(pictures: Iterable[Pixels]) -> tuple[Hashes, NDArray[np.int64]]:
    """Hashes (n,) of pictures that are no plain colour, and which ones (n,) these are."""
    imagehash, image = require("imagehash", extra="corpus"), require("PIL.Image", extra="corpus")
    found, kept = [], []
    for number, rgb in enumerate(pictures):
        grey = image.fromarray(rgb).convert("L").resize((_SIDE, _SIDE), image.Resampling.BOX)
        if np.asarray(grey).std() >= _FLAT:
            found.append(np.packbits(imagehash.phash(grey).hash).view(np.uint64))
            kept.append(number)
    return np.array(found, np.uint64).reshape(-1), np.array(kept, np.int64)

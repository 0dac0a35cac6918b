"""Frames that somebody has already: asked like an open video, for whoever embeds a camera's or a simulator's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.decode import DecodedFrame
from hdvila.media.transforms import resize
from hdvila.types import Frames, Pixels, Seconds

_TICK = 1e-6  # seconds by which a time may miss a frame's start and still mean that frame (float arithmetic)
_STILL = 1.0  # seconds for which a single image is shown


@dataclass(frozen=True, slots=True)
class FramesInfo:
    """What there is to know of given frames; `path` is what errors call them."""

    path: str
    duration: float
    height: int
    width: int


class FramesInMemory:
    """Frames in memory with the questions of `hdvila.media.video.Video` that clips are cut with."""

    def __init__(self, frames: Frames, duration: float) -> None:
        self._frames = frames
        self.info = FramesInfo("the given frames", duration, *frames.rgb.shape[1:3])

    @property
    def pts_seconds(self) -> Seconds:
        """(T,) seconds at which each frame appears."""
        return self._frames.pts_seconds

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]:
        """(n,) times in seconds -> (n,) indices of the frames on screen: the last that began, clamped at both ends."""
        wanted = np.asarray(times, np.float64) + _TICK
        return np.clip(np.searchsorted(self.pts_seconds, wanted, side="right") - 1, 0, len(self._frames) - 1)

    def only(self, indices: Sequence[int]) -> Iterator[DecodedFrame]:
        """Each of these frames, in the order given."""
        for index in indices:
            yield DecodedFrame(index, self._frames.rgb[index], _AsTheyAre())


class _AsTheyAre:
    """Pixels need no development."""

    def rgb(self, frame: Pixels) -> Pixels:
        return frame

    def sized(self, frame: Pixels, height: int, width: int) -> Pixels:
        return resize(frame, height, width)


def frames_in_memory(source: Any, fps: Any = None, times: Any = None) -> FramesInMemory:
    """Frames or an image in memory, ready to be cut into clips.

    Args:
        source: (T, H, W, 3) uint8 RGB, NumPy or torch, with `fps` or `times`; or one image, (H, W, 3) uint8 RGB or of
            Pillow, which is shown for a second (Pillow's are turned upright by their EXIF tag).
        fps: frames a second; the first stands at 0.
        times: (T,) seconds at which the frames appear, rising, from 0 or later. The last stays as long as the median of
            the others.

    Raises:
        UsageError: another type or shape, no times or both kinds of them, times that do not rise.
    """
    pixels = _pixels(source)
    if pixels.ndim == 3:
        if fps is not None or times is not None:
            raise UsageError(
                "fps and times are for frames (T, H, W, 3), and this is one image: leave them out, or make one array "
                "of a list of frames (np.stack)"
            )
        return FramesInMemory(Frames(pixels[None], np.zeros(1)), _STILL)
    if (fps is None) == (times is None):
        raise UsageError(f"{len(pixels)} frames in memory: say when they are shown, by fps= or by times=, not both")
    if fps is not None:
        if not isinstance(fps, Real) or not 0 < (rate := float(fps)) < math.inf:
            raise UsageError(f"fps={fps!r}: give frames a second, a number above 0")
        return FramesInMemory(Frames(pixels, np.arange(len(pixels)) / rate), len(pixels) / rate)
    seconds = _seconds(times, len(pixels))
    last = float(np.median(np.diff(seconds))) if len(seconds) > 1 else _STILL
    return FramesInMemory(Frames(pixels, seconds), float(seconds[-1]) + last)


def _pixels(source: Any) -> Pixels:
    """(T, H, W, 3), or (H, W, 3) of an image."""
    if type(source).__module__.partition(".")[0] == "PIL":
        from PIL import ImageOps

        source = ImageOps.exif_transpose(source).convert("RGB")
    elif hasattr(source, "detach") and hasattr(source, "cpu"):  # of torch, on any device
        source = source.detach().cpu()
    elif not isinstance(source, np.ndarray):
        raise UsageError(
            f"a {type(source).__name__} is no video: give a path, frames (T, H, W, 3) with fps= or times=, or an "
            "image, (H, W, 3) or of Pillow"
        )
    pixels = np.asarray(source)
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[-1] != 3 or 0 in pixels.shape:
        raise UsageError(
            f"frames of shape {pixels.shape} and type {pixels.dtype}: give RGB from 0 to 255 as uint8 with the colours "
            "last, (T, H, W, 3), or (H, W, 3) for one image"
        )
    return np.require(pixels, requirements=["C", "W"])  # not mirrored or read-only, which torch does not take


def _seconds(times: Any, count: int) -> Seconds:
    try:
        seconds = np.asarray(times, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"times={times!r}: give the seconds at which the frames appear, as numbers") from error
    if seconds.shape != (count,):
        raise UsageError(f"times of shape {seconds.shape} for {count} frames: give one for each")
    if not np.isfinite(seconds).all() or seconds[0] < 0 or (np.diff(seconds) <= 0).any():
        raise UsageError("times must be finite, 0 or later, and rise from frame to frame")
    return seconds

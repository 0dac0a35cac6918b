"""Frames in memory as a source of clips, such as those of a camera or a simulator."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.decode import DecodedFrame, frames_on_screen
from hdvila.media.transforms import resize
from hdvila.types import Frames, Pixels, Seconds

_STILL = 1.0  # seconds for which a single image is on screen


@dataclass(frozen=True, slots=True)
class FramesInfo:
    """The facts of frames in memory; `path` is their name in messages."""

    path: str
    duration: float
    height: int
    width: int


class FramesInMemory:
    """Frames in memory with the methods of `hdvila.media.video.Video` by which clips are cut."""

    def __init__(self, frames: Frames, duration: float) -> None:
        self._frames = frames
        self.info = FramesInfo("the given frames", duration, *frames.rgb.shape[1:3])

    @property
    def pts_seconds(self) -> Seconds:
        """(T,) seconds at which each frame appears."""
        return self._frames.pts_seconds

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]:
        """(n,) times in seconds -> (n,) numbers of the frames on screen."""
        return frames_on_screen(self.pts_seconds, times)

    def only(self, indices: Sequence[int]) -> Iterator[DecodedFrame]:
        """Each of these frames, in the order given."""
        for index in indices:
            yield DecodedFrame(index, self._frames.rgb[index], _Unconverted())


class _Unconverted:
    """The `FrameConverter` of frames that are RGB already."""

    def rgb(self, frame: Pixels) -> Pixels:
        return frame

    def sized(self, frame: Pixels, height: int, width: int) -> Pixels:
        return resize(frame, height, width)


def frames_in_memory(source: Any, fps: Any = None, times: Any = None) -> FramesInMemory:
    """Make frames or an image in memory a source of clips.

    Args:
        source: (T, H, W, 3) uint8 RGB, NumPy or torch, with `fps` or `times`; or one image, (H, W, 3) uint8
            RGB or a Pillow image (turned upright by its EXIF orientation), which is on screen for a second.
        fps: frames per second; the first appears at 0.
        times: (T,) seconds at which the frames appear, increasing, from 0 or later. The last frame stays for
            the median of the other durations.

    Raises:
        UsageError: another type or shape, neither or both of `fps` and `times`, or times that do not increase.
    """
    pixels = _pixels(source)
    if pixels.ndim == 3:
        if fps is not None or times is not None:
            raise UsageError(
                "fps and times are for frames (T, H, W, 3), and this is one image: leave them out, or make "
                "one array of a list of frames (np.stack)"
            )
        return FramesInMemory(Frames(pixels[None], np.zeros(1)), _STILL)
    if (fps is None) == (times is None):
        raise UsageError(f"{len(pixels)} frames in memory: say when they appear, by fps= or by times=, not both")
    if fps is not None:
        if not isinstance(fps, Real) or not 0 < (rate := float(fps)) < math.inf:
            raise UsageError(f"fps={fps!r}: give frames per second, a number above 0")
        return FramesInMemory(Frames(pixels, np.arange(len(pixels)) / rate), len(pixels) / rate)
    seconds = _seconds(times, len(pixels))
    last = float(np.median(np.diff(seconds))) if len(seconds) > 1 else _STILL
    return FramesInMemory(Frames(pixels, seconds), float(seconds[-1]) + last)


def _pixels(source: Any) -> Pixels:
    """(T, H, W, 3), or (H, W, 3) of an image."""
    if type(source).__module__.partition(".")[0] == "PIL":
        from PIL import ImageOps

        source = ImageOps.exif_transpose(source).convert("RGB")
    elif hasattr(source, "detach") and hasattr(source, "cpu"):  # a torch tensor on any device
        source = source.detach().cpu()
    elif not isinstance(source, np.ndarray):
        raise UsageError(
            f"an object of type {type(source).__name__} is not a video: give a path, frames (T, H, W, 3) with fps= or "
            "times=, or an image, (H, W, 3) or of Pillow"
        )
    pixels = np.asarray(source)
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[-1] != 3 or 0 in pixels.shape:
        raise UsageError(
            f"frames of shape {pixels.shape} and type {pixels.dtype}: give RGB from 0 to 255 as uint8 with the "
            "channels last, (T, H, W, 3), or (H, W, 3) for one image"
        )
    return np.require(pixels, requirements=["C", "W"])  # torch rejects mirrored and read-only arrays


def _seconds(times: Any, count: int) -> Seconds:
    try:
        seconds = np.asarray(times, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"times={times!r}: give the seconds at which the frames appear, as numbers") from error
    if seconds.shape != (count,):
        raise UsageError(f"times of shape {seconds.shape} for {count} frames: give one for each")
    if not np.isfinite(seconds).all() or seconds[0] < 0 or (np.diff(seconds) <= 0).any():
        raise UsageError("times must be finite, 0 or later, and increase from frame to frame")
    return seconds

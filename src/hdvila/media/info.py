"""The facts of a video as it is displayed and as it plays, its orientation among them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type as SideDataType

from hdvila.errors import MediaError
from hdvila.media.container import language_of
from hdvila.media.headers import Crop
from hdvila.media.timeline import Timeline
from hdvila.types import Pixels

_MAX_SIDE = 16_384  # pixels; 8K is 7680 wide
_MAX_SECONDS = 1e6  # eleven days
_EXIF = (  # swap, flip_x, flip_y of the orientations 1..8
    (False, False, False),
    (False, True, False),
    (False, True, True),
    (False, False, True),
    (True, False, False),
    (True, True, False),
    (True, True, True),
    (True, False, True),
)


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """A subtitle stream inside a video file."""

    index: int
    codec: str
    language: str | None


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts of a video file.

    Attributes:
        path: the file.
        width, height: pixels as displayed: after crop, rotation, reflection and the scaling of non-square pixels.
        fps: frames per second as the file plays: their number less one, over the time from the first to the last.
        duration: seconds from the container's start to the end of the last frame, as its packet gives it, or
            to the end of the audio where that is more than a quarter of a second later.
        num_frames: frames in the timeline of the file.
        start_time: time 0 of `Video` in seconds on the container's own clock.
        codec, pixel_format: in FFmpeg's names, such as ``h264`` and ``yuv420p10le``.
        rotation: degrees clockwise (0, 90, 180, 270) by which the stored frame is turned for display.
        mirrored: whether the stored frame is flipped left to right before it is turned.
        has_audio: whether there is an audio stream.
        subtitle_streams: the subtitle streams inside the file.
        damage: None, or how the file breaks off; all other facts describe its readable part.
        undecodable_tail: seconds at the end that have packets but no frame that can be decoded; None: not
            verified (see `probe`).
    """

    path: str
    width: int
    height: int
    fps: float
    duration: float
    num_frames: int
    start_time: float
    codec: str
    pixel_format: str
    rotation: int
    mirrored: bool
    has_audio: bool
    subtitle_streams: tuple[SubtitleStream, ...]
    damage: str | None
    undecodable_tail: float | None = None


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored frame becomes the displayed one: swap its axes, then flip left-right, then flip up-down.

    A display matrix maps a stored point (x right, y down) to ``(a x + c y, b x + d y)``; phones write it
    instead of turning the pixels. Any matrix is taken for the nearest of the eight at right angles.
    """

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_matrix(cls, a: float, b: float, c: float, d: float) -> Orientation:
        """From the upper left of a display matrix (first row `a b`, second row `c d`), at any scale."""
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    @classmethod
    def of_frame(cls, frame: Any) -> Orientation:
        """From the side data of a decoded PyAV frame; without a display matrix it is upright."""
        try:
            matrix = frame.side_data["DISPLAYMATRIX"]
        except KeyError:
            return cls()
        a, b, _, c, d = np.frombuffer(bytes(matrix), dtype="<i4", count=5).tolist()
        return cls.from_matrix(a, b, c, d)

    @classmethod
    def from_exif(cls, orientation: int) -> Orientation:
        """From the tag of that name, 1..8."""
        return cls(*_EXIF[orientation - 1])

    @property
    def mirrored(self) -> bool:
        """Whether the displayed frame is a mirror image of the stored one."""
        return self.swap ^ self.flip_x ^ self.flip_y

    @property
    def rotation(self) -> int:
        """Degrees clockwise (0, 90, 180, 270) by which the stored frame is turned after any mirroring."""
        if self.swap:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def apply(self, rgb: Pixels) -> Pixels:
        """(H, W, 3) as stored -> (H', W', 3) as displayed."""
        if self.swap:
            rgb = rgb.swapaxes(0, 1)
        return np.ascontiguousarray(rgb[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1])


def stored_size(frame: Any, stream: Any, crop: Crop) -> tuple[int, int]:
    """(width, height) in square pixels of the stored frame after `crop`."""
    ratio = stream.sample_aspect_ratio or 1
    width, height = frame.width - crop.left - crop.right, frame.height - crop.top - crop.bottom
    return max(1, round(width * ratio)), int(height)


def describe(
    path: str | os.PathLike[str],
    container: Any,
    stream: Any,
    timeline: Timeline,
    first: Any,
    orientation: Orientation,
    size: tuple[int, int],
) -> VideoInfo:
    """Collect the facts of a video. `first` is its first decoded frame, `size` the `stored_size` of that.

    Raises:
        MediaError: a damaged header gives an impossible size or duration.
    """
    width, height = size
    if max(width, height) > _MAX_SIDE:
        raise MediaError(
            f"{path}: its header gives a size of {width}x{height} pixels (pixel aspect ratio "
            f"{stream.sample_aspect_ratio}): it is damaged; fetch it again",
            kind="its header is damaged",
        )
    if not 0 < timeline.duration < _MAX_SECONDS:
        raise MediaError(
            f"{path}: its last frame ends {timeline.duration:.1f} s after its start: its times are damaged; "
            "fetch it again",
            kind="its times are damaged",
        )
    played = float(timeline.seconds[-1] - timeline.seconds[0])
    fps = (len(timeline) - 1) / played if played > 0 else 1 / max(timeline.duration - float(timeline.seconds[0]), 1e-3)
    return VideoInfo(
        path=str(path),
        width=height if orientation.swap else width,
        height=width if orientation.swap else height,
        fps=fps,
        duration=timeline.duration,
        num_frames=len(timeline),
        start_time=(container.start_time or 0) / 1e6,
        codec=stream.codec_context.name,
        pixel_format=first.format.name,
        rotation=orientation.rotation,
        mirrored=orientation.mirrored,
        has_audio=bool(container.streams.audio),
        subtitle_streams=tuple(
            SubtitleStream(s.index, s.codec_context.name if s.codec_context else "unknown", language_of(s))
            for s in container.streams.subtitles
        ),
        damage=timeline.damage,
    )


def _unnamed(cls: type[Enum], value: object) -> Enum:
    member = object.__new__(cls)
    member._name_, member._value_ = f"TYPE_{value}", value
    return member


# PyAV 18 raises ValueError for every frame with side data of a type that it has no name for, such as EXIF.
setattr(SideDataType, "_missing_", classmethod(_unnamed))  # noqa: B010

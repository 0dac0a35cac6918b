"""What a video file holds, as it is displayed and as it really plays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from hdvila.errors import MediaError
from hdvila.media.container import language_of
from hdvila.media.headers import Crop
from hdvila.media.timeline import Timeline
from hdvila.types import Pixels

_MAX_SIDE = 16_384  # pixels; 8K is 7680 wide
_MAX_SECONDS = 1e6  # eleven days


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """A subtitle track inside a video file."""

    index: int
    codec: str
    language: str | None


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts of a video file.

    Attributes:
        path: the file.
        width, height: pixels as displayed: after crop, rotation, reflection and the stretch of non-square pixels.
        fps: frames a second that really play: one less than their number over the time between first and last.
        duration: seconds from the container's start to the end of the last frame. It stays as long as its packet says,
            or to the end of the sound where that goes on for more than a quarter of a second longer.
        num_frames: frames that the file times.
        start_time: seconds of the container's own clock at which time 0 of `Video` stands.
        codec, pixel_format: as ffmpeg names them, such as ``h264`` and ``yuv420p10le``.
        rotation: degrees clockwise (0, 90, 180, 270) by which the stored picture is turned for display.
        mirrored: whether the stored picture is flipped left to right before that turn.
        has_audio: whether there is a sound track.
        subtitle_streams: the subtitle tracks inside the file.
        damage: None, or how the file breaks off; its readable part is described by everything else.
        undecodable_tail: seconds at the end that have packets, but of which no picture can be decoded; None: not
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
    """How to turn a stored picture into the displayed one: swap the axes first, then flip left-right, then up-down."""

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_matrix(cls, a: float, b: float, c: float, d: float) -> Orientation:
        """From the four upper-left values of a display matrix (`a b` first row, `c d` second), in any scale."""
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    @classmethod
    def of_frame(cls, frame: Any) -> Orientation:
        """From the side data of a decoded PyAV frame; a frame without a matrix is upright."""
        try:
            matrix = frame.side_data["DISPLAYMATRIX"]
        except KeyError:
            return cls()
        a, b, _, c, d = np.frombuffer(bytes(matrix), dtype="<i4", count=5).tolist()
        return cls.from_matrix(a, b, c, d)

    @property
    def mirrored(self) -> bool:
        """Whether the display is a mirror image of the stored picture."""
        return self.swap ^ self.flip_x ^ self.flip_y

    @property
    def rotation(self) -> int:
        """Degrees clockwise (0, 90, 180, 270) by which the stored picture is turned, after the left-right mirroring."""
        if self.swap:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def apply(self, rgb: Pixels) -> Pixels:
        """(H, W, 3) as stored -> (H', W', 3) as displayed."""
        if self.swap:
            rgb = rgb.swapaxes(0, 1)
        return np.ascontiguousarray(rgb[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1])


def stored_size(frame: Any, stream: Any, crop: Crop) -> tuple[int, int]:
    """(width, height) of what is shown of the stored picture, in square pixels."""
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
    """Put the facts together. `first` is the first decoded frame, `size` its `stored_size`.

    Raises:
        MediaError: a damaged header gives sizes or times that no video has.
    """
    width, height = size
    if max(width, height) > _MAX_SIDE:
        raise MediaError(
            f"{path}: says that it is shown with {width}x{height} pixels (a pixel {stream.sample_aspect_ratio} wide): "
            "its header is damaged; fetch it again",
            kind="its header is damaged",
        )
    if not 0 < timeline.duration < _MAX_SECONDS:
        raise MediaError(
            f"{path}: its last picture ends {timeline.duration:.1f} s after its start: its times are damaged; "
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

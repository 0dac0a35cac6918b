"""The frames of a stream as a corpus stores them: JPEG files, or short pieces of H.264."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Protocol

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from hdvila.errors import MediaError, UsageError
from hdvila.media.codecs import decode_jpeg, encode_jpeg, x264_options
from hdvila.types import Frames, Pixels, Seconds

Form = Literal["jpeg", "h264"]
SUFFIXES: dict[str, Form] = {"jpg": "jpeg", "h264": "h264"}
"""The endings of the files that hold frames, and their form."""

_SECONDS_PER_PIECE = 2.0
_CRF = 23  # of x264, where the quality is 90, the default of JPEG


@dataclass(frozen=True, slots=True, repr=False)
class Packed:
    """One stream of a clip, encoded as files of one form; each file can be decoded without the others.

    Attributes:
        form: a JPEG file holds one frame, a piece of H.264 several in order.
        data: the files in order.
        counts: how many frames each of them holds.
        pts_seconds: (T,) when the frames appear.
        height, width: of the frames in pixels.
    """

    form: Form
    data: tuple[bytes, ...]
    counts: tuple[int, ...]
    pts_seconds: Seconds
    height: int
    width: int

    def __len__(self) -> int:
        return sum(self.counts)

    @classmethod
    def of(cls, frames: Frames, packing: Packing, fps: float) -> Packed:
        """Encode (T, H, W, 3) frames."""
        packer = packing.packer(fps)
        for rgb in frames.rgb:
            packer.add(rgb, 1)
        return packer.finish(frames.pts_seconds)

    def frames(self) -> Frames:
        """Decode all files."""
        return Frames(np.concatenate([unpack(self.form, data) for data in self.data]), self.pts_seconds)


@dataclass(frozen=True, slots=True)
class Packing:
    """How frames are stored. `quality` is that of JPEG, 1..100; H.264 gets a CRF that looks about as good."""

    form: Form = "jpeg"
    quality: int = 90

    def __post_init__(self) -> None:
        if self.form not in SUFFIXES.values() or not 1 <= self.quality <= 100:
            raise UsageError(f"{self}: form is jpeg or h264, quality 1..100")

    def packer(self, fps: float) -> Packer:
        """A new encoder for one stream of a clip, of `fps` frames per second."""
        return _Jpegs(self.quality) if self.form == "jpeg" else _H264(self.quality, fps)


class Packer(Protocol):
    """Encodes the frames of a stream one after another and keeps only the result."""

    def add(self, rgb: Pixels, times: int) -> None:
        """Append (H, W, 3) as `times` frames of the stream."""

    def finish(self, pts_seconds: Seconds) -> Packed:
        """Return the stream, whose frames appear at `pts_seconds` (T,)."""


def unpack(form: Form, data: bytes) -> Pixels:
    """Decode one file of a stream -> (n, H, W, 3).

    Raises:
        MediaError: the bytes are damaged.
    """
    if form == "jpeg":
        return decode_jpeg(data)[None]
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    try:
        packets = [*decoder.parse(data), *decoder.parse(), None]
        decoded = [frame for packet in packets for frame in decoder.decode(packet)]
    except av.error.FFmpegError as error:
        raise MediaError(f"{len(data)} bytes of H.264 cannot be decoded: {error}; encode them again") from error
    if not decoded:
        raise MediaError(f"{len(data)} bytes of H.264 hold no frame; encode them again")
    converter = VideoReformatter()
    rgb = [converter.reformat(frame, format="rgb24", threads=1).to_ndarray() for frame in decoded]
    return np.stack(rgb)


class _Jpegs:
    def __init__(self, quality: int) -> None:
        self._quality = quality
        self._data: list[bytes] = []
        self._size = (0, 0)

    def add(self, rgb: Pixels, times: int) -> None:
        self._size = rgb.shape[:2]
        self._data += [encode_jpeg(rgb, self._quality)] * times

    def finish(self, pts_seconds: Seconds) -> Packed:
        return Packed("jpeg", tuple(self._data), (1,) * len(self._data), pts_seconds, *self._size)


class _H264:
    """Pieces of two seconds, each with its own headers and a key frame first; BT.601, limited range.

    The same frames give the same bytes.
    """

    def __init__(self, quality: int, fps: float) -> None:
        self._crf = min(51, max(1, round(_CRF + (90 - quality) / 2)))
        self._rate = Fraction(fps).limit_denominator(1001)
        self._piece = max(1, round(_SECONDS_PER_PIECE * fps))
        self._encoder: Any = None
        self._data: list[bytes] = []
        self._counts: list[int] = []
        self._count = 0
        self._size = (0, 0)

    def add(self, rgb: Pixels, times: int) -> None:
        if self._encoder is None:
            self._size = rgb.shape[:2]
            self._encoder = self._open(*self._size)
        for _ in range(times):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = self._count, 1 / self._rate
            self._count += 1
            self._keep(self._encoder.encode(frame))

    def finish(self, pts_seconds: Seconds) -> Packed:
        self._keep(self._encoder.encode(None))
        return Packed("h264", tuple(self._data), tuple(self._counts), pts_seconds, *self._size)

    def _keep(self, packets: list[Any]) -> None:
        for packet in packets:
            if packet.is_keyframe:
                self._data.append(b"")
                self._counts.append(0)
            self._data[-1] += bytes(packet)
            self._counts[-1] += 1

    def _open(self, height: int, width: int) -> Any:
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height = width, height
        encoder.pix_fmt = "yuv444p" if height % 2 or width % 2 else "yuv420p"  # 4:2:0 needs even sides
        encoder.time_base, encoder.framerate = 1 / self._rate, self._rate
        encoder.thread_count = 1
        every = {"keyint": self._piece, "min_keyint": self._piece, "scenecut": 0, "open_gop": 0}
        encoder.options = x264_options(self._crf, "veryfast", **every, repeat_headers=1, annexb=1)
        return encoder

"""The streams of a clip as a store keeps them: frames of a rate and a size each, under a name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.codecs import decode_image, is_upright_jpeg, read_image_file
from hdvila.media.decode import DecodedFrame, TimeSpan, clamp_span, clip_times, decode_clips
from hdvila.media.info import VideoInfo
from hdvila.media.packed import Packed, Packer, Packing
from hdvila.media.transforms import resize
from hdvila.media.video import Video, open_video
from hdvila.types import Frames, Pixels, Seconds

__all__ = ["ClipStreams", "FrameStream", "FrameToPixels", "clip_streams", "image_streams", "stream_ratio", "streams"]

FrameToPixels = Callable[[DecodedFrame], Pixels]
"""From a decoded frame to the (H, W, 3) pixels that a stream stores."""

_JPEG = Packing()


@dataclass(frozen=True, slots=True)
class FrameStream:
    """What of a video becomes a stream.

    Attributes:
        fps: frames per second.
        lines: pixels of the short side. Nothing is enlarged: a smaller video keeps its size.
        at: another stream, at every n-th of whose frames the frames of this one stand; n is the ratio of their rates.
            The frames of the other stream are smaller by exactly the ratio of their lines.
    """

    fps: float
    lines: int
    at: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.fps < float("inf") or self.lines < 1:
            raise UsageError(f"a stream of {self.fps:g} frames a second of {self.lines} lines: both must be above 0")


class ClipStreams(NamedTuple):
    """The frames of a clip by stream, and how many of them are damaged (see `Video.spoiled`).

    Frames that stand at those of another stream are not counted again.
    """

    frames: dict[str, Packed]
    spoiled: int


def clip_streams(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    wanted: Mapping[str, FrameStream],
    packing: Packing = _JPEG,
    *,
    own_lines: bool = False,
) -> Iterator[ClipStreams]:
    """Read the streams of every span, in the order given, in one pass over the video.

    Each frame is encoded as soon as it is decoded.

    The frames of a stream are those on screen at ``start + k / fps`` inside the span. One that stands `at` another
    takes every n-th frame of that one, and its size is rounded to multiples of the ratio of their lines. Nothing is
    enlarged. One thread decodes, which takes the least processor time; to read many videos, start one process per core.

    Args:
        path: the video.
        spans: clips in seconds, half-open; sorted by their start they take the least memory.
        wanted: by name, which frames.
        packing: JPEG of some quality, or H.264.
        own_lines: where a video has fewer lines than a stream asks for, give the stream that it stands at its own lines
            all the same, or all that there are, instead of the exact fraction of fewer.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates or lines of streams at one another that do not divide, or a span outside the video.
    """
    for name, one in wanted.items():
        if one.at is not None:
            stream_ratio(one.lines, wanted[one.at].lines, f"lines ({name}, {one.at})")

    def to_pixels(info: VideoInfo) -> dict[str, FrameToPixels]:
        return {name: _shrunk_to(_size(info, name, wanted, own_lines)) for name in wanted}

    yield from streams(path, spans, wanted, to_pixels, packing)


def streams(
    path: str | os.PathLike[str],
    spans: Sequence[TimeSpan],
    wanted: Mapping[str, FrameStream],
    to_pixels: Callable[[VideoInfo], Mapping[str, FrameToPixels]],
    packing: Packing = _JPEG,
) -> Iterator[ClipStreams]:
    """Read streams as `clip_streams` does, with frames of another kind.

    `to_pixels` gives for a video, by stream, the function that makes its frames; `wanted` then says their rates alone.

    Raises:
        MediaError: the file cannot be read.
        UsageError: rates that do not divide, or a span outside the video.
    """
    strides = {
        name: 1 if one.at is None else stream_ratio(wanted[one.at].fps, one.fps, "frames a second")
        for name, one in wanted.items()
    }
    with open_video(path, threads=1) as video:
        makers = to_pixels(video.info)

        def job(span: TimeSpan) -> _StreamsJob:
            start_end = clamp_span(video, span)
            own = {one.at or name: wanted[one.at or name].fps for name, one in wanted.items()}
            indices = {name: video.indices_at(clip_times(*start_end, fps)) for name, fps in own.items()}
            return _StreamsJob(
                {
                    name: _Stream(
                        indices[one.at or name][:: strides[name]], makers[name], packing.packer(one.fps), one.at is None
                    )
                    for name, one in wanted.items()
                }
            )

        for done in decode_clips(video, [job(span) for span in spans]):
            yield done.finish(video)


def image_streams(path: str | os.PathLike[str], wanted: Mapping[str, FrameStream]) -> ClipStreams:
    """Streams of an image that stands still, a frame each, at time 0.

    The largest stream has the bytes of the file, if it is an upright JPEG that is not to be made smaller; what is
    encoded anew is JPEG.

    Args:
        path: a JPEG, PNG, GIF or WebP file.
        wanted: by name, of which size; rates do not matter. Nothing is enlarged.

    Raises:
        MediaError: the file cannot be read.
    """
    data = read_image_file(path)
    rgb = decode_image(data, path)
    height, width = rgb.shape[:2]

    def packed(short_side: int) -> Packed:
        size = _sized(height, width, short_side)
        still = rgb if size == (height, width) else resize(rgb[None], *size)[0]
        return Packed.of(Frames(still[None], np.zeros(1)), _JPEG, 1.0)

    largest = max(one.lines for one in wanted.values())
    whole = None
    if min(height, width) <= largest and is_upright_jpeg(data):
        whole = Packed("jpeg", (data,), (1,), np.zeros(1), height, width)
    frames = {
        name: whole if whole is not None and one.lines == largest else packed(one.lines) for name, one in wanted.items()
    }
    return ClipStreams(frames, 0)


def stream_ratio(more: float, less: float, what: str) -> int:
    """``more / less``, which must be a whole number; `what` names the unit in messages.

    Raises:
        UsageError: it does not divide.
    """
    ratio = round(more / less) if less > 0 else 0
    if ratio < 1 or abs(ratio * less - more) > 1e-9 * more:
        raise UsageError(f"{more:g} and {less:g} {what}: the first must be a whole multiple of the second")
    return ratio


def _size(info: VideoInfo, name: str, wanted: Mapping[str, FrameStream], own_lines: bool) -> tuple[int, int]:
    """(height, width) of the frames of a stream."""
    one = wanted[name]
    if one.at is not None:
        return _sized(info.height, info.width, one.lines, stream_ratio(one.lines, wanted[one.at].lines, "lines"))
    larger = next((other for other, stream in wanted.items() if stream.at == name), None)
    if larger is None or (own_lines and min(info.height, info.width) < wanted[larger].lines):
        return _sized(info.height, info.width, one.lines)
    ratio = stream_ratio(wanted[larger].lines, one.lines, "lines")
    height, width = _size(info, larger, wanted, own_lines)
    return height // ratio, width // ratio


def _sized(height: int, width: int, short_side: int, multiple: int = 1) -> tuple[int, int]:
    """(height, width) with this short side, or the own one if smaller, in multiples of `multiple`."""
    scale = min(1.0, short_side / min(height, width))
    height, width = (max(1, round(side * scale / multiple)) * multiple for side in (height, width))
    return height, width


def _shrunk_to(size: tuple[int, int]) -> FrameToPixels:
    return lambda frame: frame.sized(*size)


@dataclass(frozen=True, slots=True)
class _Stream:
    """One stream of a clip. `indices` (T,) are the numbers of its frames in the video."""

    indices: NDArray[np.int64]
    to_pixels: FrameToPixels
    packer: Packer
    counted: bool
    """Whether its damaged frames are counted: those of a stream at another one are counted there."""

    def put(self, frame: DecodedFrame) -> None:
        if times := int((self.indices == frame.index).sum()):
            self.packer.add(self.to_pixels(frame), times)

    def finish(self, pts_seconds: Seconds) -> Packed:
        return self.packer.finish(pts_seconds[self.indices])


@dataclass(frozen=True, slots=True)
class _StreamsJob:
    streams: Mapping[str, _Stream]

    def needs(self) -> set[int]:
        return {index for stream in self.streams.values() for index in stream.indices.tolist()}

    def put(self, frame: DecodedFrame) -> None:
        for stream in self.streams.values():
            stream.put(frame)

    def finish(self, video: Video) -> ClipStreams:
        spoiled = sum(int(video.spoiled[one.indices].sum()) for one in self.streams.values() if one.counted)
        return ClipStreams({name: one.finish(video.pts_seconds) for name, one in self.streams.items()}, spoiled)

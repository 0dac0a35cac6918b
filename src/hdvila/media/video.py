"""Frames of a video by index, by time, or one after the other, exact to the frame.

Seeking goes to the key frame before and decodes forward, so any frame comes out as a decode from the start would give
it. Colours follow the file's own tags (matrix and range; untagged files as BT.601, as ffmpeg does) to 8-bit RGB.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from hdvila.errors import MediaError, UsageError
from hdvila.media.container import open_container, picture_stream, speaking_of
from hdvila.media.info import VideoInfo, describe, stored_size
from hdvila.media.orientation import Orientation
from hdvila.media.picture import Development, Picture
from hdvila.media.spoiled import Spoiled
from hdvila.media.timeline import Timeline, read_timeline
from hdvila.types import Frames, Pixels, Seconds

_TICK = 1e-6  # seconds by which a time may miss a frame's start and still mean that frame (float arithmetic)
_Decoded = tuple[int, Any]  # pts in ticks, PyAV frame
_SKIPS_EXACTLY = {"h264"}  # decoders that can leave out frames on which no other is built, and give the rest unchanged
_UNNOTICED = 3  # packets before one that a decoder refuses, in which the damage may have begun
_WORTH_A_SEEK = 12  # frames that must be saved before a seek is cheaper than decoding on


def open_video(path: str | os.PathLike[str], threads: int | None = None) -> Video:
    """Open a video for reading; use it as a context manager.

    Args:
        path: the video.
        threads: of the decoder; None: up to four. One costs the least processor time and memory.

    Raises:
        MediaError: the file is missing, empty, no video, or none of its pictures can be decoded.
    """
    return Video(path, threads)


class Video:
    """An open video. ``info`` says what it is; ``pts_seconds`` (T,) when each frame appears (container start = 0)."""

    def __init__(self, path: str | os.PathLike[str], threads: int | None = None) -> None:
        self._path, self._threads = path, threads
        self._decoder: Iterator[_Decoded] = iter(())
        self._current: _Decoded | None = None  # on screen
        self._pending: _Decoded | None = None  # decoded, but not on screen yet
        self._from_start = True
        self._spoiled = Spoiled()
        self._needed: frozenset[int] | None = None  # ticks of the only frames that are wanted; None: any may be
        self._container = open_container(path)
        try:
            with speaking_of(path):
                self._prepare()
        except BaseException:
            self._container.close()
            raise

    def _prepare(self) -> None:
        self._stream = picture_stream(self._container, self._path, self._threads)
        timeline = read_timeline(self._container, self._stream)
        self._timeline = timeline
        self._rewind()
        first = next(self._decoder, None)
        if first is None or not len(timeline):
            raise MediaError(f"{self._path}: no picture of it can be decoded: it is damaged; fetch it again")
        self._timeline = timeline = _from_first_picture(timeline, first[0])
        self._pending = first
        orientation = Orientation.of_frame(first[1])
        self._development = Development(orientation, stored_size(first[1], self._stream))
        self._may_skip = self._stream.codec_context.name in _SKIPS_EXACTLY and not first[1].interlaced_frame
        self.info: VideoInfo = describe(self._path, self._container, self._stream, timeline, first[1], orientation)

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._current = self._pending = None
        self._decoder = iter(())
        self._container.close()

    @property
    def pts_seconds(self) -> Seconds:
        """(T,) seconds from the container's start at which each frame appears."""
        return self._timeline.seconds

    @property
    def spoiled(self) -> NDArray[np.bool_]:
        """(T,) whether a frame is known to be damaged, or built on one that is, by what has been decoded so far."""
        return self._spoiled.frames(self._timeline)

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]:
        """(n,) times in seconds -> (n,) indices of the frames on screen: the last that began, clamped at both ends."""
        wanted = np.asarray(times, np.float64) + _TICK
        return np.clip(np.searchsorted(self.pts_seconds, wanted, side="right") - 1, 0, len(self._timeline) - 1)

    def pick(self, indices: Iterable[int]) -> Iterator[tuple[int, Pixels]]:
        """Yield (index, (H, W, 3) rgb) for each index in the order given; rising order needs one pass only.

        A frame that is damaged beyond decoding shows the picture before it, as a player does.

        Raises:
            UsageError: an index that the video does not have.
        """
        for picture in self._pictures(indices):
            yield picture.index, picture.rgb

    def only(self, indices: Sequence[int]) -> Iterator[Picture]:
        """`pick` for a pass whose frames are all known before: what no frame among them depends on is not decoded.

        The frames are to the bit those of a whole decode. Nothing else may be read from the video meanwhile.

        Args:
            indices: in rising order.
        """
        if self._may_skip and not self._timeline.counted:
            self._needed = frozenset(self._timeline.pts[np.asarray(indices, np.int64)].tolist())
        try:
            yield from self._pictures(indices)
        finally:
            self._needed = None
            self._begin(from_start=False)  # the frames that the decoder holds have gaps between them

    def _pictures(self, indices: Iterable[int]) -> Iterator[Picture]:
        for index in indices:
            if not 0 <= index < len(self._timeline):
                raise UsageError(f"{self._path}: has frames 0..{len(self._timeline) - 1}, there is no frame {index}")
            with speaking_of(self._path):
                frame = self._seek(int(index))
            yield Picture(int(index), frame, self._development)

    def frames(self, indices: Sequence[int] | NDArray[np.int64]) -> Frames:
        """The frames with these numbers (0 is the first displayed), in the order given: (n, H, W, 3)."""
        chosen = np.asarray(indices, np.int64).reshape(-1)
        rgb = np.empty((len(chosen), self.info.height, self.info.width, 3), np.uint8)
        unique, places = np.unique(chosen, return_inverse=True)
        for position, (_, picture) in enumerate(self.pick(unique.tolist())):
            rgb[places == position] = picture
        return Frames(rgb, self.pts_seconds[chosen])

    def at(self, times: Sequence[float] | Seconds) -> Frames:
        """The frames on screen at these times in seconds; before the first and after the last frame, these two."""
        return self.frames(self.indices_at(times))

    def walk(self, start: float | None = None, end: float | None = None) -> Iterator[tuple[float, Pixels]]:
        """Yield (pts in seconds, (H, W, 3) rgb) of every frame on screen during ``[start, end)``, in order."""
        if start is not None and end is not None and end <= start:
            return
        first = 0 if start is None else int(self.indices_at([start])[0])
        last = len(self._timeline) if end is None else int(np.searchsorted(self.pts_seconds, end - _TICK))
        for index, rgb in self.pick(range(first, last)):
            yield float(self.pts_seconds[index]), rgb

    def last_decoded(self) -> int:
        """The number of the last frame that can be decoded; a file whose end is lost has more in its packets."""
        with speaking_of(self._path):
            self._seek(len(self._timeline) - 1)
        assert self._current is not None
        return int(np.searchsorted(self._timeline.pts, self._current[0], side="right")) - 1

    def _seek(self, index: int) -> Any:
        """The decoded frame on screen at ``pts[index]``."""
        target = int(self._timeline.pts[index])
        if self._goes_on_to(index):
            self._advance(target)
        else:
            for begin in self._ways_to(index):
                begin()
                if self._advance(target):
                    break
        if self._current is None:
            what = "pictures in it cannot be decoded"
            raise MediaError(f"{self._path}: {what} (near frame {index}); the file is damaged there", kind=what)
        if self._current[0] != target:  # the picture before stays on screen
            self._spoiled.note(target)
        return self._current[1]

    def _goes_on_to(self, index: int) -> bool:
        """Whether decoding on from here reaches frame `index`, and no key frame saves much of the way."""
        here = self._current or self._pending
        if here is None or here[0] > self._timeline.pts[index]:
            return False
        position = int(np.searchsorted(self._timeline.pts, here[0]))
        key = int(np.searchsorted(self._timeline.keys, index, side="right")) - 1
        return key < 0 or int(self._timeline.keys[key]) - position <= _WORTH_A_SEEK

    def _ways_to(self, index: int) -> Iterator[Any]:
        """Where to begin decoding: the key frame before, the one before that, the start of the file."""
        keys = self._timeline.keys[self._timeline.keys <= index]
        if not self._timeline.counted:
            for key in keys[:-3:-1]:
                yield lambda key=key: self._jump(int(self._timeline.pts[key]))
        yield self._rewind

    def _advance(self, target: int) -> bool:
        """Decode up to `target`; False when decoding began only after it."""
        while True:
            if self._pending is None:
                self._pending = next(self._decoder, None)
            if self._pending is None:  # the end: the last picture stays
                return self._current is not None
            if self._pending[0] > target and self._current is not None:
                return True
            if self._pending[0] > target and not self._from_start:
                return False
            self._current, self._pending = self._pending, None
            if self._current[0] >= target:
                return True

    def _jump(self, pts: int) -> None:
        self._container.seek(pts, stream=self._stream, backward=True)
        self._spoiled.decoding_from(pts)
        self._begin(from_start=False)

    def _rewind(self) -> None:
        self._container.close()
        self._container = open_container(self._path)
        self._stream = picture_stream(self._container, self._path, self._threads)
        self._spoiled.decoding_from(None)
        self._begin(from_start=True)

    def _begin(self, from_start: bool) -> None:
        self._from_start = from_start
        self._current = self._pending = None
        self._decoder = self._decode()

    def _decode(self) -> Iterator[_Decoded]:
        """(pts, frame) in order of display from where the container stands; damaged packets are passed over."""
        counted = self._timeline.counted
        count, last = 0, None
        before: deque[int | None] = deque(maxlen=_UNNOTICED)
        for packet in self._packets():
            self._skip_unless_needed(packet)
            try:
                frames = self._stream.codec_context.decode(packet)
            except av.error.FFmpegError:
                for pts in [*before, count if counted else packet and packet.pts]:
                    self._spoiled.note(pts)
                continue
            before.append(None if counted or packet is None else packet.pts)
            for frame in frames:
                pts = count if counted else frame.pts
                count += 1
                if frame.is_corrupt:
                    self._spoiled.note(pts)
                if pts is not None and (last is None or pts > last):
                    last = pts
                    yield pts, frame

    def _skip_unless_needed(self, packet: Any) -> None:
        """Have the decoder pass over a frame that nobody wants, if no other frame is built on it."""
        context = self._stream.codec_context
        wanted = self._needed is None or packet is None or packet.pts is None or packet.pts in self._needed
        level = "DEFAULT" if wanted else "NONREF"
        if context.skip_frame != level:
            context.skip_frame = level

    def _packets(self) -> Iterator[Any]:
        """What is left of the file, then None, which empties the decoder."""
        with suppress(av.error.FFmpegError):  # the file breaks off; Timeline.note says so
            yield from self._container.demux(self._stream)
        yield None


def _from_first_picture(timeline: Timeline, pts: int) -> Timeline:
    """Leave out packets before the first picture: a recording that begins in mid-stream cannot show them."""
    lost = int(np.searchsorted(timeline.pts, pts))
    if lost == 0 or lost >= len(timeline):
        return timeline
    keys = timeline.keys[timeline.keys >= lost] - lost
    return replace(timeline, pts=timeline.pts[lost:], seconds=timeline.seconds[lost:], keys=keys)

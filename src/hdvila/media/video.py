"""Frames of a video by number, by time, or in sequence, exact to the frame.

A seek goes to the key frame before and decodes forward, so every frame is the one that a decode from the
start gives. Pixels are 8-bit RGB as a player shows them: read by the file's tags, HDR converted to SDR
(`hdvila.media.colours`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media.colours import Colours
from hdvila.media.container import encrypted_error, media_errors, open_container, undecodable_error, video_stream
from hdvila.media.decode import TICK, DecodedFrame, FrameConverter, frames_on_screen
from hdvila.media.headers import NO_CROP, Crop, Track, read_track
from hdvila.media.info import Orientation, VideoInfo, describe, stored_size
from hdvila.media.scan import MATROSKA, scan_packets
from hdvila.media.seek import SeekingDecoder
from hdvila.media.timeline import Timeline, read_timeline
from hdvila.types import Frames, Pixels, Seconds

_SKIPS_EXACTLY = {"h264"}  # decoders that can skip frames without dependents and leave the others unchanged
_PROTECTED = {"drmi", "encv"}  # codec tags of protected MP4 tracks whose packets do not say so


def open_video(path: str | os.PathLike[str], threads: int | None = None) -> Video:
    """Open a video for reading; use it as a context manager.

    Args:
        path: the video.
        threads: of the decoder; None: up to four. One thread takes the least processor time and memory.

    Raises:
        MediaError: the file is missing, empty, not a video, or none of its frames can be decoded.
    """
    return Video(path, threads)


def probe(path: str | os.PathLike[str], *, verify_tail: bool = False) -> VideoInfo:
    """Read the facts of a video from all its packets and its first frame.

    Args:
        path: the video.
        verify_tail: also decode the end, from the last key frame on (all of the file if that gives no frame),
            and report in `VideoInfo.undecodable_tail` how many seconds have no frame.

    Raises:
        MediaError: the file is missing, empty, not a video, or none of its frames can be decoded.
    """
    with open_video(path) as video:
        if not verify_tail:
            return video.info
        last = video.pts_seconds[video.last_decoded()]
        return replace(video.info, undecodable_tail=float(np.max(video.pts_seconds) - last))


class Video:
    """An open video; all times are seconds from the container's start. `info` holds its facts."""

    def __init__(self, path: str | os.PathLike[str], threads: int | None = None) -> None:
        self._path = path
        with media_errors(path):
            timeline, self._crop = _scan(path)
            self._decoder = SeekingDecoder(path, threads, timeline)
        try:
            with media_errors(path):
                self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        decoder = self._decoder
        first = decoder.first()
        if first is None or not len(decoder.timeline):
            raise undecodable_error(self._path)
        decoder.timeline = timeline = _from_first_frame(decoder.timeline, first[0])
        container, stream, frame = decoder.container, decoder.stream, first[1]
        orientation = Orientation.of_frame(frame)
        crop = self._crop if self._crop.leaves_some(frame.width, frame.height) else NO_CROP
        size = stored_size(frame, stream, crop)
        self._converter = FrameConverter(orientation, size, Colours(frame, stream.codec_context), crop)
        self._may_skip = stream.codec_context.name in _SKIPS_EXACTLY and not frame.interlaced_frame
        self.info: VideoInfo = describe(self._path, container, stream, timeline, frame, orientation, size)

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    @property
    def pts_seconds(self) -> Seconds:
        """(T,) seconds at which each frame appears."""
        return self._decoder.timeline.seconds

    @property
    def keys(self) -> NDArray[np.int64]:
        """(K,) numbers of the frames at which decoding can begin, as far as the file marks them."""
        return self._decoder.timeline.keys

    @property
    def spoiled(self) -> NDArray[np.bool_]:
        """(T,) whether each frame is damaged or depends on a damaged one, as far as decoding so far has shown."""
        return self._decoder.damage.frames(self._decoder.timeline.pts, self._decoder.timeline.keys)

    def indices_at(self, times: Sequence[float] | Seconds) -> NDArray[np.int64]:
        """(n,) times in seconds -> (n,) numbers of the frames on screen, clamped to the first and the last."""
        return frames_on_screen(self.pts_seconds, times)

    def pick(self, indices: Iterable[int]) -> Iterator[tuple[int, Pixels]]:
        """Yield (index, (H, W, 3) rgb) for each index in the order given; ascending order takes one pass.

        A frame that cannot be decoded is replaced by the one before it, as in a player.

        Raises:
            UsageError: the video has no frame of this number.
        """
        for frame in self._decoded(indices):
            yield frame.index, frame.rgb

    def only(self, indices: Sequence[int]) -> Iterator[DecodedFrame]:
        """Yield the frames of a pass that is known in advance, and decode only those on which they depend.

        They equal the frames of a complete decode to the bit. Read nothing else from the video meanwhile.

        Args:
            indices: in ascending order.
        """
        if self._may_skip and not self._decoder.timeline.counted:
            self._decoder.needed = frozenset(self._decoder.timeline.pts[np.asarray(indices, np.int64)].tolist())
        try:
            yield from self._decoded(indices)
        finally:
            self._decoder.needed = None
            self._decoder.begin(from_start=False)  # the frames that the decoder holds have gaps

    def _decoded(self, indices: Iterable[int]) -> Iterator[DecodedFrame]:
        for index in indices:
            if not 0 <= index < len(self._decoder.timeline):
                raise UsageError(
                    f"{self._path}: has frames 0..{len(self._decoder.timeline) - 1}, there is no frame {index}"
                )
            with media_errors(self._path):
                frame = self._decoder.frame(int(index))
            yield DecodedFrame(int(index), frame, self._converter)

    def frames(self, indices: Sequence[float] | NDArray[np.int64] | Seconds) -> Frames:
        """The frames of these numbers (0 is the first displayed) in the order given: (n, H, W, 3).

        Numbers with a decimal point, such as 0.0 and 1.5, are times in seconds, as in `at`.
        """
        chosen = np.asarray(indices).reshape(-1)
        if len(chosen) and np.issubdtype(chosen.dtype, np.floating):
            chosen = self.indices_at(chosen)
        chosen = chosen.astype(np.int64)
        rgb = np.empty((len(chosen), self.info.height, self.info.width, 3), np.uint8)
        unique, places = np.unique(chosen, return_inverse=True)
        for position, (_, pixels) in enumerate(self.pick(unique.tolist())):
            rgb[places == position] = pixels
        return Frames(rgb, self.pts_seconds[chosen])

    def at(self, times: Sequence[float] | Seconds) -> Frames:
        """The frames on screen at these times in seconds, clamped to the first and the last frame."""
        return self.frames(self.indices_at(times))

    def walk(self, start: float | None = None, end: float | None = None) -> Iterator[tuple[float, Pixels]]:
        """Yield (pts in seconds, (H, W, 3) rgb) of every frame on screen during ``[start, end)``, in order."""
        if start is not None and end is not None and end <= start:
            return
        first = 0 if start is None else int(self.indices_at([start])[0])
        last = len(self._decoder.timeline) if end is None else int(np.searchsorted(self.pts_seconds, end - TICK))
        for index, rgb in self.pick(range(first, last)):
            yield float(self.pts_seconds[index]), rgb

    def last_decoded(self) -> int:
        """The number of the last frame that can be decoded; after it there may be packets that give none."""
        with media_errors(self._path):
            last = self._decoder.last()
        return int(np.searchsorted(self._decoder.timeline.pts, last, side="right")) - 1


def _scan(path: str | os.PathLike[str]) -> tuple[Timeline, Crop]:
    container = open_container(path)
    try:
        stream = video_stream(container, path)
        scan = scan_packets(container, stream)
        is_matroska = container.format.name == MATROSKA
        track = read_track(path, container.streams.video.index(stream)) if is_matroska else Track()
        if scan.encrypted or track.encrypted or stream.codec_context.codec_tag in _PROTECTED:
            raise encrypted_error(path)
        return read_timeline(container, stream, scan), track.crop
    finally:
        container.close()


def _from_first_frame(timeline: Timeline, pts: int) -> Timeline:
    """Leave out packets before the first decoded frame: a recording that begins mid-stream cannot show them."""
    lost = int(np.searchsorted(timeline.pts, pts))
    if lost == 0 or lost >= len(timeline):
        return timeline
    return timeline.without(lost)

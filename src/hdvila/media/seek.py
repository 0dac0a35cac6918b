"""The decoded frame on screen at a tick of a timeline, reached by the shortest way that gives the right one.

A seek is trusted only if it leads to the wanted packet. Transport and program streams have no index, and
FFmpeg lands behind the key frame in them, so there a key frame is found by its position in the file and
recognised by its size.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any

import av
import numpy as np

from hdvila.errors import MediaError
from hdvila.media.container import open_container, video_stream
from hdvila.media.damage import DamageTracker
from hdvila.media.scan import KeyPacket
from hdvila.media.timeline import Timeline

_Decoded = tuple[int, Any]  # pts in ticks, PyAV frame
_UNNOTICED = 3  # packets before a refused one in which the damage may have begun
_WORTH_A_SEEK = 12  # frames to skip before a seek is cheaper than decoding on
_LANDS_BEFORE = 1000  # packets that may lie between the target of a seek and the wanted packet


class SeekingDecoder:
    """Decodes the frames of one video in presentation order, from any of them on.

    Attributes:
        timeline: of all frames; `Video` narrows it once the first decoded frame is known.
        damage: the damaged frames among those that were decoded so far.
        needed: ticks of the only frames that are wanted; None: all.
        container, stream: of PyAV.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int | None, timeline: Timeline) -> None:
        self.timeline = timeline
        self.damage = DamageTracker()
        self.needed: frozenset[int] | None = None
        self._path, self._threads = path, threads
        self._frames: Iterator[_Decoded] = iter(())
        self._current: _Decoded | None = None  # on screen
        self._pending: _Decoded | None = None  # decoded, but not on screen yet
        self._from_start = True
        self._number: int | None = None  # of the next packet, where that determines its times
        self.container = open_container(path)
        self.stream = video_stream(self.container, path, threads)
        self.begin(from_start=True)

    def close(self) -> None:
        """Close the file."""
        self._current = self._pending = None
        self._frames = iter(())
        self.container.close()

    def first(self) -> _Decoded | None:
        """The first frame and its tick; None if no frame can be decoded."""
        self._pending = next(self._frames, None)
        return self._pending

    def last(self) -> int:
        """The tick of the last frame that can be decoded."""
        self.frame(len(self.timeline) - 1)
        assert self._current is not None
        return self._current[0]

    def frame(self, index: int) -> Any:
        """The decoded frame on screen at ``pts[index]``.

        Raises:
            MediaError: neither it nor any before it can be decoded.
        """
        target = int(self.timeline.pts[index])
        if self._reaches(index):
            self._advance(target)
        else:
            for key in self._ways_to(index):
                if self._begin_at(key) and self._advance(target):
                    break
        if self._current is None:
            what = "frames in it cannot be decoded"
            raise MediaError(f"{self._path}: {what} (near frame {index}); the file is damaged there", kind=what)
        if self._current[0] != target:  # the frame before stays on screen
            self.damage.note(target)
        return self._current[1]

    def _reaches(self, index: int) -> bool:
        """Whether decoding on from here reaches frame `index` about as fast as a seek does."""
        here = self._current or self._pending
        if here is None or here[0] > self.timeline.pts[index]:
            return False
        position = int(np.searchsorted(self.timeline.pts, here[0]))
        key = int(np.searchsorted(self.timeline.keys, index, side="right")) - 1
        return key < 0 or int(self.timeline.keys[key]) - position <= _WORTH_A_SEEK

    def _ways_to(self, index: int) -> Iterator[KeyPacket | None]:
        """Where to begin decoding: the key frame before, the one before that, the start of the file (None)."""
        if not self.timeline.counted:
            last = int(np.searchsorted(self.timeline.keys, index, side="right"))
            yield from self.timeline.key_packets[max(0, last - 2) : last][::-1]
        yield None

    def _advance(self, target: int) -> bool:
        """Decode up to `target`; False when decoding began only after it."""
        while True:
            if self._pending is None:
                self._pending = next(self._frames, None)
            if self._pending is None:  # the end: the last frame stays
                return self._current is not None
            if self._pending[0] > target and self._current is not None:
                return True
            if self._pending[0] > target and not self._from_start:
                return False
            self._current, self._pending = self._pending, None
            if self._current[0] >= target:
                return True

    def _begin_at(self, key: KeyPacket | None) -> bool:
        """Begin decoding at a key frame, or at the start of the file (None); False: the key frame is not found."""
        if key is None:
            self.container.close()
            self.container = open_container(self._path)
            self.stream = video_stream(self.container, self._path, self._threads)
            self.damage.decoding_from(None)
            self.begin(from_start=True)
            return True
        known = self.timeline.packets
        with suppress(av.error.FFmpegError):
            if known is None:
                self.container.seek(key.pts, stream=self.stream, backward=True)
            else:
                self.container.seek(key.runup, unsupported_byte_offset=True)
            packets, before = self._packets(), 0
            for packet in islice(packets, _LANDS_BEFORE):
                if packet is None or ((packet.dts or 0) > (key.dts or 0) and known is None):
                    break
                if known is None:
                    found = packet.pts == key.pts
                else:  # its time means nothing yet: compare positions, and the size of the packet before
                    found = packet.pos == key.pos and (not key.ordinal or before == known[key.ordinal - 1, 1])
                if found and packet.size == key.size:
                    self.damage.decoding_from(key.pts)
                    self._number = key.ordinal if known is not None else None
                    self.begin(from_start=False, packets=chain([packet], packets))
                    return True
                before = packet.size
        return False

    def begin(self, *, from_start: bool, packets: Iterator[Any] | None = None) -> None:
        """Drop all decoded frames and continue with `packets`; None: with the next ones of the file."""
        self._from_start = from_start
        if from_start:
            self._number = None
        self._current = self._pending = None
        self._frames = self._decode(packets or self._packets())

    def _decode(self, packets: Iterator[Any]) -> Iterator[_Decoded]:
        """(pts, frame) of `packets` in presentation order; damaged packets are skipped."""
        counted = self.timeline.counted
        count, last = 0, None
        before: deque[int | None] = deque(maxlen=_UNNOTICED)
        for packet in packets:
            self._restamp(packet)
            self._skip_unless_needed(packet)
            try:
                frames = self.stream.codec_context.decode(packet)
            except av.error.FFmpegError:
                for pts in [*before, count if counted else packet and packet.pts]:
                    self.damage.note(pts)
                continue
            before.append(None if counted or packet is None else packet.pts)
            for frame in frames:
                pts = count if counted else frame.pts
                count += 1
                if frame.is_corrupt:
                    self.damage.note(pts)
                if pts is not None and (last is None or pts > last):
                    last = pts
                    yield pts, frame

    def _restamp(self, packet: Any) -> None:
        """Give a packet of a transport or program stream the time after a seek that it has in a complete pass."""
        known = self.timeline.packets
        if known is None or self._number is None or packet is None:
            return
        if self._number < len(known) and known[self._number, 1] == packet.size:
            packet.pts = int(known[self._number, 0])
            self._number += 1
        else:  # not the packets of the complete pass: their own times are the best ones available
            self._number = None

    def _skip_unless_needed(self, packet: Any) -> None:
        """Let the decoder skip a frame that is not needed, if no other frame depends on it."""
        context = self.stream.codec_context
        wanted = self.needed is None or packet is None or packet.pts is None or packet.pts in self.needed
        level = "DEFAULT" if wanted else "NONREF"
        if context.skip_frame != level:
            context.skip_frame = level

    def _packets(self) -> Iterator[Any]:
        """The rest of the file, then None, which flushes the decoder."""
        with suppress(av.error.FFmpegError):  # the file breaks off; Timeline.damage says so
            yield from self.container.demux(self.stream)
        yield None

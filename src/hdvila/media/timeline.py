"""The exact presentation times of a video, read from its packets and never from its header.

Headers lie: durations of hours for a second of video, "1000 frames a second", sound that outlasts the picture. The
packets carry the time of each frame; reading them costs no decoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from hdvila.types import Seconds

_MICROSECOND = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class Timeline:
    """Every frame of a stream in order of display.

    ``pts`` (T,) are ticks of the stream, strictly increasing; ``seconds`` (T,) the same on the clock whose zero is the
    container's start; ``keys`` (K,) the indices of frames at which decoding can begin; ``duration`` the end of the last
    frame in seconds. ``counted``: the file gives no times, so frames are numbered in the order in which they decode.
    """

    pts: NDArray[np.int64]
    seconds: Seconds
    keys: NDArray[np.int64]
    duration: float
    counted: bool
    note: str | None

    def __len__(self) -> int:
        return len(self.pts)


def read_timeline(container: Any, stream: Any) -> Timeline:
    """Read every packet of `stream`. The container stands at its end afterwards."""
    pts: list[int] = []
    keys: list[int] = []
    packets = last_length = 0
    untimed, note = False, None
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            packets += 1
            if packet.pts is None:
                untimed = True
                continue
            if packet.is_keyframe:
                keys.append(packet.pts)
            if packet.is_discard or _is_hidden(packet, stream):
                continue
            if not pts or packet.pts >= max(pts[-8:]):
                last_length = packet.duration or 0
            pts.append(packet.pts)
    except av.error.FFmpegError as error:
        note = f"the file breaks off after {packets} packets ({error.strerror or error})"
    if note is None and packets < stream.frames:
        note = f"the file breaks off: {packets} of {stream.frames} packets are there"
    if untimed:
        return _counted(packets, stream, note)
    ticks = np.unique(np.array(pts, np.int64))
    at_keys = np.searchsorted(ticks, np.unique(np.array(keys, np.int64)))
    start = _start_ticks(container, stream, ticks)
    seconds = np.array([float((int(t) - start) * stream.time_base) for t in ticks])
    duration = float(seconds[-1]) + _last_length(seconds, float(last_length * stream.time_base), stream) if pts else 0.0
    return Timeline(ticks, seconds, np.unique(at_keys[at_keys < len(ticks)]), duration, False, note)


def _counted(frames: int, stream: Any, note: str | None) -> Timeline:
    """A stream without times, such as bare H.264: evenly spaced at the rate that the codec states."""
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    numbers = np.arange(frames, dtype=np.int64)
    return Timeline(numbers, numbers / rate, numbers[:1], frames / rate, True, note)


def _start_ticks(container: Any, stream: Any, ticks: NDArray[np.int64]) -> Fraction:
    """The container's start in ticks of the stream, on a tick where it is rounded to microseconds."""
    if container.start_time is None:
        return Fraction(int(ticks[0])) if len(ticks) else Fraction(0)
    start = container.start_time * _MICROSECOND / stream.time_base
    on_tick = Fraction(round(start))
    return on_tick if abs(on_tick - start) * stream.time_base < _MICROSECOND else start


def _last_length(seconds: Seconds, stated: float, stream: Any) -> float:
    """How long the last frame stays: as its packet says where that is credible, else the usual step between frames."""
    if len(seconds) > 1:
        usual = float(np.median(np.diff(seconds)))
        return stated if 0.5 * usual <= stated <= 10 * usual else usual
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    return stated if 0.001 < stated <= 10 else 1 / rate


def _is_hidden(packet: Any, stream: Any) -> bool:
    """VP8 stores reference pictures that are never shown as packets of their own (bit 4 of the frame tag is clear)."""
    return stream.codec_context.name == "vp8" and not bytes(packet)[0] >> 4 & 1

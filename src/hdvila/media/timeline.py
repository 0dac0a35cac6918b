"""The exact presentation times of a video, read from its packets and never from its header.

Headers lie: durations of hours for a second of video, "1000 frames a second", sound that outlasts the picture. The
packets carry the time of each frame; reading them costs no decoding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from hdvila.types import Seconds

_MICROSECOND = Fraction(1, 1_000_000)
_MATROSKA = "matroska,webm"
_REORDERED = 16  # packets among which the order of display may differ from that in the file
_HOLE = 1.0  # seconds without a packet from which on something is missing
_A_DAY = 86_400
_WITHOUT_DISPLAY_TIMES = {"avi"}  # ffmpeg guesses them there, and differently after a seek


@dataclass(frozen=True)
class Timeline:
    """Every frame of a stream in order of display.

    ``pts`` (T,) are ticks of the stream, strictly increasing; ``seconds`` (T,) the same on the clock whose zero is the
    container's start; ``keys`` (K,) the indices of frames at which decoding can begin; ``duration`` the end of the last
    frame in seconds. ``counted``: the file gives no times of display, so frames are numbered in the order in which they
    leave the decoder, and can be found only by decoding from the start.
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
    scan = _scan(container, stream)
    note = _damage(scan, container, stream)
    if container.format.name in _WITHOUT_DISPLAY_TIMES or not _is_timed(scan, stream):
        return _counted(scan, container, stream, note)
    ticks = np.unique(np.array(scan.pts, np.int64))
    keys = np.unique(np.searchsorted(ticks, np.array(scan.keys, np.int64)))
    seconds = _seconds(container, stream, ticks)
    duration = 0.0
    if len(ticks):
        duration = float(seconds[-1]) + _last_length(seconds, float(scan.last_length * stream.time_base), stream)
    return Timeline(ticks, seconds, keys[keys < len(ticks)], duration, False, note)


@dataclass
class _Scan:
    """What the packets say, in ticks of the stream: `slots` are the decoding times of all, `pts` the shown ones."""

    pts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    slots: list[int | None] = field(default_factory=list)
    untimed: int = 0
    last_length: int = 0
    end: float = 0.0  # seconds on the container's clock at which any of its streams ends
    error: str | None = None


def _scan(container: Any, stream: Any) -> _Scan:
    scan = _Scan()
    try:
        for packet in container.demux() if container.format.name == _MATROSKA else container.demux(stream):
            if packet.size == 0:
                continue
            if packet.pts is not None:
                scan.end = max(scan.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index == stream.index:
                _note_packet(scan, packet, stream)
    except av.error.FFmpegError as error:
        scan.error = str(error.strerror or error)
    return scan


def _note_packet(scan: _Scan, packet: Any, stream: Any) -> None:
    scan.slots.append(packet.dts)
    if packet.pts is None:
        scan.untimed += 1
        return
    if packet.is_keyframe:
        scan.keys.append(packet.pts)
    if packet.is_discard or _is_hidden(packet, stream):
        return
    if not scan.pts or packet.pts >= max(scan.pts[-_REORDERED:]):
        scan.last_length = packet.duration or 0
    scan.pts.append(packet.pts)
    scan.lengths.append(packet.duration or 0)


def _damage(scan: _Scan, container: Any, stream: Any) -> str | None:
    """How the file breaks off, if it does. Only Matroska writes a duration that can be held against what is there."""
    found = len(scan.slots)
    if scan.error is not None:
        return f"the file breaks off after {found} packets ({scan.error})"
    if container.format.name == _MATROSKA and container.duration is not None:
        promised = (container.duration + (container.start_time or 0)) / 1e6
        if promised > scan.end + 0.25 and promised > 1.02 * scan.end:
            return f"the file breaks off: its header promises {promised:.1f} s, it ends after {scan.end:.1f} s"
    elif container.format.name not in _WITHOUT_DISPLAY_TIMES and found < stream.frames:
        return f"the file breaks off: {found} of {stream.frames} packets are there"
    return _hole(scan, container, stream)


def _hole(scan: _Scan, container: Any, stream: Any) -> str | None:
    """Where packets are missing in the middle: a step far longer than usual that no packet near it announces."""
    if scan.untimed or len(scan.pts) < 3 or container.format.name in _WITHOUT_DISPLAY_TIMES:
        return None
    order = np.argsort(np.array(scan.pts, np.int64))
    ticks, lengths = np.array(scan.pts, np.int64)[order], np.array(scan.lengths, np.int64)[order]
    steps, base = np.diff(ticks), float(stream.time_base)
    for at in np.flatnonzero((steps * base > _HOLE) & (steps * base < _A_DAY) & (steps > 10 * np.median(steps))):
        if 2 * lengths[max(0, at - _REORDERED) : at + 1].max() < steps[at]:
            begins, lasts = (ticks[at] - ticks[0]) * base, steps[at] * base
            return f"the file has a hole: for {lasts:.1f} s from {begins:.1f} s on it holds no picture"
    return None


def _is_timed(scan: _Scan, stream: Any) -> bool:
    """Whether the packets give display times that run forward: no leap back by a second, none ahead by a day."""
    if scan.untimed:
        return False
    slots = [slot for slot in scan.slots if slot is not None]
    back = min((after - before for before, after in pairwise(slots)), default=0)
    ahead = max((after - before for before, after in pairwise(sorted(scan.pts))), default=0)
    return bool(back * stream.time_base > -1 and ahead * stream.time_base < _A_DAY)


def _counted(scan: _Scan, container: Any, stream: Any, note: str | None) -> Timeline:
    """A stream without display times: frame k stands in the k-th slot of the file, or at the stated rate.

    AVI numbers its frames in the order of decoding, with gaps where a frame was dropped; bare H.264 numbers nothing.
    """
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    numbers = np.arange(len(scan.slots), dtype=np.int64)
    slots = [slot for slot in scan.slots if slot is not None]
    in_slots = container.format.name in _WITHOUT_DISPLAY_TIMES and len(slots) == len(numbers) > 0
    if not in_slots or (np.diff(slots) < 0).any():
        return Timeline(numbers, numbers / rate, numbers[:1], len(numbers) / rate, True, note)
    seconds = _seconds(container, stream, np.array(slots, np.int64))
    return Timeline(numbers, seconds, numbers[:1], float(seconds[-1]) + 1 / rate, True, note)


def _seconds(container: Any, stream: Any, ticks: NDArray[np.int64]) -> Seconds:
    """(T,) ticks -> (T,) seconds from the container's start."""
    start = _start_ticks(container, stream, ticks)
    whole = math.floor(start)
    base = stream.time_base
    seconds: Seconds = (ticks - whole - float(start - whole)) * base.numerator / base.denominator
    return seconds


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

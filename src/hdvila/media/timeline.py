"""The exact presentation times of a video, from its packets and never from its header alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.media.damage import damage_of_file, promised_beyond_packets
from hdvila.media.scan import A_DAY, AVI, MATROSKA, REORDERED, SILENCE, SLACK, KeyPacket, Scan
from hdvila.types import Seconds

_MICROSECOND = Fraction(1, 1_000_000)
_STREAMS = {"mpegts", "mpeg"}  # several frames may begin in one packet with one time; FFmpeg guesses the others
_MPEG_VIDEO = {"mpeg1video", "mpeg2video"}


@dataclass(frozen=True)
class Timeline:
    """Every frame of a stream in presentation order.

    The last frame stays as long as its packet says, or to the end of the audio where that is more than a
    quarter of a second later, as players show it.

    Attributes:
        pts: (T,) ticks of the stream, strictly increasing.
        seconds: (T,) the same in seconds from the container's start.
        keys: (K,) numbers of the frames at which decoding can begin.
        duration: the end of the last frame in seconds.
        counted: the file has no presentation times that can be trusted. Then frames are numbered as they
            leave the decoder, and are found only by decoding from the start.
        damage: None, or how the file breaks off.
        key_packets: (K,) the packets of `keys`.
        packets: (N, 2) presentation times and sizes of all packets in file order, where packets may get other
            times after a seek; else None.
    """

    pts: NDArray[np.int64]
    seconds: Seconds
    keys: NDArray[np.int64]
    duration: float
    counted: bool
    damage: str | None
    key_packets: tuple[KeyPacket, ...] = ()
    packets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.pts)

    def without(self, lost: int) -> Timeline:
        """The same timeline without its first `lost` frames."""
        both = zip(self.keys.tolist(), self.key_packets, strict=True)
        kept = [(key - lost, packet) for key, packet in both if key >= lost]
        keys = np.array([key for key, _ in kept], np.int64)
        key_packets = tuple(packet for _, packet in kept)
        return replace(self, pts=self.pts[lost:], seconds=self.seconds[lost:], keys=keys, key_packets=key_packets)


def read_timeline(container: Any, stream: Any, scan: Scan) -> Timeline:
    """The timeline of the frames that `scan` found. The container's position is undefined afterwards."""
    damage = damage_of_file(scan, container, stream)
    if container.format.name == AVI or not _is_timed(scan, container, stream):
        return _counted(scan, container, stream, damage)
    ticks = np.unique(np.array(scan.pts, np.int64))
    seconds = _seconds(container, stream, ticks)
    duration = 0.0
    if len(ticks):
        end = float(seconds[-1]) + _last_length(seconds, scan, container, stream)
        duration = _with_audio(end, scan, container)
        if damage is None and container.format.name == MATROSKA and promised_beyond_packets(scan, container):
            duration = max(duration, (container.duration - (container.start_time or 0)) / 1e6)
    numbers = np.searchsorted(ticks, np.array([key.pts for key in scan.keys], np.int64))
    key_at = {number: key for number, key in zip(numbers.tolist(), scan.keys, strict=True) if number < len(ticks)}
    keys = np.array(sorted(key_at), np.int64)
    key_packets = tuple(key_at[number] for number in keys.tolist())
    packets = None
    if container.format.name in _STREAMS:
        packets = np.array([scan.all_pts, scan.sizes], np.int64).T
    return Timeline(ticks, seconds, keys, duration, False, damage, key_packets, packets)


def _is_timed(scan: Scan, container: Any, stream: Any) -> bool:
    """Whether the presentation times run forward: no step back by a second, none ahead by a day.

    Two frames of MPEG-1 or MPEG-2 in a stream with the same time mean that FFmpeg guessed it, and guessed wrong.
    """
    if scan.untimed:
        return False
    guessed = container.format.name in _STREAMS and stream.codec_context.name in _MPEG_VIDEO
    if guessed and len(set(scan.pts)) < len(scan.pts):
        return False
    decoded = [dts for dts in scan.dts if dts is not None]
    back = min((after - before for before, after in pairwise(decoded)), default=0)
    ahead = max((after - before for before, after in pairwise(sorted(scan.pts))), default=0)
    return bool(back * stream.time_base > -1 and ahead * stream.time_base < A_DAY)


def _counted(scan: Scan, container: Any, stream: Any, damage: str | None) -> Timeline:
    """The timeline of a stream without presentation times, by decoding times or else by the stated rate.

    AVI numbers its frames in decoding order, with gaps for dropped frames; raw H.264 has no numbers.
    """
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    numbers = np.arange(len(scan.all_dts), dtype=np.int64)
    seconds = numbers / rate
    dts = np.array([one for one in scan.all_dts if one is not None], np.int64)
    by_dts = container.format.name in {AVI, *_STREAMS} and len(dts) == len(numbers) > 0
    if by_dts and container.format.name in _STREAMS:
        dts = _steady(dts, stream) + min(scan.pts, default=0) - dts[0]
    if by_dts and (np.diff(dts) >= 0).all():
        seconds = _seconds(container, stream, dts)
        duration = _with_audio(seconds[-1] + 1 / rate, scan, container)
        return Timeline(numbers, seconds, numbers[:1], duration, True, damage)
    return Timeline(numbers, seconds, numbers[:1], len(numbers) / rate, True, damage)


def _steady(dts: NDArray[np.int64], stream: Any) -> NDArray[np.int64]:
    """Decoding times in which those that stray from the rate of their neighbours are interpolated.

    Times that jump by a second belong to two recordings, and are left alone.
    """
    steps = np.diff(dts)
    if not len(steps) or (steps > 0).all() or (np.abs(steps) * stream.time_base > 1).any():
        return dts
    usual = float(np.median(steps))
    numbers = np.arange(len(dts))
    offsets = dts - usual * numbers  # the same for all frames at a constant rate
    around = np.lib.stride_tricks.sliding_window_view(np.pad(offsets, REORDERED, mode="edge"), 2 * REORDERED + 1)
    good = np.abs(offsets - np.median(around, axis=1)) < usual / 2
    steady: NDArray[np.int64] = np.rint(np.interp(numbers, numbers[good], offsets[good]) + usual * numbers).astype(int)
    return steady


def _with_audio(end: float, scan: Scan, container: Any) -> float:
    """The end of the frames in seconds, or the end of the audio where that is later."""
    if scan.audio_end is None:
        return end
    start = (container.start_time or 0) / 1e6
    until = scan.audio_end - start
    audio = np.sort(np.array(scan.audio)) - start
    after = np.append(end, audio[audio > end])
    stops = np.flatnonzero(np.diff(after) > SILENCE)
    if len(stops):
        until = float(after[stops[0]])
    return until if until > end + SLACK else end


def _seconds(container: Any, stream: Any, ticks: NDArray[np.int64]) -> Seconds:
    """(T,) ticks -> (T,) seconds from the container's start."""
    start = _start_ticks(container, stream, ticks)
    whole = math.floor(start)
    base = stream.time_base
    seconds: Seconds = (ticks - whole - float(start - whole)) * base.numerator / base.denominator
    return seconds


def _start_ticks(container: Any, stream: Any, ticks: NDArray[np.int64]) -> Fraction:
    """The container's start in ticks of the stream: the nearest tick where the two differ by rounding only."""
    if container.start_time is None:
        return Fraction(int(ticks[0])) if len(ticks) else Fraction(0)
    start = container.start_time * _MICROSECOND / stream.time_base
    on_tick = Fraction(round(start))
    return on_tick if abs(on_tick - start) * stream.time_base < _MICROSECOND else start


def _last_length(seconds: Seconds, scan: Scan, container: Any, stream: Any) -> float:
    """How long the last frame stays: as its packet says if plausible, else the usual step between frames."""
    stated = float(scan.last_length * stream.time_base)
    if len(seconds) > 1:
        steps = np.diff(seconds)
        usual, least = float(np.median(steps)), float(steps.min())
        most = 10 * usual
    else:
        usual, least = 1 / float(stream.average_rate or stream.guessed_rate or 25), 0.002
        most = 10.0
    if stated > most and float(seconds[-1]) + stated <= _promised(container, stream) + usual:
        return stated  # a still at the end that the header confirms
    return stated if least / 2 <= stated <= most else usual


def _promised(container: Any, stream: Any) -> float:
    """The end that the header states, in seconds from the container's start."""
    start = container.start_time or 0
    whole = (container.duration or 0) / 1e6
    own = float(((stream.start_time or 0) + (stream.duration or 0)) * stream.time_base) - start / 1e6
    return max(whole, own)

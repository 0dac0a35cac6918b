"""The exact presentation times of a video, read from its packets and never from its header alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.media.damage import damage_of_file, still_at_end
from hdvila.media.scan import A_DAY, AVI, MATROSKA, REORDERED, SILENCE, SLACK, KeyPacket, Scan
from hdvila.types import Seconds

_MICROSECOND = Fraction(1, 1_000_000)
_STREAMS = {"mpegts", "mpeg"}  # several pictures may begin in one packet that has one time; ffmpeg guesses the others
_MPEG_VIDEO = {"mpeg1video", "mpeg2video"}


@dataclass(frozen=True)
class Timeline:
    """Every frame of a stream in order of display.

    ``pts`` (T,) are ticks of the stream, strictly increasing; ``seconds`` (T,) the same on the clock whose zero is the
    container's start; ``keys`` (K,) the indices of frames at which decoding can begin, ``key_packets`` (K,) their
    packets; ``duration`` the end of the last frame in seconds. ``counted``: the file gives no times of display, or none
    that can be trusted, so frames are numbered in the order in which they leave the decoder, and can be found only by
    decoding from the start. ``packets``: where packets may get other times after a seek, those of all packets in the
    order of the file, and their sizes (N, 2); else None.

    The last frame stays as long as its packet says. Where the sound goes on for more than a quarter of a second after
    that, it stays to the end of the sound, as players show it.
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
        """The same without its first `lost` frames."""
        both = zip(self.keys.tolist(), self.key_packets, strict=True)
        kept = [(key - lost, packet) for key, packet in both if key >= lost]
        keys = np.array([key for key, _ in kept], np.int64)
        key_packets = tuple(packet for _, packet in kept)
        return replace(self, pts=self.pts[lost:], seconds=self.seconds[lost:], keys=keys, key_packets=key_packets)


def read_timeline(container: Any, stream: Any, scan: Scan) -> Timeline:
    """Lay out the frames that a scan of `stream` found. The container stands at no known place afterwards."""
    damage = damage_of_file(scan, container, stream)
    if container.format.name == AVI or not _is_timed(scan, container, stream):
        return _counted(scan, container, stream, damage)
    ticks = np.unique(np.array(scan.pts, np.int64))
    seconds = _seconds(container, stream, ticks)
    duration = 0.0
    if len(ticks):
        stays = _last_length(seconds, scan, container, stream)
        duration = _with_sound(float(seconds[-1]) + stays, scan, container)
        if damage is None and container.format.name == MATROSKA and still_at_end(scan, container):
            duration = max(duration, (container.duration - (container.start_time or 0)) / 1e6)
    places = np.searchsorted(ticks, np.array([key.pts for key in scan.keys], np.int64))
    key_at = {place: key for place, key in zip(places.tolist(), scan.keys, strict=True) if place < len(ticks)}
    keys = np.array(sorted(key_at), np.int64)
    key_packets = tuple(key_at[place] for place in keys.tolist())
    packets = None
    if container.format.name in _STREAMS:
        packets = np.array([scan.stamps, scan.sizes], np.int64).T
    return Timeline(ticks, seconds, keys, duration, False, damage, key_packets, packets)


def _is_timed(scan: Scan, container: Any, stream: Any) -> bool:
    """Whether the packets give display times that run forward: no leap back by a second, none ahead by a day.

    Of MPEG-1 and MPEG-2 in streams no two frames may have one time either: then ffmpeg guessed it, and wrongly.
    """
    if scan.untimed:
        return False
    guessed = container.format.name in _STREAMS and stream.codec_context.name in _MPEG_VIDEO
    if guessed and len(set(scan.pts)) < len(scan.pts):
        return False
    slots = [slot for slot in scan.shown if slot is not None]
    back = min((after - before for before, after in pairwise(slots)), default=0)
    ahead = max((after - before for before, after in pairwise(sorted(scan.pts))), default=0)
    return bool(back * stream.time_base > -1 and ahead * stream.time_base < A_DAY)


def _counted(scan: Scan, container: Any, stream: Any, damage: str | None) -> Timeline:
    """A stream without display times: frame k stands in the k-th slot of the file, or at the stated rate.

    AVI numbers its frames in the order of decoding, with gaps where a frame was dropped; bare H.264 numbers nothing.
    """
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    numbers = np.arange(len(scan.slots), dtype=np.int64)
    seconds = numbers / rate
    slots = np.array([slot for slot in scan.slots if slot is not None], np.int64)
    in_slots = container.format.name in {AVI, *_STREAMS} and len(slots) == len(numbers) > 0
    if in_slots and container.format.name in _STREAMS:
        slots = _mended(slots, stream) + min(scan.pts, default=0) - slots[0]
    if in_slots and (np.diff(slots) >= 0).all():
        seconds = _seconds(container, stream, slots)
        duration = _with_sound(seconds[-1] + 1 / rate, scan, container)
        return Timeline(numbers, seconds, numbers[:1], duration, True, damage)
    return Timeline(numbers, seconds, numbers[:1], len(numbers) / rate, True, damage)


def _mended(slots: NDArray[np.int64], stream: Any) -> NDArray[np.int64]:
    """Decoding times with those that stray from the steady run of their neighbours laid on it.

    Times that leap by a second are two recordings, and stay as they are.
    """
    steps = np.diff(slots)
    if not len(steps) or (steps > 0).all() or (np.abs(steps) * stream.time_base > 1).any():
        return slots
    usual = float(np.median(steps))
    numbers = np.arange(len(slots))
    strays = slots - usual * numbers  # the same for all where the rate is constant
    around = np.lib.stride_tricks.sliding_window_view(np.pad(strays, REORDERED, mode="edge"), 2 * REORDERED + 1)
    good = np.abs(strays - np.median(around, axis=1)) < usual / 2
    mended: NDArray[np.int64] = np.rint(np.interp(numbers, numbers[good], strays[good]) + usual * numbers).astype(int)
    return mended


def _with_sound(end: float, scan: Scan, container: Any) -> float:
    """The end of the pictures in seconds, or of the sound where that goes on for longer."""
    if scan.sound_end is None:
        return end
    start = (container.start_time or 0) / 1e6
    until = scan.sound_end - start
    heard = np.sort(np.array(scan.sound)) - start
    after = np.append(end, heard[heard > end])
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
    """The container's start in ticks of the stream, on a tick where it is rounded to microseconds."""
    if container.start_time is None:
        return Fraction(int(ticks[0])) if len(ticks) else Fraction(0)
    start = container.start_time * _MICROSECOND / stream.time_base
    on_tick = Fraction(round(start))
    return on_tick if abs(on_tick - start) * stream.time_base < _MICROSECOND else start


def _last_length(seconds: Seconds, scan: Scan, container: Any, stream: Any) -> float:
    """How long the last frame stays: as its packet says where that is credible, else the usual step between frames."""
    stated = float(scan.last_length * stream.time_base)
    if len(seconds) > 1:
        steps = np.diff(seconds)
        usual, least = float(np.median(steps)), float(steps.min())
        credible = 10 * usual
    else:
        usual, least = 1 / float(stream.average_rate or stream.guessed_rate or 25), 0.002
        credible = 10.0
    if stated > credible and float(seconds[-1]) + stated <= _promised(container, stream) + usual:
        return stated  # a still at the end, of which the header knows
    return stated if least / 2 <= stated <= credible else usual


def _promised(container: Any, stream: Any) -> float:
    """Seconds from the container's start to the end that its header gives."""
    start = container.start_time or 0
    whole = (container.duration or 0) / 1e6
    own = float(((stream.start_time or 0) + (stream.duration or 0)) * stream.time_base) - start / 1e6
    return max(whole, own)

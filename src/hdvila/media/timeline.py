"""The exact presentation times of a video, read from its packets and never from its header alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.media.matroska import is_complete
from hdvila.media.reasons import gif_breaks_off
from hdvila.media.scan import MATROSKA, Mark, Scan, sound_between
from hdvila.types import Seconds

_MICROSECOND = Fraction(1, 1_000_000)
_REORDERED = 16  # packets among which the order of display may differ from that in the file
_HOLE = 1.0  # seconds without a packet from which on something is missing
_SLACK = 0.25  # seconds by which streams of one file end apart without meaning it
_BETWEEN = 256  # bytes between two packets of Matroska that follow each other: the beginnings of a cluster and a block
_SILENCE = 600.0  # seconds without a sound packet after which those that follow are no part of the recording
_A_DAY = 86_400
_AVI = "avi"  # ffmpeg guesses times of display there, and differently after a seek
_GIF = "gif"
_STREAMS = {"mpegts", "mpeg"}  # several pictures may begin in one packet that has one time; ffmpeg guesses the others
_WEBM = {"vp8", "vp9", "av1", "libdav1d"}
_MPEG_VIDEO = {"mpeg1video", "mpeg2video"}


@dataclass(frozen=True)
class Timeline:
    """Every frame of a stream in order of display.

    ``pts`` (T,) are ticks of the stream, strictly increasing; ``seconds`` (T,) the same on the clock whose zero is the
    container's start; ``keys`` (K,) the indices of frames at which decoding can begin, ``marks`` (K,) their packets;
    ``duration`` the end of the last frame in seconds. ``counted``: the file gives no times of display, or none that can
    be trusted, so frames are numbered in the order in which they leave the decoder, and can be found only by decoding
    from the start. ``packets``: where packets may get other times after a seek, those of all packets in the order of
    the file, and their sizes (N, 2); else None.

    The last frame stays as long as its packet says. Where the sound goes on for more than a quarter of a second after
    that, it stays to the end of the sound, as players show it.
    """

    pts: NDArray[np.int64]
    seconds: Seconds
    keys: NDArray[np.int64]
    duration: float
    counted: bool
    note: str | None
    marks: tuple[Mark, ...] = ()
    packets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.pts)

    def without(self, lost: int) -> Timeline:
        """The same without its first `lost` frames."""
        kept = [(key - lost, mark) for key, mark in zip(self.keys.tolist(), self.marks, strict=True) if key >= lost]
        keys = np.array([key for key, _ in kept], np.int64)
        marks = tuple(mark for _, mark in kept)
        return replace(self, pts=self.pts[lost:], seconds=self.seconds[lost:], keys=keys, marks=marks)


def read_timeline(container: Any, stream: Any, scan: Scan) -> Timeline:
    """Lay out the frames that a scan of `stream` found. The container stands at no known place afterwards."""
    note = _damage(scan, container, stream)
    if container.format.name == _AVI or not _is_timed(scan, container, stream):
        return _counted(scan, container, stream, note)
    ticks = np.unique(np.array(scan.pts, np.int64))
    seconds = _seconds(container, stream, ticks)
    duration = 0.0
    if len(ticks):
        stays = _last_length(seconds, scan, container, stream)
        duration = _with_sound(float(seconds[-1]) + stays, scan, container)
        if note is None and container.format.name == MATROSKA and _still(scan, container):
            duration = max(duration, (container.duration - (container.start_time or 0)) / 1e6)
    places = np.searchsorted(ticks, np.array([mark.pts for mark in scan.keys], np.int64))
    marks = {place: mark for place, mark in zip(places.tolist(), scan.keys, strict=True) if place < len(ticks)}
    keys = np.array(sorted(marks), np.int64)
    packets = None
    if container.format.name in _STREAMS:
        packets = np.array([scan.stamps, scan.sizes], np.int64).T
    return Timeline(ticks, seconds, keys, duration, False, note, tuple(marks[key] for key in sorted(marks)), packets)


def _damage(scan: Scan, container: Any, stream: Any) -> str | None:
    """How the file breaks off, if it does: by its own words, or by a duration that stands against what is there."""
    found = len(scan.slots)
    if scan.error is not None:
        return f"the file breaks off after {found} packets ({scan.error})"
    if container.format.name == MATROSKA and container.duration is not None:
        promised = container.duration / 1e6  # the end on the file's own clock, wherever that begins
        still = _still(scan, container)
        if promised > 1.02 * scan.end and (still > _SILENCE or (still > _SLACK and not is_complete(container.name))):
            return f"the file breaks off: its header promises {promised:.1f} s, it ends after {scan.end:.1f} s"
    elif container.format.name != _AVI and found < stream.frames and not _is_cut_by_edits(scan, stream):
        return f"the file breaks off: {found} of {stream.frames} packets are there"
    elif container.format.name == _GIF and gif_breaks_off(container.name):
        return f"the file breaks off within its picture {found}"
    return _hole(scan, container, stream)


def _is_cut_by_edits(scan: Scan, stream: Any) -> bool:
    """Whether packets that are not there are only those outside what an edit list shows."""
    if not scan.pts or not stream.duration:
        return False
    end = max(pts + length for pts, length in zip(scan.pts, scan.lengths, strict=True))
    usual = sorted(scan.lengths)[len(scan.lengths) // 2]
    return bool(stream.duration <= end + usual)  # from the movie's zero on, an empty edit included


def _hole(scan: Scan, container: Any, stream: Any) -> str | None:
    """Where packets are missing in the middle: a step far longer than usual that no packet near it announces, and the
    sound stops as well."""
    if scan.untimed or len(scan.pts) < 3 or container.format.name == _AVI:
        return None
    order = np.argsort(np.array(scan.pts, np.int64))
    ticks, lengths = np.array(scan.pts, np.int64)[order], np.array(scan.lengths, np.int64)[order]
    steps, base = np.diff(ticks), float(stream.time_base)
    for at in np.flatnonzero((steps * base > _HOLE) & (steps * base < _A_DAY) & (steps > 10 * np.median(steps))):
        announced = 2 * lengths[max(0, at - _REORDERED) : at + 1].max() >= steps[at] or _goes_on(
            scan, container, stream, order[at : at + 2].tolist(), int(ticks[at + 1])
        )
        if not announced and not _sounds_on(scan, container, ticks[at] * base, ticks[at + 1] * base):
            begins, lasts = (ticks[at] - ticks[0]) * base, steps[at] * base
            return f"the file has a hole: for {lasts:.1f} s from {begins:.1f} s on it holds no picture"
    return None


def _goes_on(scan: Scan, container: Any, stream: Any, pair: list[int], second: int) -> bool:
    """Whether a picture of a silent WebM is built on the one before, and nothing lies between both in the file: a
    browser's recording of a screen has no packets while nothing moves. Before a key frame a piece may be missing."""
    if container.format.name != MATROSKA or stream.codec_context.name not in _WEBM or container.streams.audio:
        return False
    keys = {key.pts for key in scan.keys}
    return second not in keys and max(scan.gaps[min(pair) + 1 : max(pair) + 1]) <= _BETWEEN


def _sounds_on(scan: Scan, container: Any, begin: float, end: float) -> bool:
    """Whether sound runs on from `begin` to `end`, in seconds on the container's clock."""
    times = np.concatenate([[begin], np.sort(sound_between(scan, container, begin, end)), [end]])
    return bool(np.diff(times).max() <= _HOLE)


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
    return bool(back * stream.time_base > -1 and ahead * stream.time_base < _A_DAY)


def _counted(scan: Scan, container: Any, stream: Any, note: str | None) -> Timeline:
    """A stream without display times: frame k stands in the k-th slot of the file, or at the stated rate.

    AVI numbers its frames in the order of decoding, with gaps where a frame was dropped; bare H.264 numbers nothing.
    """
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    numbers = np.arange(len(scan.slots), dtype=np.int64)
    seconds = numbers / rate
    slots = np.array([slot for slot in scan.slots if slot is not None], np.int64)
    in_slots = container.format.name in {_AVI, *_STREAMS} and len(slots) == len(numbers) > 0
    if in_slots and container.format.name in _STREAMS:
        slots = _mended(slots, stream) + min(scan.pts, default=0) - slots[0]
    if in_slots and (np.diff(slots) >= 0).all():
        seconds = _seconds(container, stream, slots)
        return Timeline(numbers, seconds, numbers[:1], _with_sound(seconds[-1] + 1 / rate, scan, container), True, note)
    return Timeline(numbers, seconds, numbers[:1], len(numbers) / rate, True, note)


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
    around = np.lib.stride_tricks.sliding_window_view(np.pad(strays, _REORDERED, mode="edge"), 2 * _REORDERED + 1)
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
    stops = np.flatnonzero(np.diff(after) > _SILENCE)
    if len(stops):
        until = float(after[stops[0]])
    return until if until > end + _SLACK else end


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


def _still(scan: Scan, container: Any) -> float:
    """By how many seconds the end in the header of a Matroska file, on its own clock, is behind that of its packets:
    those of silent recordings do not say how long the last picture stays."""
    promised = (container.duration or 0) / 1e6 - scan.end
    return promised if promised > _SLACK else 0.0


def _promised(container: Any, stream: Any) -> float:
    """Seconds from the container's start to the end that its header gives."""
    start = container.start_time or 0
    whole = (container.duration or 0) / 1e6
    own = float(((stream.start_time or 0) + (stream.duration or 0)) * stream.time_base) - start / 1e6
    return max(whole, own)

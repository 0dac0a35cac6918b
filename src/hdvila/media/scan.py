"""One pass over the packets of a file: what they say of the pictures' times, and where each key frame lies.

Headers lie: durations of hours for a second of video, "1000 frames a second". The packets carry the time of each frame;
reading them costs no decoding.
"""

from __future__ import annotations

from array import array
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import av

MATROSKA = "matroska,webm"
AVI = "avi"  # ffmpeg guesses times of display there, and differently after a seek
REORDERED = 16  # packets among which the order of display may differ from that in the file
SLACK = 0.25  # seconds by which streams of one file end apart without meaning it
SILENCE = 600.0  # seconds without a sound packet after which those that follow are no part of the recording
A_DAY = 86_400
_INDEXED = {"mov,mp4,m4a,3gp,3g2,mj2"}  # where the end of a sound track is found without reading all of it
_BEFORE_THE_END = 1.0  # seconds of sound that are read to find its end
_ENCRYPTED = "encryption_info"
_UNKNOWN = 1 << 30  # bytes that may lie before a packet of which nothing says where it lies


class KeyPacket(NamedTuple):
    """A key frame's packet: its times in ticks, where it lies in the file (bytes; None: unknown), how long it is, its
    number among the packets of the stream, and where in the file a packet begins from which on it is read whole."""

    pts: int
    dts: int | None
    pos: int | None
    size: int
    ordinal: int
    runup: int


@dataclass
class Scan:
    """What the packets say, in ticks of the stream.

    ``pts``, ``lengths`` and ``shown`` (times of decoding) of those that are shown, in order of the file; ``slots``
    (times of decoding), ``sizes`` and ``stamps`` (times of display, or None) of all; ``sound``: when the sound packets
    begin, in seconds on the container's clock, as far as they were read; ``sound_end``: when the last of them ends;
    ``end``: when anything does; ``gaps``: of the pictures that are shown, in order of the file, the most bytes that lie
    between two packets since the one before.
    """

    pts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    shown: list[int | None] = field(default_factory=list)
    keys: list[KeyPacket] = field(default_factory=list)
    slots: list[int | None] = field(default_factory=list)
    stamps: list[int | None] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    untimed: int = 0
    last_length: int = 0
    sound: array[float] = field(default_factory=lambda: array("d"))
    sound_end: float | None = None
    end: float = 0.0
    places: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=REORDERED))  # (number, where) of late
    gaps: array[int] = field(default_factory=lambda: array("q"))
    encrypted: bool = False
    error: str | None = None


def scan_packets(container: Any, stream: Any) -> Scan:
    """Read every packet of `stream`, and of the others where that costs little.

    The container stands at no known place afterwards.
    """
    scan = Scan()
    everything = container.format.name not in _INDEXED
    ends: dict[int, int] = {}
    bases = {one.index: float(one.time_base) for one in container.streams if one.time_base}
    heard = {one.index for one in container.streams.audio}
    reached = widest = 0
    try:
        for packet in container.demux() if everything else container.demux(stream):
            size = packet.size
            if size == 0:
                continue
            index, pts = packet.stream_index, packet.pts
            pos = packet.pos if packet.pos is not None else reached + _UNKNOWN
            widest, reached = max(widest, pos - reached), pos + size
            if index == stream.index:
                _note_frame(scan, packet, size, stream)
                if len(scan.gaps) < len(scan.pts):
                    scan.gaps.append(widest)
                    widest = 0
            if pts is None or index not in bases:
                continue
            end = pts + (packet.duration or 0)
            if index in heard:
                if packet.is_discard:
                    continue
                scan.sound.append(pts * bases[index])
            if end > ends.get(index, end - 1):
                ends[index] = end
    except av.error.FFmpegError as error:
        scan.error = str(error.strerror or error)
    seconds = {index: end * bases[index] for index, end in ends.items()}
    scan.end = max([0.0, *seconds.values()])
    scan.sound_end = max((seconds[index] for index in heard & seconds.keys()), default=None)
    if not everything and scan.error is None:
        scan.sound_end = _end_of_sound(container)
    return scan


def _note_frame(scan: Scan, packet: Any, size: int, stream: Any) -> None:
    pts = packet.pts
    ordinal = len(scan.slots)
    scan.slots.append(packet.dts)
    scan.stamps.append(pts)
    scan.sizes.append(size)
    if (pos := packet.pos) is not None:
        scan.places.append((ordinal, pos))
    if pts is None:
        scan.untimed += 1
        return
    if packet.is_keyframe:
        scan.encrypted = scan.encrypted or packet.has_sidedata(_ENCRYPTED)
        runup = next((at for number, at in reversed(scan.places) if number < ordinal - 1), 0)
        scan.keys.append(KeyPacket(pts, packet.dts, pos, size, ordinal, runup))
    if packet.is_discard or _is_hidden(packet, stream):
        return
    length = packet.duration or 0
    if not scan.pts or pts >= max(scan.pts[-REORDERED:]):
        scan.last_length = length
    scan.pts.append(pts)
    scan.lengths.append(length)
    scan.shown.append(scan.slots[-1])


def _is_hidden(packet: Any, stream: Any) -> bool:
    """VP8 stores reference pictures that are never shown as packets of their own (bit 4 of the frame tag is clear)."""
    return stream.codec_context.name == "vp8" and not bytes(packet)[0] >> 4 & 1


def sound_between(scan: Scan, container: Any, begin: float, end: float) -> array[float]:
    """When the sound packets between two times begin, all in seconds on the container's clock."""
    if scan.sound or container.format.name not in _INDEXED:
        return array("d", (at for at in scan.sound if begin <= at < end))
    found: array[float] = array("d")
    for stream in container.streams.audio:
        with suppress(av.error.FFmpegError):
            container.seek(int(begin / stream.time_base), stream=stream)
            for packet in container.demux(stream):
                at = float((packet.pts or 0) * stream.time_base)
                if at >= end:
                    break
                if packet.size and packet.pts is not None and at >= begin:
                    found.append(at)
    return found


def _end_of_sound(container: Any) -> float | None:
    """Seconds on the container's clock at which its last sound packet ends, found by a seek near to the end."""
    ends = []
    for stream in container.streams.audio:
        if not stream.duration:
            continue
        with suppress(av.error.FFmpegError):  # damaged there: what cannot be read is not heard
            base = stream.time_base
            container.seek((stream.start_time or 0) + stream.duration - int(_BEFORE_THE_END / base), stream=stream)
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None and not packet.is_discard:
                    ends.append(float((packet.pts + (packet.duration or 0)) * base))
    return max(ends, default=None)

"""One pass over the packets of a file: the times of its frames, and where each key frame lies.

Headers cannot be trusted: they promise hours for a second of video, or 1000 frames a second. Packets carry
the time of every frame, and reading them costs no decoding.
"""

from __future__ import annotations

from array import array
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import av

MATROSKA = "matroska,webm"
AVI = "avi"  # FFmpeg guesses presentation times here, and guesses differently after a seek
REORDERED = 16  # packets within which presentation order may differ from file order
SLACK = 0.25  # seconds by which the ends of a file's streams differ without meaning
SILENCE = 600.0  # seconds without an audio packet after which later ones do not belong to the recording
A_DAY = 86_400
_INDEXED = {"mov,mp4,m4a,3gp,3g2,mj2"}  # the end of an audio track is found by a seek
_LAST_AUDIO = 1.0  # seconds of audio that are read to find its end
_ENCRYPTED = "encryption_info"
_UNKNOWN = 1 << 30  # bytes that may lie before a packet of unknown position


class KeyPacket(NamedTuple):
    """The packet of a key frame.

    Attributes:
        pts, dts: presentation and decoding time in ticks of the stream.
        pos: its byte position in the file; None: unknown.
        size: its length in bytes.
        ordinal: its number among the packets of the stream.
        runup: byte position of an earlier packet; reading on from there gives this packet complete.
    """

    pts: int
    dts: int | None
    pos: int | None
    size: int
    ordinal: int
    runup: int


@dataclass
class Scan:
    """What the packets of a file say; times are ticks of the video stream unless stated otherwise.

    Attributes:
        pts, lengths, dts: presentation times, durations, decoding times of the displayed frames, in file order.
        keys: the packets of key frames.
        all_pts, all_dts, sizes: times and sizes in bytes of all packets of the stream, hidden frames included.
        untimed: how many packets have no presentation time.
        last_length: the duration of the frame that is displayed last.
        audio: when the audio packets begin, in seconds on the container's clock, as far as they were read.
        audio_end: when the last of them ends.
        end: when the last packet of any stream ends, likewise in seconds.
        recent: (ordinal, byte position) of the latest packets.
        gaps: for each displayed frame the largest number of bytes between two packets since the frame before.
        encrypted: whether a key frame is marked as encrypted.
        error: FFmpeg's message where the file breaks off.
    """

    pts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    dts: list[int | None] = field(default_factory=list)
    keys: list[KeyPacket] = field(default_factory=list)
    all_dts: list[int | None] = field(default_factory=list)
    all_pts: list[int | None] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    untimed: int = 0
    last_length: int = 0
    audio: array[float] = field(default_factory=lambda: array("d"))
    audio_end: float | None = None
    end: float = 0.0
    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=REORDERED))
    gaps: array[int] = field(default_factory=lambda: array("q"))
    encrypted: bool = False
    error: str | None = None


def scan_packets(container: Any, stream: Any) -> Scan:
    """Read every packet of `stream`, and those of other streams where that costs little.

    The container's position is undefined afterwards.
    """
    scan = Scan()
    everything = container.format.name not in _INDEXED
    ends: dict[int, int] = {}
    bases = {one.index: float(one.time_base) for one in container.streams if one.time_base}
    audible = {one.index for one in container.streams.audio}
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
            if index in audible:
                if packet.is_discard:
                    continue
                scan.audio.append(pts * bases[index])
            if end > ends.get(index, end - 1):
                ends[index] = end
    except av.error.FFmpegError as error:
        scan.error = str(error.strerror or error)
    seconds = {index: end * bases[index] for index, end in ends.items()}
    scan.end = max([0.0, *seconds.values()])
    scan.audio_end = max((seconds[index] for index in audible & seconds.keys()), default=None)
    if not everything and scan.error is None:
        scan.audio_end = _end_of_audio(container)
    return scan


def _note_frame(scan: Scan, packet: Any, size: int, stream: Any) -> None:
    pts = packet.pts
    ordinal = len(scan.all_dts)
    scan.all_dts.append(packet.dts)
    scan.all_pts.append(pts)
    scan.sizes.append(size)
    if (pos := packet.pos) is not None:
        scan.recent.append((ordinal, pos))
    if pts is None:
        scan.untimed += 1
        return
    if packet.is_keyframe:
        scan.encrypted = scan.encrypted or packet.has_sidedata(_ENCRYPTED)
        runup = next((at for number, at in reversed(scan.recent) if number < ordinal - 1), 0)
        scan.keys.append(KeyPacket(pts, packet.dts, pos, size, ordinal, runup))
    if packet.is_discard or _is_hidden(packet, stream):
        return
    length = packet.duration or 0
    if not scan.pts or pts >= max(scan.pts[-REORDERED:]):
        scan.last_length = length
    scan.pts.append(pts)
    scan.lengths.append(length)
    scan.dts.append(scan.all_dts[-1])


def _is_hidden(packet: Any, stream: Any) -> bool:
    """Whether a VP8 packet holds a reference frame that is never displayed (bit 4 of the frame tag is clear)."""
    return stream.codec_context.name == "vp8" and not bytes(packet)[0] >> 4 & 1


def audio_between(scan: Scan, container: Any, begin: float, end: float) -> array[float]:
    """When the audio packets between two times begin, all in seconds on the container's clock."""
    if scan.audio or container.format.name not in _INDEXED:
        return array("d", (at for at in scan.audio if begin <= at < end))
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


def _end_of_audio(container: Any) -> float | None:
    """When the last audio packet ends in seconds on the container's clock, found by a seek near to the end."""
    ends = []
    for stream in container.streams.audio:
        if not stream.duration:
            continue
        with suppress(av.error.FFmpegError):  # damaged there: audio that cannot be read does not count
            base = stream.time_base
            container.seek((stream.start_time or 0) + stream.duration - int(_LAST_AUDIO / base), stream=stream)
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None and not packet.is_discard:
                    ends.append(float((packet.pts + (packet.duration or 0)) * base))
    return max(ends, default=None)

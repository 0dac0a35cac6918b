"""Subtitle tracks inside video files, read packet by packet: text packets carry their own times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from hdvila.errors import TranscriptError
from hdvila.text.cues import RawCue

_TEXT_CODECS = {"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"}


def read_embedded(path: Path) -> tuple[list[RawCue], str | None]:
    """The cues and the language of the first text track (one marked as default goes before others).

    Raises:
        TranscriptError: the file is no video, or has no subtitle track with text.
    """
    try:
        with av.open(str(path.absolute()), metadata_errors="replace") as container:
            track = _text_track(container)
            if track is None:
                raise TranscriptError(f"{path}: has no subtitle track with text; put a subtitle file beside it")
            zero = (container.start_time or 0) / 1e6
            cues = [_cue(packet, _codec(track), zero) for packet in container.demux(track) if packet.size]
            return [cue for cue in cues if cue.lines], track.language
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TranscriptError(f"{path}: is neither subtitle text nor a video ({reason}); name another file") from error


def has_embedded(path: Path) -> bool:
    """Whether the file is a video with a subtitle track of text."""
    try:
        with av.open(str(path.absolute()), metadata_errors="replace") as container:
            return _text_track(container) is not None
    except (av.error.FFmpegError, OSError):
        return False


def _codec(track: Any) -> str:
    """PyAV's ffmpeg has no decoder for WebVTT in Matroska and gives no name; its packets are plain text."""
    return track.codec_context.name if track.codec_context is not None else "webvtt"


def _text_track(container: Any) -> Any | None:
    tracks = [track for track in container.streams.subtitles if _codec(track) in _TEXT_CODECS]
    default = av.stream.Disposition.default
    return max(tracks, key=lambda track: (bool(track.disposition & default), -track.index), default=None)


def _cue(packet: Any, codec: str, zero: float) -> RawCue:
    start = float((packet.pts or 0) * packet.time_base) - zero
    end = start + float((packet.duration or 0) * packet.time_base)
    data = bytes(packet)
    if codec == "mov_text":  # two bytes of length, the text, then styles
        data = data[2 : 2 + int.from_bytes(data[:2], "big")]
    text = data.decode("utf-8", "replace")
    if codec in {"ass", "ssa"}:  # eight fields before the text
        text = text.split(",", 8)[-1].replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")
    start = max(0.0, start)
    return RawCue(start, max(start, end), tuple(line for line in text.splitlines() if line.strip()))

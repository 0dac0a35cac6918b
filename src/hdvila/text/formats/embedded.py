"""Read the text subtitle tracks of video files, packet by packet: each packet carries its times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from hdvila.errors import TranscriptError, reason_of
from hdvila.media.container import language_of, open_local
from hdvila.text.formats.cues import Parsed, RawCue, raw_cue
from hdvila.text.formats.normalise import normalise
from hdvila.text.formats.substation import substation_text
from hdvila.text.languages import language_code, same_language

_TEXT_CODECS = {"mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"}
NO_WORDS_INSIDE = "has no subtitle track with text", "has no words in its subtitle tracks"
"""`TranscriptError.kind` of an intact video without subtitle text."""


def read_embedded(path: Path, language: str | None) -> tuple[Parsed, str]:
    """The cues of one text track with its language, and a description of the track.

    Tracks in `language` are preferred, then tracks that are not marked as forced (these hold only speech in
    another language), then those marked as default, then the first. Tracks without text are skipped.

    Raises:
        TranscriptError: the file is not a video, or has no subtitle track with text.
        Refused: the clock of the track restarts.
    """
    try:
        with open_local(path) as container:
            zero = (container.start_time or 0) / 1e6
            numbers = {track.index: number for number, track in enumerate(container.streams.subtitles, start=1)}
            tracks = _text_tracks(container, language)
            for track in tracks:
                found = _cues(container, track, zero)
                if found:
                    named = language_code(language_of(track))
                    parts = named or "language unknown", _codec(track), *_flags(track)
                    which = f"subtitle track {numbers[track.index]} of {len(numbers)} ({', '.join(parts)})"
                    return normalise(Parsed(found, named)), which
                container.seek(container.start_time or 0)
    except (av.error.FFmpegError, OSError) as error:
        reason = reason_of(error)
        what = "is neither subtitle text nor a video"
        raise TranscriptError(f"{path}: {what} ({reason}); name another file", kind=what) from error
    what = NO_WORDS_INSIDE[1 if tracks else 0]
    raise TranscriptError(f"{path}: {what}; put a subtitle file beside it", kind=what)


def _codec(track: Any) -> str:
    """The codec of a track. PyAV has no name for WebVTT in Matroska, whose packets are plain text."""
    return str(track.codec_context.name) if track.codec_context is not None else "webvtt"


def _flags(track: Any) -> list[str]:
    kinds = av.stream.Disposition
    return [name for name in ("default", "forced") if track.disposition & getattr(kinds, name)]


def _text_tracks(container: Any, language: str | None) -> list[Any]:
    """All text tracks, best first."""

    def rank(track: Any) -> tuple[bool, bool, bool, int]:
        flags = _flags(track)
        wrong = language is not None and not same_language(language_of(track), language)
        return wrong, "forced" in flags, "default" not in flags, track.index

    return sorted((track for track in container.streams.subtitles if _codec(track) in _TEXT_CODECS), key=rank)


def _cues(container: Any, track: Any, zero: float) -> list[RawCue]:
    codec = _codec(track)
    found = (_cue(packet, codec, zero) for packet in container.demux(track) if packet.size)
    return [cue for cue in found if cue]


def _cue(packet: Any, codec: str, zero: float) -> RawCue | None:
    start = float((packet.pts or 0) * packet.time_base) - zero
    end = start + float((packet.duration or 0) * packet.time_base)
    data = bytes(packet)
    if codec == "mov_text":  # two bytes of length, the text, styles
        data = data[2 : 2 + int.from_bytes(data[:2], "big")]
    text, speaker = data.decode("utf-8", "replace"), None
    if codec in {"ass", "ssa"}:  # eight fields precede the text
        fields = text.split(",", 8)
        text, speaker = substation_text(fields[-1], start), fields[3] if len(fields) == 9 else None
    return raw_cue(max(0.0, start), end, text, speaker)

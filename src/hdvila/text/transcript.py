"""Any subtitle file, or a video with a subtitle track, as timed words."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from hdvila.errors import TranscriptError
from hdvila.text.cues import RawCue
from hdvila.text.timed_blocks import has_timing_line, header_language, is_webvtt, parse_timed_blocks
from hdvila.text.unroll import unroll
from hdvila.text.word_times import time_words
from hdvila.types import Transcript

SUFFIXES = (".vtt", ".srt", ".ass", ".ssa", ".ttml", ".dfxp", ".srv1", ".xml")
"""Endings of subtitle files, the richest kind of times first."""

_SNIFF = 1 << 16
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LANGUAGE_IN_NAME = re.compile(r"\.([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)$")


def read_transcript(path: str | os.PathLike[str]) -> Transcript:
    """Read WebVTT, SRT, ASS, SSA, TTML or YouTube's srv1 XML, or the subtitle track of a video.

    The kind is told by the content, not by the name. Every word comes once, with times in seconds; sound and speaker
    marks are left out.

    Raises:
        TranscriptError: the file is missing, empty, binary, or has no timed words.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            head = stream.read(_SNIFF)
        if not head.strip(b" \t\r\n\0"):
            raise TranscriptError(f"{path}: the file is empty; fetch the subtitles again")
        text = None if _is_binary(head) else _decode(file.read_bytes())
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be read: {error.strerror or error}; check the path") from error
    if text is None:
        from hdvila.text.embedded import read_embedded

        cues, language = read_embedded(file)
    else:
        cues, language = _parse(text, path)
    transcript = time_words(unroll(cues), language or _language_of_name(file), str(path))
    if not transcript.words:
        raise TranscriptError(f"{path}: has no timed words ({len(cues)} cues); it is empty or of an unknown format")
    return transcript


def find_transcript(video: str | os.PathLike[str], names: Iterable[str] | None = None) -> Path | None:
    """The subtitles of a video: a file beside it (see `find_sidecar`), or the video itself if it has a track."""
    from hdvila.text.embedded import has_embedded

    file = Path(video)
    return find_sidecar(file, names) or (file if has_embedded(file) else None)


def find_sidecar(video: str | os.PathLike[str], names: Iterable[str] | None = None) -> Path | None:
    """The subtitle file beside a video under the same stem. No file is opened.

    ``talk.mp4`` finds ``talk.vtt``, else ``talk.en.vtt``, else ``talk.<language>.vtt``; of each the other kinds too.

    Args:
        video: the video file.
        names: the names of all files in its folder, where the caller has listed them already.
    """
    file = Path(video)
    beside = os.listdir(file.parent) if names is None else names
    ranked = sorted((rank, name) for name in beside if (rank := _rank(name, file)) is not None)
    return file.parent / ranked[0][1] if ranked else None


def _rank(name: str, video: Path) -> tuple[int, int] | None:
    """(language, kind), the best first; None: not of this video."""
    suffix = os.path.splitext(name)[1]
    if suffix.lower() not in SUFFIXES or not name.startswith(video.stem):
        return None
    between = name[len(video.stem) : len(name) - len(suffix)]
    kind = SUFFIXES.index(suffix.lower())
    if between in ("", video.suffix):
        return 0, kind
    language = _LANGUAGE_IN_NAME.fullmatch(between)
    if language is None:
        return None
    return (1 if language.group(1).lower().startswith("en") else 2), kind


def _is_binary(head: bytes) -> bool:
    if head.startswith((b"WEBVTT", *(bom for bom, _ in _BOMS))):
        return False
    return b"\0" in head or sum(byte < 32 and byte not in b"\t\n\r\f\v\x1b" for byte in head) > len(head) / 100


def _decode(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # what old Western subtitle files are in


def _parse(text: str, path: str | os.PathLike[str]) -> tuple[list[RawCue], str | None]:
    start = text.lstrip()
    if is_webvtt(text) or (has_timing_line(text) and not start.startswith("<")):
        return parse_timed_blocks(text), header_language(text)
    if start.startswith("<") and "<transcript" in start[:_SNIFF]:
        return _parse_srv1(text, path), None
    if start.startswith("<"):
        return _parse_with_pysubs2(text, "ttml", path), None
    if "[Events]" in text:
        return _parse_with_pysubs2(text, "ass" if "v4.00+" in text.lower() else "ssa", path), None
    raise TranscriptError(
        f"{path}: is no subtitle format that is known here (WebVTT, SRT, ASS, TTML, srv1, video track)"
    )


def _parse_srv1(text: str, path: str | os.PathLike[str]) -> list[RawCue]:
    try:
        elements = list(ElementTree.fromstring(text.encode()).iter("text"))
        spans = [(float(e.get("start", "")), float(e.get("dur", "0"))) for e in elements]
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise TranscriptError(f"{path}: is damaged srv1 XML: {error}; fetch it again") from error
    return [
        RawCue(start, start + length, tuple(line for line in (element.text or "").splitlines() if line.strip()))
        for element, (start, length) in zip(elements, spans, strict=True)
        if element.text
    ]


def _parse_with_pysubs2(text: str, kind: str, path: str | os.PathLike[str]) -> list[RawCue]:
    import pysubs2

    try:
        events = pysubs2.SSAFile.from_string(text, format_=kind)
    except Exception as error:  # its parsers raise whatever the damage leads to
        raise TranscriptError(f"{path}: cannot be read as {kind.upper()}: {error}; fetch it again") from error
    return [
        RawCue(event.start / 1000, max(event.start, event.end) / 1000, tuple(event.plaintext.splitlines()))
        for event in events
        if not event.is_comment and not event.is_drawing and event.start >= 0
    ]


def _language_of_name(file: Path) -> str | None:
    found = _LANGUAGE_IN_NAME.search(file.stem)
    return found.group(1) if found else None

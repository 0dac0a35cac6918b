"""Any subtitle file, or a video with a subtitle track, as timed words; and which subtitle file belongs to a video."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from hdvila.errors import TranscriptError
from hdvila.text.formats.decode import read_text
from hdvila.text.formats.dispatch import parse_text
from hdvila.text.formats.languages import is_known, language_code
from hdvila.text.word_times import time_words
from hdvila.types import Transcript

SUFFIXES = (
    *(".json3", ".srv3", ".vtt", ".srt", ".ass", ".ssa", ".ttml", ".dfxp", ".srv2", ".srv1", ".xml"),
    ".json",  # Whisper's, or something else altogether
)
"""Endings of subtitle files, the richest kind of times first."""

_LANGUAGE_IN_NAME = re.compile(r"\.([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)$")


def read_transcript(path: str | os.PathLike[str], *, language: str | None = None) -> Transcript:
    """Read WebVTT, SRT, ASS, SSA, TTML, YouTube's srv1, srv2, srv3 and json3, Whisper's and other JSON of timed
    segments or words, or a subtitle track of a video. Gzip is unpacked.

    The kind is told by the content, not by the name. Every word comes once, with times in seconds; sound and speaker
    marks are left out of the words and kept as `Transcript.marks` and `Word.new_speaker`. `Transcript.source` says
    which track of a video was read.

    Args:
        path: the file.
        language: which subtitle track of a video is wanted, such as ``"en"``; without one of that language, or without
            a wish, its default track.

    Raises:
        TranscriptError: the file is missing, empty, binary, damaged, or has no timed words.
    """
    file = Path(path)
    source = str(path)
    if file.exists() and not file.is_file():  # reading a pipe would wait for ever
        raise TranscriptError(f"{path}: is no regular file; name a subtitle file or a video")
    text = read_text(file)
    if text is None:
        from hdvila.text.formats.embedded import read_embedded

        cues, spoken, which = read_embedded(file, language)
        source = f"{path}, {which}"
    else:
        try:
            cues, spoken = parse_text(text)
        except ValueError as error:
            raise TranscriptError(f"{path}: {error}") from error
    transcript = time_words(cues, language_code(spoken) or _language_of_name(file), source)
    if not transcript.words:
        kept = f"{len(cues)} cues, {len(transcript.marks)} marks of sounds and speakers"
        what = "has no timed words"
        raise TranscriptError(f"{path}: {what} ({kept}); nothing can be learned from it", kind=what)
    return transcript


def find_transcript(video: str | os.PathLike[str], names: Iterable[str] | None = None) -> Path | None:
    """The subtitles of a video: a file beside it (see `find_sidecar`), or the video itself if it has a track."""
    from hdvila.text.formats.embedded import has_embedded

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


def _language_of_name(file: Path) -> str | None:
    found = _LANGUAGE_IN_NAME.search(file.stem)
    return language_code(found.group(1)) if found and is_known(found.group(1)) else None

"""Any subtitle file, or a video with a subtitle track, as timed words."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from hdvila.errors import TranscriptError
from hdvila.text.clean import clean
from hdvila.text.formats.cues import Refused
from hdvila.text.formats.decode import read_text
from hdvila.text.formats.dispatch import parse_text
from hdvila.text.formats.languages import language_code
from hdvila.text.formats.subtitle_names import language_of_name
from hdvila.text.remarks import remarks
from hdvila.text.word_times import time_words
from hdvila.types import Transcript


def read_transcript(path: str | os.PathLike[str], *, language: str | None = None) -> Transcript:
    """Read WebVTT, SRT, SBV, ASS, SSA, TTML, LRC, YouTube's srv1, srv2, srv3 and json3, the JSON and the tables of
    Whisper and other recognisers, or a subtitle track of a video. Gzip is unpacked.

    The kind is told by the content, not by the name. Every word comes once, with times in seconds; sound and speaker
    marks are left out of the words and kept as `Transcript.marks` and `Word.new_speaker`. `Transcript.source` says
    which track of a video was read, `Transcript.notes` what was left out or guessed.

    Args:
        path: the file.
        language: which subtitle track of a video is wanted, such as ``"en"``; without one of that language, or without
            a wish, its default track.

    Raises:
        TranscriptError: the file is missing, empty, binary, damaged, has no timed words, or is joined from parts whose
            times do not count from one moment.
    """
    file = Path(path)
    source = str(path)
    if file.exists() and not file.is_file():  # reading a pipe would wait for ever
        raise TranscriptError(f"{path}: is not a regular file; name a subtitle file or a video")
    decoded = read_text(file)
    try:
        if decoded is None:
            from hdvila.text.formats.embedded import read_embedded

            parsed, which = read_embedded(file, language)
            source = f"{path}, {which}"
        else:
            parsed = parse_text(decoded.text)
    except Refused as error:
        raise TranscriptError(f"{path}: {error}") from error
    transcript = time_words(parsed.cues, language_code(parsed.language) or language_of_name(file.stem), source)
    if not transcript.words:
        kept = f"{len(parsed.cues)} cues, {len(transcript.marks)} marks of sounds and speakers"
        what = "has no timed words"
        raise TranscriptError(f"{path}: {what} ({kept}); nothing can be learned from it", kind=what)
    notes = (*(decoded.notes if decoded else ()), *parsed.notes, *remarks(transcript))
    return replace(transcript, notes=tuple(map(clean, notes)))

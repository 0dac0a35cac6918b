"""Any subtitle file, or a video with a subtitle track, as timed words."""

from __future__ import annotations

import os
from pathlib import Path

from hdvila.errors import TranscriptError
from hdvila.text.formats.decode import read_text
from hdvila.text.formats.dispatch import parse_text
from hdvila.text.formats.languages import language_code
from hdvila.text.formats.subtitle_names import language_of_name
from hdvila.text.word_times import time_words
from hdvila.types import Transcript


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
    transcript = time_words(cues, language_code(spoken) or language_of_name(file.stem), source)
    if not transcript.words:
        kept = f"{len(cues)} cues, {len(transcript.marks)} marks of sounds and speakers"
        what = "has no timed words"
        raise TranscriptError(f"{path}: {what} ({kept}); nothing can be learned from it", kind=what)
    return transcript

"""Any subtitle file, or a video with a subtitle track, as timed words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from hdvila.errors import TranscriptError
from hdvila.text.formats.cues import Refused
from hdvila.text.formats.decode import read_text
from hdvila.text.formats.parse import parse_text
from hdvila.text.languages import language_code
from hdvila.text.subtitle_names import language_of_name
from hdvila.text.word_times import time_words
from hdvila.types import Transcript
from hdvila.writing import drop_surrogates

_LONGEST = 40  # words of a phrase
_REPEATS = {1: 15, 2: 8, 3: 6}  # so often is a phrase of so many words never said in a row; a longer one:
_FEW = 5
_CHAPTER = 20.0, 0.5  # seconds that a cue lasts, and words a second, as titles of chapters have them


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
    notes = (*(decoded.notes if decoded else ()), *parsed.notes, *_remarks(transcript))
    return replace(transcript, notes=tuple(map(drop_surrogates, notes)))


def _remarks(transcript: Transcript) -> Iterator[str]:
    """Notes on what a person should look at; nothing of it is changed."""
    yield from _loops(transcript)
    lengths = [cue.end - cue.start for cue in transcript.cues]
    paces = [len(cue.words) / max(length, 1e-3) for cue, length in zip(transcript.cues, lengths, strict=True)]
    if len(lengths) > 1 and median(lengths) > _CHAPTER[0] and median(paces) < _CHAPTER[1]:
        yield f"its {len(lengths)} lines last {median(lengths):.0f} s and say little: they look like titles of chapters"


def _loops(transcript: Transcript) -> Iterator[str]:
    """Speech recognisers write one phrase again and again over music or silence."""
    words = transcript.words
    ids: dict[str, int] = {}
    keys = np.array([ids.setdefault(word.text.casefold(), len(ids)) for word in words])
    found: list[tuple[int, int, int]] = []
    for period in range(1, min(_LONGEST, len(words) // 2) + 1):
        same = np.concatenate([[0], keys[period:] == keys[:-period], [0]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(same)).reshape(-1, 2)
        for begin, end in edges[edges[:, 1] - edges[:, 0] >= period * (_REPEATS.get(period, _FEW) - 1)]:
            if not any(first <= begin and end + period <= last + period for first, last, _ in found):
                found.append((int(begin), int(end) + period, period))
    for begin, end, period in sorted(found)[:1]:
        times = (end - begin) // period
        phrase = " ".join(word.text for word in words[begin : begin + period])
        more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
        yield (
            f"{phrase[:60]!r} is said {times} times in a row, from {words[begin].start:.1f} to "
            f"{words[end - 1].end:.1f} s{more}: speech recognisers write so over music or silence"
        )

"""Read any subtitle file, or the subtitle track of a video, into timed words."""

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

_LONGEST_LOOP = 40  # words in a repeated phrase
_REPEATS = {1: 15, 2: 8, 3: 6}  # words in a phrase -> repetitions in a row that speech does not have
_REPEATS_OF_LONGER = 5
_CHAPTER_SECONDS, _CHAPTER_PACE = 20.0, 0.5  # chapter titles: longer cues, and fewer words a second


def read_transcript(path: str | os.PathLike[str], *, language: str | None = None) -> Transcript:
    """Read WebVTT, SRT, SBV, ASS, SSA, TTML, LRC, YouTube's srv1, srv2, srv3 and json3, the JSON and the
    tables of Whisper and other recognisers, or a subtitle track of a video. Gzip is unpacked.

    The format is detected from the content, not from the name. Every word appears once, with times in seconds
    from the start of the video's container. Sound and speaker marks are not among the words: they are in
    `Transcript.marks` and `Word.new_speaker`. `Transcript.source` names the track of a video that was read,
    `Transcript.notes` lists what was left out or guessed.

    Args:
        path: the file.
        language: the wanted subtitle track of a video, such as ``"en"``; the default track is read if no
            track is in that language, or if it is None.

    Raises:
        TranscriptError: the file is missing, empty, binary or damaged, has no timed words, or was joined from
            parts whose clocks start anew.
    """
    file = Path(path)
    source = str(path)
    if file.exists() and not file.is_file():  # reading a pipe would block
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
        raise TranscriptError(f"{path}: {what} ({kept}); name another file", kind=what)
    notes = (*(decoded.notes if decoded else ()), *parsed.notes, *_warnings(transcript))
    return replace(transcript, notes=tuple(map(drop_surrogates, notes)))


def _warnings(transcript: Transcript) -> Iterator[str]:
    """Notes on what a person should check. The transcript is not changed."""
    yield from _loops(transcript)
    lengths = [cue.end - cue.start for cue in transcript.cues]
    paces = [len(cue.words) / max(length, 1e-3) for cue, length in zip(transcript.cues, lengths, strict=True)]
    if len(lengths) > 1 and median(lengths) > _CHAPTER_SECONDS and median(paces) < _CHAPTER_PACE:
        yield f"its {len(lengths)} lines last {median(lengths):.0f} s with few words: they look like chapter titles"


def _loops(transcript: Transcript) -> Iterator[str]:
    """Phrases that repeat in a row, as speech recognisers write them over music or silence."""
    words = transcript.words
    ids: dict[str, int] = {}
    keys = np.array([ids.setdefault(word.text.casefold(), len(ids)) for word in words])
    found: list[tuple[int, int, int]] = []
    for period in range(1, min(_LONGEST_LOOP, len(words) // 2) + 1):
        same = np.concatenate([[0], keys[period:] == keys[:-period], [0]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(same)).reshape(-1, 2)
        for begin, end in edges[edges[:, 1] - edges[:, 0] >= period * (_REPEATS.get(period, _REPEATS_OF_LONGER) - 1)]:
            if not any(first <= begin and end + period <= last + period for first, last, _ in found):
                found.append((int(begin), int(end) + period, period))
    for begin, end, period in sorted(found)[:1]:
        times = (end - begin) // period
        phrase = " ".join(word.text for word in words[begin : begin + period])
        more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
        yield (
            f"{phrase[:60]!r} is said {times} times in a row, from {words[begin].start:.1f} to "
            f"{words[end - 1].end:.1f} s{more}: speech recognisers do this over music or silence"
        )

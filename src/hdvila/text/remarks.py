"""What is strange about a transcript that could be read: a phrase said over and over, titles in place of speech."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np

from hdvila.types import Transcript

_LONGEST = 40  # words of a phrase
_REPEATS = {1: 15, 2: 8, 3: 6}  # so often is a phrase of so many words never said in a row; a longer one:
_FEW = 5
_CHAPTER = 20.0, 0.5  # seconds that a cue lasts, and words a second, as titles of chapters have them


def remarks(transcript: Transcript) -> Iterator[str]:
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

"""The clips that a video is split into: its sentences where somebody speaks, windows elsewhere.

The clips cover the whole video.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hdvila.types import Sentence

__all__ = ["ClipSpan", "cut"]

WINDOW = (
    8.0  # seconds of a window; HD-VILA was trained on clips of 13.4 s on average, moments are found by shorter ones
)
HOP = 4.0  # seconds between the starts of windows, so that an event at the edge of one is inside the next
LONGEST = 16.0  # a longer sentence is split into several clips, each with its text
SHORTEST = 2.0  # a shorter sentence is widened, a shorter silence is added to the clip before it


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """A planned clip: seconds, half-open, and the sentence said in it or ''."""

    start: float
    end: float
    text: str = ""


def cut(duration: float, sentences: Sequence[Sentence] = ()) -> list[ClipSpan]:
    """Split a video into clips, in order of their start.

    Args:
        duration: of the video, in seconds.
        sentences: its transcript; sentences after its end are ignored.
    """
    spoken = [span for sentence in sentences for span in _of_sentence(sentence, duration)]
    if not spoken:
        return list(_windows(0.0, duration))
    gaps = _gaps(spoken, duration)
    silent = [window for start, end in gaps if end - start >= SHORTEST for window in _windows(start, end)]
    short = {start: end for start, end in gaps if end - start < SHORTEST}
    spoken = [
        ClipSpan(0.0 if span.start == short.get(0.0) else span.start, short.get(span.end, span.end), span.text)
        for span in spoken
    ]
    return sorted(spoken + silent, key=lambda span: (span.start, span.end))


def _of_sentence(sentence: Sentence, duration: float) -> Iterator[ClipSpan]:
    start, end = max(0.0, sentence.start), min(duration, sentence.end)
    if not sentence.text.strip() or start >= duration:
        return
    if end - start < SHORTEST:
        start = max(0.0, min((start + end - SHORTEST) / 2, duration - SHORTEST))
        end = min(duration, start + SHORTEST)
    parts = max(1, math.ceil((end - start) / LONGEST))
    step = (end - start) / parts
    for part in range(parts):
        last = part == parts - 1
        yield ClipSpan(start + part * step, end if last else start + (part + 1) * step, sentence.text.strip())


def _gaps(spoken: Sequence[ClipSpan], duration: float) -> list[tuple[float, float]]:
    """The intervals without speech, in order."""
    gaps, covered = [], 0.0
    for span in sorted(spoken, key=lambda span: span.start):
        if span.start > covered:
            gaps.append((covered, span.start))
        covered = max(covered, span.end)
    return [*gaps, (covered, duration)] if covered < duration else gaps


def _windows(start: float, end: float) -> Iterator[ClipSpan]:
    """Windows that cover start..end, evenly spaced, about HOP apart."""
    length = end - start
    count = 1 + max(0, round((length - WINDOW) / HOP))
    if count == 1:
        yield ClipSpan(start, end)
        return
    step = (length - WINDOW) / (count - 1)
    for number in range(count):
        begin = start + number * step
        yield ClipSpan(begin, end if number == count - 1 else begin + WINDOW)

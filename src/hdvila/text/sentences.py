"""From timed words to sentences.

A transcript that has its punctuation keeps it. Automatic captions have none: there the pauses between words speak,
helped by words that like to open a sentence, or that cannot close one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles

from hdvila.text.english import FILLERS, NEVER_LAST, OPENERS, SHORTENED
from hdvila.types import Sentence, Transcript, Word

_ENDS = re.compile(r"[.?!…。？！]+[\"'”’)\]»]*$")
_WORDS_PER_MARK = 40  # a transcript with a sentence mark at least this often is punctuated
_PAUSE_RANGE = 0.3, 0.7  # seconds: what a pause between sentences may be at least
_FORCED_WORDS = 40  # a longer run of words without punctuation is split where a break is most likely
_COMMA = 0.5  # what a comma adds to the score of a break


def split_sentences(
    transcript: Transcript, *, max_words: int | None = None, max_seconds: float | None = None
) -> list[Sentence]:
    """Split a transcript at the ends of its sentences, in order. Fillers (um, uh) are left out of the text.

    Args:
        transcript: timed words, with or without punctuation.
        max_words, max_seconds: a longer sentence is split where a break is most likely. Without punctuation no sentence
            has more than 40 words.
    """
    words = transcript.words
    if not words:
        return []
    punctuated = is_punctuated(words)
    scores = break_scores(words)
    if punctuated:
        ends = punctuated_ends(words)
    else:
        ends = [*(at + 1 for at, score in enumerate(scores) if score >= 1.0), len(words)]
        max_words = min(max_words or _FORCED_WORDS, _FORCED_WORDS)
    sentences, start = [], 0
    for end in _shortened(words, scores, ends, max_words or len(words), max_seconds or float("inf")):
        sentence = make_sentence(words[start:end], close=not punctuated)
        start = end
        if sentence is not None:
            sentences.append(sentence)
    return sentences


def is_punctuated(words: Sequence[Word]) -> bool:
    """Whether the words carry sentence marks often enough to be trusted."""
    marks = sum(_ENDS.search(word.text) is not None for word in words)
    return marks * _WORDS_PER_MARK >= len(words)


def punctuated_ends(words: Sequence[Word]) -> list[int]:
    """Positions after the last word of each sentence, by its marks; the last is ``len(words)``.

    A mark before a small letter ends no sentence ("won... the"), except in a transcript that has no capitals there.
    """
    marked = [
        at for at, word in enumerate(words[:-1], start=1) if _ENDS.search(word.text) and not SHORTENED.match(word.text)
    ]
    opened = [at for at in marked if not words[at].text.lstrip("\"'“‘([«¿¡-–—")[:1].islower()]
    return [*(opened if 2 * len(opened) >= len(marked) else marked), len(words)]


def break_scores(words: Sequence[Word]) -> list[float]:
    """How likely a sentence ends after each word but the last, by pauses and words; from 1 on it does."""
    pauses = [max(0.0, after.start - before.end) for before, after in pairwise(words)]
    threshold = pause_threshold(pauses)
    return [
        pause / threshold * _fit(before, after) + (_COMMA if before.text.endswith((",", ";", ":")) else 0.0)
        for pause, (before, after) in zip(pauses, pairwise(words), strict=True)
    ]


def pause_threshold(pauses: Sequence[float]) -> float:
    """Seconds from which on a pause ends a sentence, for this speaker.

    Between the two classes of pauses, inside and between sentences, whose means lie furthest apart (Otsu's rule), and
    never outside 0.3 .. 0.7 s.
    """
    low, high = _PAUSE_RANGE
    longer = sorted(pause for pause in pauses if pause > 0)
    if len(longer) < 4:
        return (low + high) / 2
    cap = 3 * quantiles(longer, n=20)[-1] if longer else 0.0
    values = [min(pause, cap) for pause in longer]
    total, below, best = sum(values), 0.0, (-1.0, low)
    for count, value in enumerate(values[:-1], start=1):
        below += value
        rest = len(values) - count
        spread = count * rest * (below / count - (total - below) / rest) ** 2
        best = max(best, (spread, (value + values[count]) / 2))
    return min(max(best[1], low), high)


def clean_sentence(texts: Sequence[str], close: bool) -> str:
    """Join words to a sentence without pure fillers; `close` gives it a capital and a full stop."""
    said = [text for text in texts if text.lower().strip(".,?!…-") not in FILLERS]
    line = " ".join(said)
    if not close or not line:
        return line
    line = line[0].upper() + line[1:]
    return line if _ENDS.search(line) else line.rstrip(",;:-") + "."


def make_sentence(words: Sequence[Word], close: bool) -> Sentence | None:
    """The words as a `Sentence`, timed from its first to its last word; None if nothing but fillers is said."""
    said = [word for word in words if word.text.lower().strip(".,?!…-") not in FILLERS]
    if not said:
        return None
    exact = all(word.timed_by == "word" for word in said)
    text = clean_sentence([word.text for word in said], close)
    return Sentence(text, said[0].start, max(word.end for word in said), "word" if exact else "cue")


def _fit(last: Word, first: Word) -> float:
    """How well a sentence ends with `last` and another begins with `first`: a factor on the pause between them."""
    if last.text.lower() in NEVER_LAST:
        return 0.5
    return 1.25 if first.text.lower() in OPENERS else 1.0


def _shortened(
    words: Sequence[Word], scores: Sequence[float], ends: Sequence[int], max_words: int, max_seconds: float
) -> list[int]:
    """Split what is too long at its best break, near the middle where none is better, until nothing is too long."""
    result: list[int] = []
    stack = [(start, end) for start, end in pairwise([0, *ends])][::-1]
    while stack:
        a, b = stack.pop()
        if b - a <= 1 or (b - a <= max_words and words[b - 1].end - words[a].start <= max_seconds):
            result.append(b)
            continue
        edge = (b - a) // 4
        inner = range(a + max(edge, 1), b - edge)
        cut = max(inner, key=lambda at: (scores[at - 1], -abs(2 * at - a - b)))
        stack += [(cut, b), (a, cut)]
    return result

"""From timed words to sentences.

A transcript that has its punctuation keeps it. To one without, a restorer gives marks; its words are aligned with the
timed words, and the marks say where sentences end.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from hdvila.text.sentences.align import align
from hdvila.text.sentences.boundaries import gap_scores, is_filler
from hdvila.text.sentences.punctuation import capitalised, closed, is_punctuated, marked_ends, speaker_changes
from hdvila.text.sentences.restore import Restorer, restore
from hdvila.types import Sentence, Transcript, Word
from hdvila.writing import full_stop, joined, word_count

_FORCED_WORDS = 40  # a longer run of words without punctuation is split where a break is most likely
_PAUSING = tuple(",;:，、；：၊،؛")
_COMMA = 3.0  # what a comma adds to the log-odds of a break


def split_sentences(
    transcript: Transcript,
    *,
    max_words: int | None = None,
    max_seconds: float | None = None,
    restorer: Restorer = restore,
) -> list[Sentence]:
    """Split a transcript at the ends of its sentences, in order, and where the speaker changes. Fillers (um, uh) are
    left out of the text.

    Args:
        transcript: timed words, with or without punctuation.
        max_words, max_seconds: a longer sentence is split where a break is most likely. Without punctuation no sentence
            has more than 40 words. How many words it has is told by `hdvila.writing.word_count`.
        restorer: gives marks to a transcript that has none: the built-in one, or one made by
            `hdvila.text.load_restorer` from a local model.
    """
    words: Sequence[Word] = transcript.words
    if not words:
        return []
    punctuated = is_punctuated(words)
    if punctuated:
        ends = sorted({*marked_ends(words), *speaker_changes(words)})
    else:
        words = align(restorer(transcript), words)
        ends = marked_ends(words)
        max_words = min(max_words or _FORCED_WORDS, _FORCED_WORDS)
    sentences, start = [], 0
    for end in _shortened(words, ends, max_words or float("inf"), max_seconds or float("inf")):
        sentence = make_sentence(words[start:end], close=not punctuated)
        start = end
        if sentence is not None:
            sentences.append(sentence)
    return sentences


def make_sentence(words: Sequence[Word], close: bool) -> Sentence | None:
    """The words as a `Sentence` without fillers, timed from its first to its last word; None if nothing else is said.

    `close` gives it a capital and, where it has no mark, a full stop.
    """
    said = [word for word in words if not is_filler(word.text)]
    if not said:
        return None
    texts = [word.text for word in said]
    if close:
        texts = [capitalised(texts[0]), *texts[1:]]
        texts[-1] = closed(texts[-1], ".")
        if not full_stop(texts[-1]):
            texts[-1] = texts[-1].removesuffix(".")
    exact = all(word.timed_by == "word" for word in said)
    return Sentence(joined(texts), said[0].start, max(word.end for word in said), "word" if exact else "cue")


def _shortened(words: Sequence[Word], ends: Sequence[int], max_words: float, max_seconds: float) -> list[int]:
    """Split what is too long at its best break, near the middle where none is better, until nothing is too long."""

    reached = [0, *accumulate(word_count(word.text) for word in words)]

    def fits(start: int, end: int) -> bool:
        short = reached[end] - reached[start] <= max_words and words[end - 1].end - words[start].start <= max_seconds
        return short or end - start <= 1

    spans = list(pairwise([0, *ends]))
    if all(fits(start, end) for start, end in spans):
        return list(ends)
    scores = gap_scores(Transcript(tuple(words)))
    scores += [_COMMA * word.text.endswith(_PAUSING) for word in words[:-1]]
    result: list[int] = []
    stack = spans[::-1]
    while stack:
        a, b = stack.pop()
        if fits(a, b):
            result.append(b)
            continue
        edge = (b - a) // 4
        inner = range(a + max(edge, 1), b - edge)
        cut = max(inner, key=lambda at: (scores[at - 1], -abs(2 * at - a - b)))
        stack += [(cut, b), (a, cut)]
    return result

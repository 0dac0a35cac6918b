"""Split timed words into sentences.

A punctuated transcript is split at its marks. For any other, a restorer adds marks, the restored words are
aligned with the timed words, and the sentences end at the restored marks.
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

_FORCED_WORDS = 40  # a longer run of words without punctuation is split at its likeliest break
_PAUSING = tuple(",;:，、；：၊،؛")
_COMMA = 3.0  # log-odds of a break that a comma adds


def split_sentences(
    transcript: Transcript,
    *,
    max_words: int | None = None,
    max_seconds: float | None = None,
    restorer: Restorer = restore,
) -> list[Sentence]:
    """Split a transcript at marks and changes of the speaker into sentences, without fillers (um, uh).

    Args:
        transcript: timed words, with or without punctuation.
        max_words, max_seconds: a longer sentence is split at its likeliest break. Words are counted by
            `hdvila.writing.word_count`. Without punctuation no sentence has more than 40 words.
        restorer: adds marks to a transcript that has none: the built-in restorer, or the result of
            `hdvila.text.load_restorer`.

    Returns:
        The sentences in order, with times in seconds.
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
    """The words without fillers as a `Sentence`, timed from first to last; None if there are only fillers.

    `close` adds a capital, and a full stop if the sentence has no final mark.
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
    """Split sentences that are too long at their likeliest break, preferably near the middle, until all fit."""
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

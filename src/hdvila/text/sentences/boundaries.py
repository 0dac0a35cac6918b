"""Find sentence ends in speech without punctuation, from words, pauses, line ends and changes of the speaker.

The evidence of a pause or a line end differs between transcripts: automatic captions break lines anywhere,
people at the ends of phrases; one speaker pauses to breathe, another between sentences. It is therefore
estimated from each transcript by expectation-maximisation: the words suggest sentence ends, these show what
pauses and line ends mean in this transcript, which improves the sentence ends in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import quantiles

import numpy as np
from numpy.typing import NDArray

from hdvila.text.sentences.gap_model import english, spoken_form
from hdvila.text.sentences.punctuation import marked_ends, speaker_changes
from hdvila.types import Transcript, Word
from hdvila.writing import is_unspaced, word_count

Scores = NDArray[np.float64]
Channel = tuple[NDArray[np.intp], Sequence[float], Sequence[float]]
"""The kind of every gap, and the expected frequencies of the kinds at sentence ends and within sentences."""

FILLERS = frozenset("um umm uh uhh uhm erm hm hmm mm mhm".split())  # noqa: SIM905
"""Sounds of hesitation, which are left out of sentences."""

_NEVER_LAST = frozenset("a an the my your our their its".split())  # noqa: SIM905
_LONGEST = 40  # words in a sentence
_THRESHOLD = -0.5  # log-odds above which a gap is a sentence end: missed and false ends cost the same
_SHORT = -1.5, -0.5  # log-odds of sentences of one word and of two
_CERTAIN = 30.0  # log-odds of a sentence end at a change of the speaker or a punctuation mark
_ENGLISH = 0.6  # share of known words below which a text counts as another language and its words are ignored

_DOUBT, _SURE = 1.7, 3.0  # bounds of the log-odds of the words, because the model may not know their domain
_PAUSE_STEPS = (0.02, 0.5, 1.0, 1.5, 3.0)  # bounds of the kinds of pauses, in units of the speaker's threshold
_LONG = 3  # pauses of this kind and above are long
_SHORT_PAUSES, _LONG_PAUSES_AT_END = (0.6, 0.25, 0.15), (0.25, 0.35, 0.40)  # expected in advance
_LONG_PAUSES_INSIDE, _LONG_INSIDE = (0.8, 0.15, 0.05), 0.003
_MOST_LONG = 0.95  # the largest expected share of sentence ends with a long pause
_LINE_AT_END, _LINE_INSIDE = (0.75, 0.25), (0.87, 0.13)  # shares without and with a line end
_UNSEEN = -1  # the kind of a gap about which a channel has no evidence
_TRUST = 20.0  # sentence ends, with the gaps of their sentences, that the expectations weigh as much as
_SHARE, _FEWEST = 0.1, 0.08  # share of gaps that end a sentence: expected, and at least
_ROUNDS = 8
_UNSPACED_LINE = 6.0  # log-odds that the end of such a line adds (see `_unspaced_line_ends`)
_RANGE = 0.3, 0.7  # seconds: the range of thresholds for a pause between sentences
_ENOUGH_FOR_A_SENTENCE = 4  # words


def is_filler(word: str) -> bool:
    """Whether a word is only a sound of hesitation."""
    return word.lower().strip(".,?!…-") in FILLERS


def sentence_ends(transcript: Transcript) -> list[int]:
    """Positions after the last word of each sentence; the last one is the number of words.

    A sentence ends at a change of the speaker, and has 40 words at most.

    Args:
        transcript: timed words; its cues define where lines end.
    """
    words = transcript.words
    return _best_ends(gap_scores(transcript), [word_count(word.text) for word in words]) if words else []


def gap_scores(transcript: Transcript) -> Scores:
    """(N - 1,) log-odds of a sentence end after each of N words but the last; arguments as for `sentence_ends`.

    If there are fillers between two words, the score belongs to the gap before the fillers.
    """
    words = transcript.words
    said = [at for at, word in enumerate(words) if not is_filler(word.text)]
    scores = np.full(max(len(words) - 1, 0), -_CERTAIN)
    if len(said) > 1:
        scores[said[:-1]] = _scores_between(transcript, said)
    scores += _UNSPACED_LINE * _unspaced_line_ends(transcript)
    scores[[at - 1 for at in (*speaker_changes(words), *marked_ends(words)) if at < len(words)]] = _CERTAIN
    return scores


def pauses(words: Sequence[Word]) -> list[float]:
    """Seconds of silence after each word but the last."""
    return [max(0.0, after.start - before.end) for before, after in pairwise(words)]


def pause_threshold(silences: Sequence[float]) -> float:
    """The duration in seconds above which a pause of this speaker ends a sentence.

    Otsu's method divides the pauses into those within and between sentences. The result is 0.3 to 0.7 s.
    """
    least, most = _RANGE
    longer = sorted(pause for pause in silences if pause > 0)
    if len(longer) < 4:
        return (least + most) / 2
    cap = 3 * quantiles(longer, n=20)[-1]
    values = [min(pause, cap) for pause in longer]
    total, below, best = sum(values), 0.0, (-1.0, least)
    for count, value in enumerate(values[:-1], start=1):
        below += value
        rest = len(values) - count
        spread = count * rest * (below / count - (total - below) / rest) ** 2
        best = max(best, (spread, (value + values[count]) / 2))
    return min(max(best[1], least), most)


def _scores_between(transcript: Transcript, said: Sequence[int]) -> Scores:
    """The log-odds of the gaps between the words at the positions `said`: one fewer than positions."""
    texts = [transcript.words[at].text for at in said]
    model = english()
    if model.share_known(texts) >= _ENGLISH:
        by_words = np.clip(model.logits(texts) - np.log(model.share / (1 - model.share)), -_DOUBT, _SURE)
        by_words[[spoken_form(text) in _NEVER_LAST for text in texts[:-1]]] = -_CERTAIN
    else:
        by_words = np.zeros(len(said) - 1)
    silent = np.maximum.reduceat(pauses(transcript.words), said[:-1])
    lines = np.maximum.reduceat(_line_ends(transcript), said[:-1])
    pause_channel = _pause_channel(silent / pause_threshold(silent.tolist()))
    line = np.where(pause_channel[0] < _LONG, lines, _UNSEEN)  # a long pause ends a line anyway
    return _weighed(by_words, [pause_channel, (line, _LINE_AT_END, _LINE_INSIDE)])


def _pause_channel(ratio: Scores) -> Channel:
    """The channel of pauses in units of the threshold. Their number bounds the expected share of long ends."""
    kind = np.digitize(ratio, _PAUSE_STEPS)
    most = min(_MOST_LONG, float((kind >= _LONG).mean()) / _FEWEST)
    at_end = [*((1 - most) * x for x in _SHORT_PAUSES), *(most * x for x in _LONG_PAUSES_AT_END)]
    inside = [*((1 - _LONG_INSIDE) * x for x in _SHORT_PAUSES), *(_LONG_INSIDE * x for x in _LONG_PAUSES_INSIDE)]
    return kind, at_end, inside


def _weighed(said: Scores, channels: Sequence[Channel]) -> Scores:
    """Add the evidence of each channel, estimated from the transcript, to the log-odds of the words.

    Args:
        said: log-odds by the words, for a share of one half.
        channels: the other evidence.
    """
    share = _SHARE
    ratios = [np.log((np.array(at_end) + 1e-4) / (np.array(inside) + 1e-4)) for _, at_end, inside in channels]
    scores = said
    for _ in range(_ROUNDS):
        evidence = sum(
            np.where(kind >= 0, ratio[kind], 0.0) for ratio, (kind, _, _) in zip(ratios, channels, strict=True)
        )
        scores = said + np.log(share / (1 - share)) + evidence
        end = 1 / (1 + np.exp(-scores))
        share = float((end.sum() + _TRUST * _SHARE) / (len(end) + _TRUST))
        for number, (kind, at_end, inside) in enumerate(channels):
            ending = _frequencies(kind, end, at_end, _TRUST)
            ratios[number] = np.log(ending / _frequencies(kind, 1 - end, inside, _TRUST / _SHARE))
    return scores


def _frequencies(kind: NDArray[np.intp], weight: Scores, expected: Sequence[float], trust: float) -> Scores:
    seen = kind >= 0
    counts = np.bincount(kind[seen], weight[seen], len(expected)) + trust * (np.array(expected) + 1e-4)
    return np.asarray(counts / counts.sum())


def _line_ends(transcript: Transcript) -> NDArray[np.bool_]:
    """(N - 1,) whether a line of the subtitles ends after each word but the last."""
    result = np.zeros(len(transcript.words) - 1, dtype=bool)
    for at in accumulate(len(cue.words) for cue in transcript.cues):
        if 0 < at <= len(result):
            result[at - 1] = True
    return result


def _unspaced_line_ends(transcript: Transcript) -> NDArray[np.bool_]:
    """(N - 1,) whether a line that may be a sentence ends, in an unspaced script without word times.

    There the line is the only evidence: the model does not know its words, and pauses within it are unknown.
    """
    result = np.zeros(max(len(transcript.words) - 1, 0), dtype=bool)
    if not is_unspaced(transcript.text):
        return result
    for cue, at in zip(transcript.cues, accumulate(len(cue.words) for cue in transcript.cues), strict=True):
        timed = any(word.timed_by == "word" for word in cue.words)
        if 0 < at <= len(result) and not timed and word_count(cue.text) >= _ENOUGH_FOR_A_SENTENCE:
            result[at - 1] = True
    return result


def _best_ends(scores: Scores, lengths: Sequence[int]) -> list[int]:
    """The split with the largest sum of scores and no sentence above `_LONGEST` words, by dynamic programming.

    Args:
        scores: (N - 1,) log-odds.
        lengths: (N,) the length of each word (`hdvila.writing.word_count`).
    """
    count = len(scores) + 1
    gain = np.append(scores - _THRESHOLD, 0.0)
    reached = np.append(0, np.cumsum(np.maximum(lengths, 1)))
    length = np.zeros(_LONGEST + 1)
    length[1 : 1 + len(_SHORT)] = _SHORT
    best = np.zeros(count + 1)
    before = np.zeros(count + 1, dtype=np.intp)
    for end in range(1, count + 1):
        first = min(int(np.searchsorted(reached, reached[end] - _LONGEST)), end - 1)
        totals = best[first:end] + length[np.minimum(reached[end] - reached[first:end], _LONGEST)]
        at = int(totals.argmax())
        best[end], before[end] = totals[at] + gain[end - 1], first + at
    ends = [count]
    while before[ends[-1]]:
        ends.append(int(before[ends[-1]]))
    return ends[::-1]

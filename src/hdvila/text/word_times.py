"""From timed lines to timed words.

A word's time is the file's own where the file has one (``timed_by="word"``). Elsewhere the words of a line share its
time in proportion to their characters (``timed_by="cue"``). Captions with word times say when a word begins, never when
it ends: it ends when the next one begins, or, before a pause, after as long as words of its length take in this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from hdvila.text.cues import RawCue
from hdvila.text.marks import drop_marks, has_speech, plain
from hdvila.text.timed_blocks import split_word_times
from hdvila.types import Cue, Transcript, Word

_USUAL_PACE = 0.07  # seconds a character (a space counts as one) where the file cannot tell
_PACES = 0.03, 0.15
_ENOUGH = 8  # words whose times tell a file's pace
_CLOSING = ".?!…,;:。？！"
_A_PAUSE = 1.5  # seconds between two starts from which on the first word surely ended before


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    anchor: float | None  # the second at which it begins, where the file says so
    exact: bool  # it alone begins there


def time_words(cues: Sequence[RawCue], language: str | None, source: str | None) -> Transcript:
    """Build the transcript of un-rolled cues in order of their start."""
    timed: list[tuple[Word, ...]] = []
    earliest = 0.0
    has_word_times = any(len(split_word_times(line)) > 1 for cue in cues for line in cue.lines)
    for number, cue in enumerate(cues):
        tokens = _tokens(cue, has_word_times)
        start = max(cue.start, earliest)
        following = cues[number + 1].start if number + 1 < len(cues) else float("inf")
        end = min(cue.end if cue.end > cue.start else start + _guess(tokens), max(following, start))
        words = _spread(tokens, start, max(start, end))
        timed.append(words)
        earliest = words[-1].start if words else earliest
    ended = _end_words([word for words in timed for word in words])
    return _transcript(timed, ended, language, source)


def _transcript(
    timed: list[tuple[Word, ...]], ended: list[Word], language: str | None, source: str | None
) -> Transcript:
    cues, at = [], 0
    for words in timed:
        mine = tuple(ended[at : at + len(words)])
        at += len(words)
        if mine:
            cues.append(Cue(" ".join(word.text for word in mine), mine[0].start, mine[-1].end, mine))
    return Transcript(tuple(ended), tuple(cues), language, source)


def _tokens(cue: RawCue, has_word_times: bool) -> list[_Token]:
    """The words of a cue, without marks, with the times that its tags give."""
    pieces: list[tuple[float | None, str]] = []
    for number, line in enumerate(cue.lines):
        parts = split_word_times(line)
        own_time = cue.start if len(parts) > 1 or (has_word_times and len(plain(line).split()) == 1) else None
        for index, (anchor, text) in enumerate(parts):
            at = own_time if index == 0 and number == 0 else anchor
            pieces.append((at, ("\n" if number and index == 0 else "") + plain(text)))
    joined = drop_marks("".join(text for _, text in pieces))
    tokens: list[_Token] = []
    at = 0
    for anchor, text in pieces:
        words = joined[at : at + len(text)].split()
        at += len(text)
        alone = sum(map(has_speech, words)) == 1
        for word in words:
            if has_speech(word):
                tokens.append(_Token(word, anchor, alone and anchor is not None))
                anchor = None
            elif tokens and not word.strip(_CLOSING):  # a mark set off by a space belongs to the word before
                tokens[-1] = replace(tokens[-1], text=tokens[-1].text + word)
    return tokens


def _spread(tokens: list[_Token], start: float, end: float) -> tuple[Word, ...]:
    """Words between `start` and `end`: anchored where they have a time, by characters in between."""
    words: list[Word] = []
    group: list[_Token] = []
    begin = start
    for token in tokens:
        if token.anchor is not None and group:
            until = min(max(token.anchor, begin), end)
            words += _share(group, begin, until)
            group, begin = [], until
        elif token.anchor is not None:
            begin = min(max(token.anchor, begin), end)
        group.append(token)
    return tuple(words + _share(group, begin, end))


def _share(group: list[_Token], start: float, end: float) -> list[Word]:
    total = sum(len(token.text) + 1 for token in group) or 1
    words, at = [], 0
    for token in group:
        begin = start + (end - start) * at / total
        at += len(token.text) + 1
        words.append(Word(token.text, begin, start + (end - start) * at / total, "word" if token.exact else "cue"))
    return words


def _guess(tokens: list[_Token]) -> float:
    return sum(len(token.text) + 1 for token in tokens) * _USUAL_PACE


def _end_words(words: list[Word]) -> list[Word]:
    """End each word with a time of its own after its usual length, so that pauses show."""
    paces = [
        (after.start - word.start) / (len(word.text) + 1)
        for word, after in pairwise(words)
        if word.timed_by == "word" and after.start - word.start < _A_PAUSE
    ]
    pace = median(paces) if len(paces) >= _ENOUGH else _USUAL_PACE
    pace = min(max(pace, _PACES[0]), _PACES[1])
    return [
        replace(word, end=min(word.end, word.start + pace * (len(word.text) + 1))) if word.timed_by == "word" else word
        for word in words
    ]

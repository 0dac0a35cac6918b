"""Turn timed lines into timed words.

A word has the time that the file gives it (``timed_by="word"``). Other words share the time of their line in
proportion to their characters (``timed_by="cue"``). Automatic captions give the start of a word, never its
end: it ends where the next one starts or, before a pause, after the usual duration of a word of its length in
this file. The same holds for a word whose own end is implausibly late.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from hdvila.text.formats.cues import RawCue, split_word_times
from hdvila.text.marks import FoundMark, drop_marks, has_speech, plain
from hdvila.text.sounds import speakers_in
from hdvila.types import Cue, Mark, Transcript, Word
from hdvila.writing import joined, written_words

_USUAL_PACE = 0.07  # seconds a character (a space counts as one) if the file has too few word times
_PACES = 0.03, 0.15  # the range of plausible paces
_ENOUGH = 8  # timed words needed to estimate the pace of a file
_A_PAUSE = 1.5  # seconds between two starts, above which the first word ends before the second starts
_DRAWN_OUT = 1.0  # seconds that a word may last beyond the slowest pace
_CLOSING = ".?!…,;:。？！，、；：．」』）】》〉។៕។၊།؟،؛۔।॥"
_GOES_ON = "'’-"
_COMPARES = "<", ">"  # words only between two other words


@dataclass(frozen=True, slots=True)
class _Token:
    """One word of a cue."""

    text: str
    position: int  # of its first character in the text of the cue without markup
    anchor: float | None  # its start in seconds, if the file gives it
    exact: bool  # no other word has this anchor
    until: float | None = None  # its end in seconds, if the file gives it


_Cue = tuple[float, float, list[_Token], list[FoundMark]]


def time_words(cues: Sequence[RawCue], language: str | None, source: str | None) -> Transcript:
    """Build the transcript of cues in which each word appears once, in order of their start."""
    split: list[_Cue] = []
    words: list[Word] = []
    tokens: list[_Token] = []
    earliest = 0.0
    has_word_times = any(len(split_word_times(line)) > 1 for cue in cues for line in cue.lines)
    names = speakers_in("\n".join(map(plain, cue.lines)) for cue in cues if ":" in "".join(cue.lines))
    for number, cue in enumerate(cues):
        mine, marks = _split_cue(cue, has_word_times, names)
        start = max(cue.start, earliest)
        following = cues[number + 1].start if number + 1 < len(cues) else float("inf")
        until = cue.end if cue.end > cue.start else start + _guess(mine)
        end = max(start, min(until, max(following, start)))
        split.append((start, max(end, min(until, following)), mine, marks))
        words += _spread(mine, start, end)
        tokens += mine
        earliest = words[-1].start if mine else earliest
    return _transcript(split, _end_words(words, tokens), language, source)


def _split_cue(cue: RawCue, has_word_times: bool, names: bool = False) -> tuple[list[_Token], list[FoundMark]]:
    """The words and the marks of a cue, both in order.

    Args:
        cue: its lines with markup.
        has_word_times: the file times words, so a line with a single word starts with its cue.
        names: the file is known to name its speakers in capitals before a colon.
    """
    pieces: list[tuple[float | None, str]] = []
    for number, line in enumerate(cue.lines):
        parts = split_word_times(line)
        own_time = cue.start if len(parts) > 1 or (has_word_times and len(plain(line).split()) == 1) else None
        for index, (anchor, text) in enumerate(parts):
            at = own_time if index == 0 and number == 0 else anchor
            pieces.append((at, ("\n" if number and index == 0 else "") + plain(text, voices=True)))
    speech, marks = drop_marks("".join(text for _, text in pieces), names)
    tokens: list[_Token] = []
    begin = 0
    for anchor, text in pieces:
        end = begin + len(text)
        if tokens and anchor is not None and not text.strip():
            tokens[-1] = replace(tokens[-1], until=anchor)
        tokens += _tokens(speech, begin, end, anchor, tokens)
        begin = end
    return tokens, marks


def _tokens(speech: str, begin: int, end: int, anchor: float | None, before: list[_Token]) -> list[_Token]:
    """The words of one piece. Punctuation and endings are appended to the last word, which may be in `before`."""
    words = written_words(speech[begin:end])
    alone = sum(map(_is_said, words)) == 1
    tokens: list[_Token] = []
    at = begin
    for word in words:
        at = speech.index(word, at)
        last = tokens or before
        glued = at == begin and at > 0 and not speech[at - 1].isspace() and word[0] in _GOES_ON
        glued |= unicodedata.category(word[0]).startswith("M")  # a vowel sign or an accent never begins a word
        said = _is_said(word) or (word in _COMPARES and bool(last) and bool(speech[at + len(word) :].strip()))
        if last and (glued or (not said and not word.strip(_CLOSING))):
            last[-1] = replace(last[-1], text=last[-1].text + word)
        elif said:
            tokens.append(_Token(word, at, anchor, alone and anchor is not None))
            anchor = None
        at += len(word)
    return tokens


def _is_said(word: str) -> bool:
    return has_speech(word.strip(_CLOSING))


def _spread(tokens: list[_Token], start: float, end: float) -> list[Word]:
    """Spread words from `start` to `end`: at their anchors if they have one, by characters in between."""
    words: list[Word] = []
    group: list[_Token] = []
    begin = start
    for token in tokens:
        if token.anchor is not None:
            at = min(max(token.anchor, begin), end)
            words += _share(group, begin, at)
            group, begin = [], at
        group.append(token)
        if token.until is not None:
            at = min(max(token.until, begin), end)
            words += _share(group, begin, at)
            group, begin = [], at
    return words + _share(group, begin, end)


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


def _end_words(words: list[Word], tokens: list[_Token]) -> list[Word]:
    """End each word that has a start of its own but no plausible end after its usual duration."""
    paces = [
        (after.start - word.start) / (len(word.text) + 1)
        for word, after in pairwise(words)
        if word.timed_by == "word" and after.start - word.start < _A_PAUSE
    ]
    pace = median(paces) if len(paces) >= _ENOUGH else _USUAL_PACE
    pace = min(max(pace, _PACES[0]), _PACES[1])

    def ended(word: Word, token: _Token) -> Word:
        length = len(word.text) + 1
        if word.timed_by != "word" or (
            token.until is not None and word.end - word.start <= _PACES[1] * length + _DRAWN_OUT
        ):
            return word
        return replace(word, end=min(word.end, word.start + pace * length))

    return [ended(word, token) for word, token in zip(words, tokens, strict=True)]


def _transcript(split: Sequence[_Cue], words: list[Word], language: str | None, source: str | None) -> Transcript:
    marks, at = [], 0
    speaking: str | None = None
    turns: set[int] = set()
    for start, end, tokens, found in split:
        mine = words[at : at + len(tokens)]
        positions = [token.position for token in tokens]
        for mark in found:
            before = bisect_left(positions, mark.position)
            if mark.kind == "speaker":
                goes_on = bool(mark.text) and mark.text == speaking
                speaking = mark.text or None
                if not goes_on:
                    turns.add(at + before)
                elif mark.tagged:
                    continue  # some files name the speaker in every cue
            begins = mine[before - 1].end if before else start
            ends = mine[before].start if before < len(mine) else end
            marks.append(Mark(mark.kind, mark.text, begins, max(begins, ends), at + before))
        at += len(tokens)
    flagged = tuple(replace(word, new_speaker=True) if at in turns else word for at, word in enumerate(words))
    cues, at = [], 0
    for _, _, tokens, _ in split:
        if tokens:
            said = flagged[at : at + len(tokens)]
            cues.append(Cue(joined(word.text for word in said), said[0].start, said[-1].end, said))
        at += len(tokens)
    return Transcript(flagged, tuple(cues), language, source, tuple(marks))

"""The words of a cue, with the times that its tags give, and its marks."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from hdvila.text.formats.cues import RawCue
from hdvila.text.formats.timed_blocks import split_word_times
from hdvila.text.marks import FoundMark, drop_marks, has_speech, plain
from hdvila.writing import written_words

_CLOSING = ".?!…,;:。？！，、；：．」』）】》〉។៕។၊།؟،؛۔।॥"
_GOES_ON = "'’-"
_COMPARES = "<", ">"  # said between two words


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a cue. ``position`` is its first character in the cue's text without markup."""

    text: str
    position: int
    anchor: float | None  # the second at which it begins, where the file says so
    exact: bool  # it alone begins there
    until: float | None = None  # the second at which it ends, where the file says so


def split_cue(cue: RawCue, has_word_times: bool, names: bool = False) -> tuple[list[Token], list[FoundMark]]:
    """The words and the marks of a cue, both in order.

    Args:
        cue: its lines with their markup.
        has_word_times: the file times words, so that a line of one word begins with its cue.
        names: the file is known to name its speakers in capitals before a colon.
    """
    pieces: list[tuple[float | None, str]] = []
    for number, line in enumerate(cue.lines):
        parts = split_word_times(line)
        own_time = cue.start if len(parts) > 1 or (has_word_times and len(plain(line).split()) == 1) else None
        for index, (anchor, text) in enumerate(parts):
            at = own_time if index == 0 and number == 0 else anchor
            pieces.append((at, ("\n" if number and index == 0 else "") + plain(text, voices=True)))
    joined, marks = drop_marks("".join(text for _, text in pieces), names)
    tokens: list[Token] = []
    begin = 0
    for anchor, text in pieces:
        end = begin + len(text)
        if tokens and anchor is not None and not text.strip():
            tokens[-1] = replace(tokens[-1], until=anchor)
        tokens += _tokens(joined, begin, end, anchor, tokens)
        begin = end
    return tokens, marks


def _is_said(word: str) -> bool:
    return has_speech(word.strip(_CLOSING))


def _tokens(joined: str, begin: int, end: int, anchor: float | None, before: list[Token]) -> list[Token]:
    """The words of one piece; what only closes or continues the last word is added to it, in `before`."""
    words = written_words(joined[begin:end])
    alone = sum(map(_is_said, words)) == 1
    tokens: list[Token] = []
    at = begin
    for word in words:
        at = joined.index(word, at)
        last = tokens or before
        glued = at == begin and at > 0 and not joined[at - 1].isspace() and word[0] in _GOES_ON
        glued |= unicodedata.category(word[0]).startswith("M")  # a vowel sign or an accent, which no word begins with
        said = _is_said(word) or (word in _COMPARES and bool(last) and bool(joined[at + len(word) :].strip()))
        if last and (glued or (not said and not word.strip(_CLOSING))):
            last[-1] = replace(last[-1], text=last[-1].text + word)
        elif said:
            tokens.append(Token(word, at, anchor, alone and anchor is not None))
            anchor = None
        at += len(word)
    return tokens

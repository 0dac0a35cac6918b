"""Sentence ends that punctuation and changes of the speaker mark, and the marks that close a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hdvila.types import Word
from hdvila.writing import full_stop, word_count

_ENDS = re.compile(r"[.?!…。．｡？！។៕။།༎؟۔।॥]+[\"'”’)\]»」』）】》〉]*$")
_OPENING = "\"'“‘([«¿¡-–—"
_SHORTENED = re.compile(
    r"^[(\"'“]*(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|Mt|(?:[A-Za-z]\.)+[A-Za-z])\.$"
)
_MINOR_MARKS = ",;:-–—，、；："
_WORDS_PER_MARK = 40  # a transcript with sentence marks at least this often counts as punctuated


def has_end_mark(text: str) -> bool:
    """Whether a word is followed by a mark that can end a sentence."""
    return _ENDS.search(text) is not None


def ends_sentence(text: str, following: str) -> bool:
    """Whether a word's mark ends a sentence: not in abbreviations, nor before lower case ("won... the")."""
    return has_end_mark(text) and not _SHORTENED.match(text) and not _is_small(following)


def is_punctuated(words: Sequence[Word]) -> bool:
    """Whether the words have sentence marks often enough to rely on them."""
    marks = sum(has_end_mark(word.text) for word in words)
    return marks * _WORDS_PER_MARK >= sum(word_count(word.text) for word in words)


def marked_ends(words: Sequence[Word]) -> list[int]:
    """Positions after the last word of each sentence, by punctuation; the last one is ``len(words)``.

    A mark before a lower-case letter does not end a sentence, unless the transcript has no capitals there.
    """
    marked = [
        at for at, word in enumerate(words[:-1], start=1) if has_end_mark(word.text) and not _SHORTENED.match(word.text)
    ]
    opened = [at for at in marked if not _is_small(words[at].text)]
    return [*(opened if 2 * len(opened) >= len(marked) else marked), len(words)]


def speaker_changes(words: Sequence[Word]) -> list[int]:
    """Positions of the words with which another speaker begins, except the first word."""
    return [at for at, word in enumerate(words) if word.new_speaker and at]


def capitalised(text: str) -> str:
    """The text with a capital at the start; other letters do not change."""
    return text[:1].upper() + text[1:]


def closed(text: str, mark: str) -> str:
    """The text with a final mark of its script. A final mark that it has is kept, a comma is replaced."""
    if has_end_mark(text):
        return text
    return (text.rstrip(_MINOR_MARKS) or text) + (full_stop(text) or mark if mark == "." else mark)


def _is_small(text: str) -> bool:
    return text.lstrip(_OPENING)[:1].islower()

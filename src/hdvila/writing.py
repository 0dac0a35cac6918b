"""Properties of writing systems: where spaces separate words, how long a text is, which mark ends a sentence.

Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan are *unspaced* scripts: they put no spaces between
words, so counting spaces says nothing about length. Korean uses spaces and is not one of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from math import ceil

_SURROGATES = re.compile("[\ud800-\udfff]")
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3040-\u30fa\u30fc-\u30ff\u3105-\u312f"
_HAN += "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
_HAN += "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
_SYLLABIC = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0eff\u0f00\u0f18-\u0f19\u0f20-\u0f39\u0f3e-\u0fbc\u1000-\u1049\u1050-\u109f"
)
_SYLLABIC += "\u1780-\u17d3\u17d7\u17dc-\u17e9\u19e0-\u19ff\ua9e0-\ua9fe\uaa60-\uaa7f"
_MARKS = "\u3001-\u3003\u3008-\u3011\u3014-\u301f\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_ENDS = "。．！？｡។៕။།༎"
_PAUSES = "，、；：､၊"
_CLOSING = "\"'”’)\\]»」』）】》〉〕］"
_OPENING = "\"'“‘(\\[«「『（【《〈〔［"

_UNSPACED = re.compile(f"[{_HAN}{_SYLLABIC}]")
_RUN = re.compile(f"[{_HAN}{_SYLLABIC}]+")
_ONE_HAN = re.compile(f"[{_HAN}]")
_SYLLABLES = re.compile(f"[{_SYLLABIC}]+")
_WIDE_MARK = re.compile(f"[{_MARKS}]")
_NEUTRAL = "\"'“”‘’…—–·"
_AFTER_MARK = re.compile(
    f"(?:[{_ENDS}{_PAUSES}]|(?<=[{_HAN}{_SYLLABIC}{_CLOSING}])[.!?…,;:])+[{_CLOSING}]*(?=[{_OPENING}]?[^\\W\\d_])"
)
_CHARACTERS_PER_WORD = 4  # of a syllabic script; vowel signs and tone marks count as characters
_LONGEST_PIECE = 40  # words: a longer piece without spaces is cut, because its times are estimates anyway
_BINDS_NEXT = re.compile("[\u0e40-\u0e44\u0ec0-\u0ec4\u17d2\u1039]$")  # the next character belongs to it
_FULL_STOPS = (
    ("\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff", "。"),
    ("\u1000-\u109f", "။"),
    ("\u1780-\u17ff", "។"),
)


def word_count(text: str) -> int:
    """The length of a text in words.

    Spaces separate words. In unspaced scripts one character of Chinese or Japanese counts as a word, and so
    do four characters of Thai, Lao, Khmer, Burmese or Tibetan.
    """
    if text.isascii() or not _UNSPACED.search(text):
        return len(text.split())
    return sum(_counts(text))


def joined(words: Iterable[str]) -> str:
    """Join words as their script does: with spaces, but not between two characters of an unspaced script.

    A text that is mostly in a spaced script keeps all spaces.
    """
    words = list(words)
    text = ""
    if not is_unspaced(" ".join(words)):
        return " ".join(words)
    for word in words:
        text += word if not text or _are_tight(text, word) else f" {word}"
    return " ".join(text.split())


def sentences_joined(sentences: Iterable[str]) -> str:
    """Join sentences with spaces, but without one between two sentences of Chinese or Japanese."""
    text = ""
    for sentence in sentences:
        tight = text and _are_tight(text, sentence) and not _SYLLABLES.match(sentence)
        text += sentence if not text or tight else f" {sentence}"
    return text


def written_words(text: str) -> list[str]:
    """Split a text into words at spaces, and a text in an unspaced script after its punctuation marks.

    A space between two letters of Thai, Lao, Khmer, Burmese or Tibetan separates phrases, not words, and is
    kept.
    """
    if text.isascii() or not _UNSPACED.search(text):
        return text.split()
    words: list[str] = []
    for part in re.split(f"(?<![{_SYLLABIC}])\\s+|\\s+(?![{_SYLLABIC}])|\\s\\s+|[^\\S ]+", text):
        at = 0
        for mark in _AFTER_MARK.finditer(part):
            words += _cut(part[at : mark.end()])
            at = mark.end()
        words += _cut(part[at:])
    return [word for word in words if word.strip()]


def unspaced_runs(text: str) -> tuple[str, list[str]]:
    """Split a text into (the rest, in spaced scripts; the runs of characters in unspaced scripts)."""
    return _RUN.sub(" ", text), _RUN.findall(text)


def full_stop(text: str) -> str:
    """The full stop of the script in which a text ends, or an empty string if that script has none."""
    found = _UNSPACED.findall(text)
    if not found:
        return "."
    return next((mark for script, mark in _FULL_STOPS if re.match(f"[{script}]", found[-1])), "")


def is_unspaced(text: str) -> bool:
    """Whether most words of the text are in an unspaced script."""
    if text.isascii() or not _UNSPACED.search(text):
        return False
    without, others = _counts(text)
    return without > others


def drop_surrogates(text: str) -> str:
    r"""Drop lone surrogates, which no encoding can represent: ``"a \ud83d"`` -> ``"a "``.

    JSON holds half of a surrogate pair where a text was cut inside an emoji. A whole pair becomes its
    character, a lone half is dropped, and all other characters stay as they are.
    """
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _are_tight(before: str, after: str) -> bool:
    if before[-1].isspace():  # a piece that was cut after a phrase
        return True
    last, first = before.rstrip(_NEUTRAL)[-1:], after.lstrip(_NEUTRAL)[:1]
    if _WIDE_MARK.match(last) or _WIDE_MARK.match(first):
        return True
    return _UNSPACED.match(last) is not None and _UNSPACED.match(first) is not None


def _counts(text: str) -> tuple[int, int]:
    """The number of words in unspaced scripts, and in other scripts."""
    syllabic = sum(ceil(len(run) / _CHARACTERS_PER_WORD) for run in _SYLLABLES.findall(text))
    spaced = sum(any(map(str.isalnum, part)) for part in _UNSPACED.sub(" ", text).split())
    return len(_ONE_HAN.findall(text)) + syllabic, spaced


def _cut(piece: str) -> list[str]:
    """Cut a piece that is too long into parts of about equal length, between phrases or else letters."""
    count = ceil(word_count(piece) / _LONGEST_PIECE)
    if count <= 1:
        return [piece]
    places = [found.end() for found in re.finditer(" ", piece)] or [
        at
        for at in range(1, len(piece))
        if _UNSPACED.match(piece[at])
        and not unicodedata.category(piece[at]).startswith("M")
        and not _BINDS_NEXT.search(piece[:at])
    ]
    ends = sorted({min(places, key=lambda at: abs(at - number * len(piece) / count)) for number in range(1, count)})
    return [piece[a:b] for a, b in zip([0, *ends], [*ends, len(piece)], strict=True)]

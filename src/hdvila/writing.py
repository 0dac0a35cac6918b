"""How scripts are written: where a blank stands between words, how long a text is, which mark ends a sentence.

Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan put no blanks between words, so that blanks tell nothing of
length there. Korean puts blanks, and is no such script.
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

_NO_BLANKS = re.compile(f"[{_HAN}{_SYLLABIC}]")
_RUN = re.compile(f"[{_HAN}{_SYLLABIC}]+")
_ONE_HAN = re.compile(f"[{_HAN}]")
_SYLLABLES = re.compile(f"[{_SYLLABIC}]+")
_WIDE_MARK = re.compile(f"[{_MARKS}]")
_NEUTRAL = "\"'“”‘’…—–·"
_BEHIND_A_MARK = re.compile(
    f"(?:[{_ENDS}{_PAUSES}]|(?<=[{_HAN}{_SYLLABIC}{_CLOSING}])[.!?…,;:])+[{_CLOSING}]*(?=[{_OPENING}]?[^\\W\\d_])"
)
_SIGNS_OF_A_WORD = 4  # of a script of syllables, vowel signs and tones counted
_LONGEST_PIECE = 40  # words: what is written in one piece and is longer is cut, for its times are not exact anyway
_STANDS_FIRST = re.compile("[\u0e40-\u0e44\u0ec0-\u0ec4\u17d2\u1039]$")  # what follows belongs to it
_FULL_STOPS = (
    ("\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff", "。"),
    ("\u1000-\u109f", "။"),
    ("\u1780-\u17ff", "។"),
)


def word_count(text: str) -> int:
    """How long a text is, in words: what stands between blanks, but each sign of Chinese and Japanese, and each four
    of Thai, Lao, Khmer, Burmese and Tibetan, is one.
    """
    if text.isascii() or not _NO_BLANKS.search(text):
        return len(text.split())
    return sum(_counts(text))


def joined(words: Iterable[str]) -> str:
    """Words as their script joins them: with blanks, but not between two signs of a script that has none. Where most of
    the text is of another script, all blanks stay.
    """
    words = list(words)
    text = ""
    if not has_no_blanks(" ".join(words)):
        return " ".join(words)
    for word in words:
        text += word if not text or _are_tight(text, word) else f" {word}"
    return " ".join(text.split())


def sentences_joined(sentences: Iterable[str]) -> str:
    """Sentences one behind the other; a blank parts those of Chinese and Japanese from no neighbour of their kind."""
    text = ""
    for sentence in sentences:
        tight = text and _are_tight(text, sentence) and not _SYLLABLES.match(sentence)
        text += sentence if not text or tight else f" {sentence}"
    return text


def written_words(text: str) -> list[str]:
    """The words of a text, which is what stands between blanks; of a script without blanks what stands between marks.

    A blank between two letters of Thai, Lao, Khmer, Burmese or Tibetan parts no words but phrases, and stays inside.
    """
    if text.isascii() or not _NO_BLANKS.search(text):
        return text.split()
    words: list[str] = []
    for part in re.split(f"(?<![{_SYLLABIC}])\\s+|\\s+(?![{_SYLLABIC}])|\\s\\s+|[^\\S ]+", text):
        at = 0
        for mark in _BEHIND_A_MARK.finditer(part):
            words += _cut(part[at : mark.end()])
            at = mark.end()
        words += _cut(part[at:])
    return [word for word in words if word.strip()]


def runs_without_blanks(text: str) -> tuple[str, list[str]]:
    """What of a text is of other scripts, and the runs of signs that are of scripts without blanks."""
    return _RUN.sub(" ", text), _RUN.findall(text)


def full_stop(text: str) -> str:
    """The mark that ends a sentence in the script in which a text ends; nothing where the script has none."""
    found = _NO_BLANKS.findall(text)
    if not found:
        return "."
    return next((mark for signs, mark in _FULL_STOPS if re.match(f"[{signs}]", found[-1])), "")


def has_no_blanks(text: str) -> bool:
    """Whether most words of the text are of a script without blanks."""
    if text.isascii() or not _NO_BLANKS.search(text):
        return False
    without, others = _counts(text)
    return without > others


def drop_surrogates(text: str) -> str:
    r"""Without lone surrogates, which no encoding can hold: ``"a \ud83d"`` -> ``"a "``.

    JSON may hold one half of a pair where a text was cut inside an emoji. Two halves that belong together become the
    character that they mean; a half alone is dropped. Everything else stays as it is.
    """
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _are_tight(before: str, after: str) -> bool:
    if before[-1].isspace():  # a piece that was cut behind a phrase
        return True
    last, first = before.rstrip(_NEUTRAL)[-1:], after.lstrip(_NEUTRAL)[:1]
    if _WIDE_MARK.match(last) or _WIDE_MARK.match(first):
        return True
    return _NO_BLANKS.match(last) is not None and _NO_BLANKS.match(first) is not None


def _counts(text: str) -> tuple[int, int]:
    """How many words are of scripts without blanks, and how many are of others."""
    signs = len(_ONE_HAN.findall(text)) + sum(ceil(len(run) / _SIGNS_OF_A_WORD) for run in _SYLLABLES.findall(text))
    return signs, sum(any(map(str.isalnum, part)) for part in _NO_BLANKS.sub(" ", text).split())


def _cut(piece: str) -> list[str]:
    """A piece that is too long in parts of about equal length: between phrases, or else between letters."""
    count = ceil(word_count(piece) / _LONGEST_PIECE)
    if count <= 1:
        return [piece]
    places = [found.end() for found in re.finditer(" ", piece)] or [
        at
        for at in range(1, len(piece))
        if _NO_BLANKS.match(piece[at])
        and not unicodedata.category(piece[at]).startswith("M")
        and not _STANDS_FIRST.search(piece[:at])
    ]
    ends = sorted({min(places, key=lambda at: abs(at - number * len(piece) / count)) for number in range(1, count)})
    return [piece[a:b] for a, b in zip([0, *ends], [*ends, len(piece)], strict=True)]

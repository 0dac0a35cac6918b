"""Parts of speech of English sentences, by the Hanover Tagger (HanTa), in ten coarse classes.

Of 239 words of spoken English labelled by hand, 95 % get the right class (`tests/unit/corpus/test_describe_counts.py`
holds them). The paper's Table 10 gives the words of four classes per sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from hdvila.errors import require

_CLASSES = {  # by the first letters of a tag of the British National Corpus (CLAWS 5)
    "noun": ("NN", "NP"),
    "verb": ("VB", "VD", "VH", "VM", "VV"),
    "adjective": ("AJ", "ORD"),
    "adverb": ("AV0", "AVQ", "XX"),
    "pronoun": ("PN", "DTQ", "EX"),
    "determiner": ("AT", "DP", "DT0"),
    "preposition": ("PR", "TO", "AVP"),
    "conjunction": ("CJ",),
    "number": ("CRD",),
}
TAGS = (*_CLASSES, "other")
UNCOUNTED = {"tagger": None, "tagged": 0, "not_english": 0, "per_sentence": None}
"""What `count_parts` would give without a tagger."""
_FUNCTION_WORDS = frozenset({"pronoun", "determiner", "preposition", "conjunction", "number"})
_FAMILIAR = 0.25  # of the words of an English text, at least this part are function words
_LONGEST = 40  # letters; the tagger takes quadratic time for longer words
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CONTRACTED = re.compile(r"(.+?)(n't|'(?:s|m|re|ve|ll|d))$")


def tag(text: str) -> list[tuple[str, str]]:
    """(word, class) of each word of an English text, in lower case; ``don't`` is two words, ``do`` and ``n't``.

    Raises:
        MissingDependency: HanTa is not installed.
    """
    words = [part for word in _WORD.findall(text.lower().replace("’", "'")) for part in _split(word)]
    tags = _tagger().tag_sent([word[:_LONGEST] for word in words], taglevel=0)
    return [(word, _class_of(found)) for word, found in zip(words, tags, strict=True)]


def count_parts(texts: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    """Words of each class per sentence over those texts that are English; None where none is.

    Args:
        texts: (sentence, its language as a code such as ``en-US``; None: judged by its words).

    Raises:
        MissingDependency: HanTa is not installed.
    """
    counts: Counter[str] = Counter()
    tagged = left_out = 0
    for text, language in texts:
        foreign = language and language.lower().split("-")[0] not in ("en", "eng", "english")
        found = [] if foreign else [part for _, part in tag(text)]
        if foreign or (not language and not _is_english(found)):
            left_out += 1
        else:
            counts.update(found)
            tagged += 1
    return {
        "tagger": "HanTa, English",
        "tagged": tagged,
        "not_english": left_out,
        "per_sentence": {part: counts[part] / tagged for part in TAGS} if tagged else None,
    }


def _is_english(tags: list[str]) -> bool:
    """Whether enough of the words are English function words for the other tags to mean something."""
    return bool(tags) and sum(part in _FUNCTION_WORDS for part in tags) >= _FAMILIAR * len(tags)


def _class_of(tag: str) -> str:
    return next((name for name, starts in _CLASSES.items() if tag.startswith(starts)), "other")


def _split(word: str) -> list[str]:
    if word == "cannot":
        return ["can", "not"]
    found = _CONTRACTED.match(word)
    return [found[1], found[2]] if found else [word]


def _tagger() -> Any:
    return _load(require("HanTa.HanoverTagger", extra="corpus"))


@cache
def _load(package: Any) -> Any:
    return package.HanoverTagger("morphmodel_en.pgz")

"""Words of many texts at once, and the number of different runs of 1 to 4 of them.

A word is a run of letters, marks, digits and apostrophes, in lower case. Scripts written without spaces (Chinese,
Japanese, Thai, Lao, Khmer, Burmese) count by the character, so that a number comes out that means something.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hdvila.corpus.describe.tally import Distinct

LONGEST = 4
_SPACELESS = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*)"
_BETWEEN = r"[^\p{L}\p{M}\p{N}']+"


class NGrams:
    """Counts different 1- to 4-grams; an n-gram does not reach over the end of its text."""

    def __init__(self, room: int = 1 << 20) -> None:
        self._distinct = [Distinct(room) for _ in range(LONGEST)]
        self._total = [0] * LONGEST

    def add(self, texts: Any) -> None:
        """Count an Arrow array of strings."""
        words, text_of = words_of(texts)
        if not len(words):
            return
        encoded = words.dictionary_encode()
        hashed = _hashes(encoded.dictionary)[encoded.indices.to_numpy()]
        gram = hashed
        for n in range(LONGEST):
            if n:
                gram = _mix(gram[:-1] * np.uint64(0x9E3779B97F4A7C15) + hashed[n:])
            inside = gram[text_of[: len(gram)] == text_of[n:]]
            self._distinct[n].add(np.unique(inside))
            self._total[n] += len(inside)

    def summary(self) -> dict[str, Any]:
        """By n: how many there are, how many different ones, and whether that is counted or estimated."""
        return {
            str(n + 1): {"total": self._total[n], "unique": kinds.number, "exact": kinds.exact}
            for n, kinds in enumerate(self._distinct)
        }


def words_of(texts: Any) -> tuple[Any, NDArray[np.int64]]:
    """(the words of all texts one after another as an Arrow array, for each the number of its text)."""
    texts = pc.fill_null(texts.cast(pa.large_string()), "")
    plain = pc.utf8_lower(pc.replace_substring(texts, "’", "'"))
    spaced = pc.replace_substring_regex(plain, _SPACELESS, r" \1 ")
    lists = pc.split_pattern_regex(spaced, _BETWEEN)
    words, text_of = pc.utf8_trim(pc.list_flatten(lists), "'"), pc.list_parent_indices(lists).to_numpy()
    there = pc.not_equal(words, "")
    return words.filter(there), text_of[there.to_numpy(zero_copy_only=False)]


def _hashes(words: Any) -> NDArray[np.uint64]:
    """(W,) of an Arrow array of different words."""
    digests = b"".join(hashlib.blake2b(word.encode(), digest_size=8).digest() for word in words.to_pylist())
    return np.frombuffer(digests, np.uint64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the difference of any bit over all bits."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

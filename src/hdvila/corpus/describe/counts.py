"""Counting in constant memory: histograms of numbers, and different n-grams of texts.

A word is a run of letters, marks, digits and apostrophes, in lower case. In scripts without spaces (Chinese, Japanese,
Thai, Lao, Khmer, Burmese) each character counts as a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hdvila.errors import require

LONGEST = 4
_SPACELESS = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*)"
_BETWEEN = r"[^\p{L}\p{M}\p{N}']+"


class Tally:
    """A histogram of numbers of 0 or more in bins of `step`; the last bin counts all from `top` on.

    Memory: at most ``8 * top / step`` bytes. Mean and extremes are exact, quantiles to one bin.
    """

    def __init__(self, step: float, top: float) -> None:
        self.step = step
        self._last = round(top / step)
        self._counts = np.zeros(1, np.int64)
        self.sum = self.squares = 0.0
        self.min = self.max = float("nan")

    @property
    def number(self) -> int:
        """The number of values."""
        return int(self._counts.sum())

    def add(self, values: NDArray[Any]) -> None:
        """Count an array of numbers of 0 or more."""
        if not len(values):
            return
        bins = np.clip(np.floor(values / self.step + 1e-9), 0, self._last).astype(np.int64)
        more = np.bincount(bins, minlength=len(self._counts))
        more[: len(self._counts)] += self._counts
        self._counts = more
        self.sum += float(values.sum())
        self.squares += float((values.astype(np.float64) ** 2).sum())
        self.min = float(np.fmin(self.min, values.min()))
        self.max = float(np.fmax(self.max, values.max()))

    def quantile(self, part: float) -> float:
        """The lower edge of the bin in which this part of all values is reached."""
        return float(np.searchsorted(np.cumsum(self._counts), part * self.number) * self.step)

    def summary(self, edges: Sequence[float]) -> dict[str, Any]:
        """Mean, deviation, quantiles and extremes (None without values), and the counts between `edges` of bins.

        The last count is of all values from the last edge on, so the counts add up to ``number``.
        """
        n = self.number
        mean = self.sum / n if n else None
        deviation = max(0.0, self.squares / n - mean**2) ** 0.5 if mean is not None else None
        starts = np.minimum([round(edge / self.step) for edge in edges], len(self._counts))
        below = np.concatenate([[0], np.cumsum(self._counts)])[starts]
        return {
            "number": n,
            "mean": mean,
            "deviation": deviation,
            **{
                name: self.quantile(part) if n else None
                for name, part in (("p5", 0.05), ("median", 0.5), ("p95", 0.95))
            },
            "min": self.min if n else None,
            "max": self.max if n else None,
            "edges": list(edges),
            "counts": np.diff(np.append(below, n)).tolist(),
        }


class NGrams:
    """Counts different 1- to 4-grams; an n-gram does not reach over the end of its text.

    A theta sketch (Apache DataSketches) per n counts them: exactly up to ``2**log_size``, beyond that to within
    ``2**(-log_size / 2)`` (one standard deviation; 0.1 % by default).

    Memory: at most ``64 * 2**log_size`` bytes, 67 MB by default.

    Raises:
        MissingDependency: datasketches is not installed.
    """

    def __init__(self, log_size: int = 20) -> None:
        sketch = require("datasketches", extra="corpus").update_theta_sketch
        self._distinct = [sketch(log_size) for _ in range(LONGEST)]
        self._total = [0] * LONGEST

    def add(self, texts: Any) -> None:
        """Count an Arrow array of strings."""
        words, text_of = words_of(texts)
        if not len(words):
            return
        encoded = words.dictionary_encode()
        hashed = _hashes(encoded.dictionary)[encoded.indices.to_numpy()]
        gram = hashed
        for n, sketch in enumerate(self._distinct):
            if n:
                gram = _mix(gram[:-1] * np.uint64(0x9E3779B97F4A7C15) + hashed[n:])
            inside = gram[text_of[: len(gram)] == text_of[n:]]
            for value in inside.view(np.int64).tolist():
                sketch.update(value)
            self._total[n] += len(inside)

    def summary(self) -> dict[str, Any]:
        """By n: the number of n-grams, of different ones, and whether the latter is counted or estimated."""
        return {
            str(n): {"total": total, "unique": round(sketch.get_estimate()), "exact": not sketch.is_estimation_mode()}
            for n, (total, sketch) in enumerate(zip(self._total, self._distinct, strict=True), start=1)
        }


def words_of(texts: Any) -> tuple[Any, NDArray[np.int64]]:
    """(the words of all texts in a row as an Arrow array, the number of the text of each)."""
    texts = pc.fill_null(texts.cast(pa.large_string()), "")
    plain = pc.utf8_lower(pc.replace_substring(texts, "’", "'"))
    spaced = pc.replace_substring_regex(plain, _SPACELESS, r" \1 ")
    lists = pc.split_pattern_regex(spaced, _BETWEEN)
    words, text_of = pc.utf8_trim(pc.list_flatten(lists), "'"), pc.list_parent_indices(lists).to_numpy()
    there = pc.not_equal(words, "")
    return words.filter(there), text_of[there.to_numpy(zero_copy_only=False)]


def _hashes(words: Any) -> NDArray[np.uint64]:
    """The hashes (W,) of an Arrow array of different words."""
    digests = b"".join(hashlib.blake2b(word.encode(), digest_size=8).digest() for word in words.to_pylist())
    return np.frombuffer(digests, np.uint64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix: a change of any bit changes all bits evenly (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

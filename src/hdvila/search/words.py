"""How a model reads a query: words outside its vocabulary, a truncated end, and the cosine that counts as found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hdvila.errors import some_of
from hdvila.search.encoder import Encoder, only_finite
from hdvila.search.vectors import Vectors
from hdvila.text.tokenizer import Tokenizer
from hdvila.writing import word_count

__all__ = ["Reading", "read_words", "small_world", "trusted_cosine"]

_WORLD = "miniature"
_ENOUGH_KNOWN = 0.6  # share of the letters of a query
_DRAWN = 20  # random queries
_LONGEST = 12  # words of a random query
_SHOWN = 40  # letters of a word in a remark
_BELIEVED = 0.2  # quantile; in the miniature world all of 77 true sentences were nearer, and half of the nonsense


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as a model reads it.

    Attributes:
        known: the share of its letters in words of the model's vocabulary, 0..1.
        remarks: a line for each part of it that the model does not know or does not read.
    """

    known: float
    remarks: tuple[str, ...]


def read_words(processor: Any, words: str) -> Reading:
    """How a model reads a query; a model with a tokenizer of another kind is assumed to know all words."""
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, Tokenizer):
        return Reading(1.0, ())
    remarks = []
    unknown = tokenizer.unknown_words(words)
    if unknown:
        shown = [word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..." for word in unknown]
        remarks.append(f"outside the model's vocabulary, so they cannot find frames: {some_of(shown)}")
    read = tokenizer.kept(words, processor.text_length)
    if read != words:
        remarks.append(f"the model reads only {processor.text_length} tokens, the query up to {read[-40:]!r}")
    counts = str.isalnum if any(map(str.isalnum, words)) else str.isprintable  # without letters, signs count
    letters = sum(map(counts, words))
    lost = sum(sum(map(counts, word)) * words.count(word) for word in unknown)
    return Reading(1 - min(1.0, lost / max(1, letters)), tuple(remarks))


def small_world(processor: Any) -> str:
    """A remark that a model knows the miniature world only; '' for any other model."""
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, Tokenizer) or tokenizer.to_json() != Tokenizer.load(_WORLD).to_json():
        return ""
    return (
        f"this model knows the miniature world only, with its {tokenizer.vocab_size} words: its answers about other "
        "videos are meaningless. For those use a model that was trained on similar videos"
    )


def trusted_cosine(model: Encoder, vectors: Vectors, words: str, reading: Reading, known: dict[int, float]) -> float:
    """The cosine from which a clip counts as found; above 1 if most of the query is outside the vocabulary.

    It is calibrated on random words: the 20 % quantile of the best cosines in this library of random queries of the
    same length. For a model with a tokenizer of another kind, every clip counts as found.

    Args:
        known: cached results for these vectors, by the number of words; a new result, which costs `_DRAWN` scans, is
            added.
    """
    tokenizer = getattr(model.processor, "tokenizer", None)
    if not isinstance(tokenizer, Tokenizer) or not (vocabulary := tokenizer.whole_words()):
        return -1.0
    if reading.known < _ENOUGH_KNOWN:
        return 2.0
    count = min(max(1, word_count(words)), _LONGEST)
    if count not in known:
        random = np.random.default_rng(0)
        texts = [" ".join(random.choice(vocabulary, count)) for _ in range(_DRAWN)]
        best_Q = vectors.best_scores(only_finite(model.embed_text(texts), "words"))
        known[count] = float(np.quantile(best_Q, _BELIEVED))
    return known[count]

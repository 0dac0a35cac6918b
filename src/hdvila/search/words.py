"""What a model makes of a query: the words that it does not know, the end that it does not read, and how near a clip
must come before it counts as found."""

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
_ENOUGH_KNOWN = 0.6  # of the letters of a query
_DRAWN = 20  # queries of random words
_LONGEST = 12  # words of one
_SHOWN = 40  # letters of a word that is named
_BELIEVED = 0.2  # quantile; in the miniature world all of 77 true sentences came nearer, of nonsense half


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as a model reads it.

    Attributes:
        known: the share of its letters that stand in words of the model's vocabulary, 0..1.
        remarks: what of it the model does not know or does not read, a line each.
    """

    known: float
    remarks: tuple[str, ...]


def read_words(processor: Any, words: str) -> Reading:
    """How a model reads a query; one with a tokenizer of another kind knows all words."""
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, Tokenizer):
        return Reading(1.0, ())
    remarks = []
    unknown = tokenizer.unknown_words(words)
    if unknown:
        shown = [word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..." for word in unknown]
        remarks.append(f"outside the model's vocabulary, so pictures cannot be found by them: {some_of(shown)}")
    read = tokenizer.kept(words, processor.text_length)
    if read != words:
        remarks.append(f"the model reads {processor.text_length} tokens and no more: of the query up to {read[-40:]!r}")
    counts = str.isalnum if any(map(str.isalnum, words)) else str.isprintable  # of signs alone, the signs
    letters = sum(map(counts, words))
    lost = sum(sum(map(counts, word)) * words.count(word) for word in unknown)
    return Reading(1 - min(1.0, lost / max(1, letters)), tuple(remarks))


def small_world(processor: Any) -> str:
    """That a model knows the miniature world only, in a line for people; '' of any other model."""
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, Tokenizer) or tokenizer.to_json() != Tokenizer.load(_WORLD).to_json():
        return ""
    return (
        f"this model knows the miniature world only, its things and its {tokenizer.vocab_size} words: of other videos "
        "it can tell nothing, whatever it answers. For those take a model that was trained on videos like them"
    )


def trusted_cosine(model: Encoder, vectors: Vectors, words: str, reading: Reading, known: dict[int, float]) -> float:
    """The cosine with the words from which on a clip counts as found; above 1 where most of the words are not known.

    It is what words drawn at random come near to: of a number of such queries, as long as this one, the lower fifth of
    their best cosines with this library. A model with a tokenizer of another kind trusts all.

    Args:
        known: what came out for these vectors before, by the number of words; what is worked out now is added. It
            costs `_DRAWN` scans.
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
        best_Q = vectors.highest(only_finite(model.embed_text(texts), "words"))
        known[count] = float(np.quantile(best_Q, _BELIEVED))
    return known[count]

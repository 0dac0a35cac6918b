"""What a model makes of a query: the words that it does not know, the end that it does not read, and how near a clip
must come before it counts as found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hdvila.errors import some_of
from hdvila.search.embed import Encoder
from hdvila.search.vectors import Vectors
from hdvila.text.tokenizer import Tokenizer

__all__ = ["Reading", "read_words", "small_world", "trusted_cosine"]

_WORLD = "miniature"


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as a model reads it.

    Attributes:
        known: the share of its words that are in the model's vocabulary, 0..1.
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
        remarks.append(f"outside the model's vocabulary, so pictures cannot be found by them: {some_of(unknown)}")
    read = tokenizer.kept(words, processor.text_length)
    if read != words:
        remarks.append(f"the model reads {processor.text_length} tokens and no more: of the query up to {read[-40:]!r}")
    everything = {word for word in words.split() if any(map(str.isalnum, word))}
    return Reading(1 - min(1.0, len(unknown) / max(1, len(everything))), tuple(remarks))


def small_world(processor: Any) -> str:
    """That a model knows the miniature world only, in a line for people; '' of any other model."""
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, Tokenizer) or tokenizer.to_json() != Tokenizer.load(_WORLD).to_json():
        return ""
    return (
        f"this model knows the miniature world only, its things and its {tokenizer.vocab_size} words: of other videos "
        "it can tell nothing, whatever it answers. For those take a model that was trained on videos like them"
    )


def trusted_cosine(model: Encoder, vectors: Vectors, reading: Reading) -> float:
    """The cosine with the words from which on a clip counts as found."""
    return -1.0 if reading.known > 0.5 else 2.0

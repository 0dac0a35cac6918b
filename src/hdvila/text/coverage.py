"""How much of a set of texts a tokenizer keeps: truncated ends, and words outside its vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from hdvila.errors import UsageError, some_of
from hdvila.text.tokenizer import Tokenizer
from hdvila.writing import word_count

__all__ = ["truncation_report", "unknown_words_report"]

MOST_BLURRED = 0.01
"""Largest share of questions whose options may become equal by truncation; benchmarks themselves have fewer."""
MOST_UNKNOWN = 0.2
"""Largest share of unknown words; names, numbers and typing errors make up less."""
_SAMPLED = 1000  # texts, the first ones


def truncation_report(rows: Iterable[tuple[str, ...]], tokenizer: Tokenizer, length: int) -> str:
    """A sentence on how many texts are truncated at `length` tokens; "" if none is.

    Args:
        rows: a text each, or the options of a question.

    Raises:
        UsageError: in more than 1 % of the questions, options differ only in their truncated ends.
    """
    known = list(rows)
    lengths = tokenizer.lengths([text for row in known for text in row])
    cut, asked, blurred, at = 0, 0, 0, iter(lengths)
    for row in known:
        longer = sum(tokens > length for tokens in islice(at, len(row)))
        cut += longer
        asked += len(row) > 1
        if longer and len(row) > 1:
            blurred += len({ids.tobytes() for ids in tokenizer(row, length)[0]}) < len(set(row))
    if blurred > MOST_BLURRED * asked:
        raise UsageError(
            f"in {blurred} of {asked} questions options differ only after token {length}, where texts are truncated: "
            "train with a larger data.text_length, or with a tokenizer that knows these words"
        )
    if not cut:
        return ""
    return f"{cut} of {len(lengths)} texts have more than {length} tokens, the model's text length, and lose their end"


def unknown_words_report(texts: Iterable[str], tokenizer: Tokenizer) -> str:
    """A sentence on how many words of the first texts are outside the vocabulary; "" if they are few."""
    sample = list(islice(texts, _SAMPLED))
    unknown = [word for text in sample for word in tokenizer.unknown_words(text)]
    words = sum(map(word_count, sample))
    if len(unknown) <= MOST_UNKNOWN * words:
        return ""
    share = min(1.0, len(unknown) / words)
    return f"{share:.0%} of the words are outside the vocabulary ({some_of(list(dict.fromkeys(unknown)))})"

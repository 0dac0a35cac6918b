"""What is lost of texts: their ends beyond a model's text length, and words outside its vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from hdvila.errors import UsageError, some_of
from hdvila.text.tokenizer import Tokenizer
from hdvila.writing import word_count

__all__ = ["what_is_cut", "what_is_unknown"]

MOST_BLURRED = 0.01
"""Share of the questions whose options may become equal by cutting; more is not the benchmark's own rarity."""
MOST_UNKNOWN = 0.2
"""Share of words that names, numbers and slips of the pen may make up."""
_SAMPLED = 1000  # texts, the first ones


def what_is_cut(rows: Iterable[tuple[str, ...]], tokenizer: Tokenizer, length: int) -> str:
    """A sentence that says how many texts lose their end at `length` tokens; "" where none does.

    Args:
        rows: the texts that are read side by side: one, or the options of a question.

    Raises:
        UsageError: in more than one of a hundred questions options differ only in what is cut away.
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
            f"in {blurred} of {asked} questions options differ only after token {length}, where the text is cut: train "
            "with a larger data.text_length, or with a tokenizer that knows these words"
        )
    if not cut:
        return ""
    return f"{cut} of {len(lengths)} texts have more than {length} tokens, the model's text length, and lose their end"


def what_is_unknown(texts: Iterable[str], tokenizer: Tokenizer) -> str:
    """A sentence that says how many words of the first texts a vocabulary does not know; "" where they are few."""
    sample = list(islice(texts, _SAMPLED))
    unknown = [word for text in sample for word in tokenizer.unknown_words(text)]
    words = sum(map(word_count, sample))
    if len(unknown) <= MOST_UNKNOWN * words:
        return ""
    share = min(1.0, len(unknown) / words)
    return f"{share:.0%} of the words are outside the vocabulary ({some_of(list(dict.fromkeys(unknown)))})"

"""Queries without their stop words, as the paper's zero-shot retrieval has them (section 5.2).

The paper does not print its list and the released code does not use the one it carries. This one is our own: the
English function words (articles, pronouns, auxiliaries, prepositions, conjunctions) that say nothing of what is seen.
Prepositions that tell where or which way (on, under, into, up, down, ...) do say something of it and stay.
"""

from __future__ import annotations

import re

__all__ = ["STOP_WORDS", "without_stop_words"]

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "some",
        "any",
        "each",
        "every",
        "such",
        "i",
        "me",
        "my",
        "mine",
        "you",
        "your",
        "yours",
        "he",
        "him",
        "his",
        "she",
        "her",
        "hers",
        "it",
        "its",
        "we",
        "us",
        "our",
        "ours",
        "they",
        "them",
        "their",
        "theirs",
        "who",
        "whom",
        "whose",
        "which",
        "what",
        "there",
        "here",
        "am",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "doing",
        "has",
        "have",
        "had",
        "having",
        "can",
        "could",
        "will",
        "would",
        "shall",
        "should",
        "may",
        "might",
        "must",
        "and",
        "or",
        "but",
        "if",
        "so",
        "as",
        "of",
        "to",
        "for",
        "than",
        "then",
        "too",
        "also",
        "very",
        "just",
        "about",
        "with",
        "by",
        "at",
        "from",
    ]
)


def without_stop_words(text: str) -> str:
    """The words of `text` that are no stop words, one space between them; a text of stop words only stays as it is."""
    kept = [word for word in text.split() if re.sub(r"\W", "", word).lower() not in STOP_WORDS]
    return " ".join(kept) or text

"""Learn a WordPiece vocabulary by merging the most frequent pairs, with the same result in every run.

The trainer of the `tokenizers` library numbers pieces in the order of a randomly seeded hash map, so two runs
over the same texts give two vocabularies, and a checkpoint would not fit a vocabulary that is learned again.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

_INSIDE = "##"  # prefix of a piece that does not begin a word

Pair = tuple[str, str]


def learn_wordpieces(word_counts: Mapping[str, int], size: int) -> list[str]:
    """Learn up to `size` pieces: all characters (the most frequent if too many), then merges by count.

    Args:
        word_counts: how often each word occurs; words are normalised and split as the tokenizer does it.
        size: the number of pieces; fewer are returned once every word is a single piece.

    Returns:
        The pieces: characters in code order, then merges in the order of learning (ties broken alphabetically).
    """
    words = {word: [word[0], *(_INSIDE + character for character in word[1:])] for word in sorted(word_counts) if word}
    seen: Counter[str] = Counter()
    for word, pieces in words.items():
        for piece in pieces:
            seen[piece] += word_counts[word]
    alphabet = sorted(sorted(seen), key=lambda piece: -seen[piece])[:size]
    vocabulary = dict.fromkeys(sorted(alphabet))
    pairs = _Pairs(words, word_counts)
    while len(vocabulary) < size:
        best = pairs.pop_best()
        if best is None:
            break
        joined = best[0] + best[1].removeprefix(_INSIDE)
        vocabulary[joined] = None
        pairs.merge(best, joined)
    return list(vocabulary)


class _Pairs:
    """Counts of pairs of neighbouring pieces, kept up to date while pieces merge."""

    def __init__(self, words: dict[str, list[str]], word_counts: Mapping[str, int]) -> None:
        self._words, self._word_counts = words, word_counts
        self._counts: Counter[Pair] = Counter()
        self._where: dict[Pair, set[str]] = defaultdict(set)
        for word in words:
            self._count(word, 1)
        self._heap = [(-count, pair) for pair, count in self._counts.items()]
        heapq.heapify(self._heap)

    def pop_best(self) -> Pair | None:
        """The most frequent pair, or None if no pair is left. Stale entries of the heap are skipped."""
        while self._heap:
            count, pair = heapq.heappop(self._heap)
            if self._counts[pair] == -count and count < 0:
                return pair
        return None

    def merge(self, pair: Pair, joined: str) -> None:
        """Replace `pair` by `joined` in every word."""
        changed: set[Pair] = set()
        for word in sorted(self._where.pop(pair)):
            changed |= self._count(word, -1)
            pieces, merged, at = self._words[word], [], 0
            while at < len(pieces):
                both = tuple(pieces[at : at + 2]) == pair
                merged.append(joined if both else pieces[at])
                at += 2 if both else 1
            self._words[word] = merged
            changed |= self._count(word, 1)
        for other in changed - {pair}:
            heapq.heappush(self._heap, (-self._counts[other], other))

    def _count(self, word: str, sign: int) -> set[Pair]:
        pieces, often = self._words[word], self._word_counts[word]
        pairs = list(pairwise(pieces))
        for pair in pairs:
            self._counts[pair] += sign * often
            if sign > 0:
                self._where[pair].add(word)
        return set(pairs)

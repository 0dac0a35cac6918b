"""Distances of words from 0 (equal) to 100 (unrelated), ignoring case and punctuation."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIFFERENT = 100
_ALIKE = 1 / 3  # edits per letter of the longer word, up to which two words may be spellings of one
_MARKS = re.compile(r"[^\w&%+=°]+|_")
_CHUNK = 1 << 20  # pairs compared at once
_LONGEST = 32  # letters that are compared


def bare(text: str) -> str:
    """The lower-case letters, digits and spoken symbols of a word; the word itself if it has none."""
    return _MARKS.sub("", text.casefold()) or text


def distances(first: Sequence[str], second: Sequence[str]) -> NDArray[np.uint8]:
    """(A, B) distances of bare words: 100 x edit distance / length of the longer, `DIFFERENT` above a third."""
    result = np.full((len(first), len(second)), DIFFERENT, dtype=np.uint8)
    groups = [_by_length(first), _by_length(second)]
    for length, rows in groups[0].items():
        for other, columns in groups[1].items():
            longer = max(length, other)
            allowed = int(_ALIKE * longer)
            if abs(length - other) <= allowed:
                _compare([first[at] for at in rows], [second[at] for at in columns], allowed, result, rows, columns)
    return result


def _compare(
    first: Sequence[str],
    second: Sequence[str],
    allowed: int,
    result: NDArray[np.uint8],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> None:
    """Enter the distances between words of two lengths, up to `allowed` edits, into `result`."""
    have, have_other = _letters(first)[:, None], _letters(second)[None]
    missing = np.maximum(np.bitwise_count(have & ~have_other), np.bitwise_count(have_other & ~have))
    a, b = np.nonzero(missing <= allowed)  # one edit adds one letter at most
    for start in range(0, len(a), _CHUNK):
        some, others = a[start : start + _CHUNK], b[start : start + _CHUNK]
        edits = _edit_distances(_codes(first)[some], _codes(second)[others])
        near = edits <= allowed
        share = np.rint(100 * edits[near] / max(len(first[0]), len(second[0]), 1))
        result[rows[some[near]], columns[others[near]]] = share


def closest(candidates: Sequence[str], word: str) -> int:
    """The index of the candidate with the fewest edits to a word; the first in a tie."""
    edits = [int(_edit_distances(_codes([text]), _codes([word]))[0]) for text in candidates]
    return edits.index(min(edits))


def _edit_distances(a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(P,) edits (insert, drop, replace) for P pairs of words, given as letter codes (P, A) and (P, B)."""
    length = b.shape[1]
    row = [np.full(len(a), min(j, 255), dtype=np.uint8) for j in range(length + 1)]
    for i in range(a.shape[1]):
        above, row = row, [np.full(len(a), min(i + 1, 255), dtype=np.uint8)]
        for j in range(length):
            replaced = above[j] + (a[:, i] != b[:, j])
            row.append(np.minimum(np.minimum(above[j + 1], row[j]) + np.uint8(1), replaced))
    return row[-1]


def _by_length(words: Sequence[str]) -> dict[int, NDArray[np.intp]]:
    """The positions of the words of each length; longer words count as `_LONGEST` letters."""
    lengths = np.array([min(len(word), _LONGEST) for word in words])
    return {int(length): np.flatnonzero(lengths == length) for length in np.unique(lengths)}


def _codes(words: Sequence[str]) -> NDArray[np.int32]:
    width = max(min(len(word), _LONGEST) for word in words)
    return np.array([[ord(letter) for letter in word[:width].ljust(width, "\0")] for word in words], dtype=np.int32)


def _letters(words: Sequence[str]) -> NDArray[np.uint64]:
    """A bit for each letter that occurs in a word."""
    bits = [sum({1 << ord(letter) % 64 for letter in word[:_LONGEST]}) for word in words]
    return np.array(bits, dtype=np.uint64)

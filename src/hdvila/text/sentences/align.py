"""Align words that were respelled, joined, split, added or dropped with the timed words they come from.

Dynamic time warping finds a path through the grid of new words and timed words. A step to the next pair costs
the distance of its words (`word_distance`), a step along one side costs `_STEP`. Equal words at the beginning
and the end of both texts need no path. The path is searched in a band around the diagonal, which is widened
until the path does not touch its edges.

Legend: N new words, M timed words, W width of the band.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hdvila.text.sentences.word_distance import bare, closest, distances
from hdvila.types import TimedBy, Word

_STEP = 75  # replacing a word (100) is likelier than dropping one and adding another (150)
_BAND = 48  # words on each side of the diagonal, initially
_BLOCK = 4096  # new words whose distances are in memory at a time: a full table grows quadratically
_DIAGONAL, _DOWN, _RIGHT = 0, 1, 2  # where a path came from: along both sides, the new words, the timed words
_FAR = 1 << 28
_LONGEST_RUN = 5  # words that may correspond to one


def align(texts: Sequence[str], timed: Sequence[Word]) -> list[Word]:
    """Give each text the time at which it is said.

    A word that did not change keeps its time. A word that replaces several spans their times. Several words
    that replace one share its time by their letters. An added word is placed in the silence between its
    neighbours. Times that are not from the file are marked as estimates (``timed_by="cue"``).

    Args:
        texts: N words, in the order of speech.
        timed: M words with times.

    Returns:
        N timed words.

    Raises:
        ValueError: there are texts but no timed words.
    """
    if not timed and texts:
        raise ValueError(f"{len(texts)} words to align, but no timed words")
    new, old = [bare(text) for text in texts], [bare(word.text) for word in timed]
    head = _alike(new, old)
    tail = _alike(new[head:][::-1], old[head:][::-1])
    spans: list[tuple[int, int, int, int]] = [(at, at + 1, at, at + 1) for at in range(head)]
    middle_new, middle_old = new[head : len(new) - tail], old[head : len(old) - tail]
    if middle_new and middle_old:
        path = _path(middle_new, middle_old)
        spans += [(a + head, b + head, c + head, d + head) for a, b, c, d in _matches(path, middle_new, middle_old)]
    spans += [(len(new) - at, len(new) - at + 1, len(old) - at, len(old) - at + 1) for at in range(tail, 0, -1)]
    return _timed(texts, timed, spans)


def _alike(new: Sequence[str], old: Sequence[str]) -> int:
    """The number of equal words at the beginning."""
    count = 0
    while count < min(len(new), len(old)) and new[count] == old[count]:
        count += 1
    return count


def _path(new: Sequence[str], old: Sequence[str]) -> list[tuple[int, int]]:
    """The cheapest warping path from (0, 0) to (N - 1, M - 1)."""
    half = _BAND
    while True:
        path, clear = _banded(new, old, half)
        if clear:
            return path
        half *= 2


def _banded(new: Sequence[str], old: Sequence[str], half: int) -> tuple[list[tuple[int, int]], bool]:
    """The cheapest path within `half` columns of the diagonal, and whether it stays off the band's edges."""
    n, m = len(new), len(old)
    width = min(2 * half + 1, m)
    middle = np.arange(n) * ((m - 1) / (n - 1)) if n > 1 else np.array([m - 1.0])
    left = np.clip(np.rint(middle).astype(np.intp) - half, 0, m - width)
    came = np.empty((n, width), dtype=np.uint8)
    along = np.arange(width) * _STEP
    before = np.full(width + 1, _FAR)  # the row above, one column to the left of it included
    for i in range(n):
        if i % _BLOCK == 0:
            last = min(i + _BLOCK, n) - 1
            costs = _costs(new[i : last + 1], old[left[i] : left[last] + width])
        at = left[i] - left[i - i % _BLOCK]
        local = costs(i % _BLOCK, at, at + width)
        if i == 0:
            reached = np.full(width, _FAR)
            reached[0] = local[0]
            came[0] = _RIGHT
        else:
            shift = left[i] - left[i - 1]
            above = np.full(width + 1, _FAR)
            part = before[shift:]
            above[: len(part)] = part[: width + 1]
            diagonal, down = above[:-1] + local, above[1:] + _STEP
            reached = np.minimum(diagonal, down)
            came[i] = np.where(diagonal <= down, _DIAGONAL, _DOWN)
        final = np.minimum.accumulate(reached - along) + along
        came[i][final < reached] = _RIGHT
        before = np.concatenate(([_FAR], final))
    if before[-1] >= _FAR or left[0] > 0 or left[-1] + width < m:
        return [], False
    path = [(n - 1, m - 1)]
    clear = True
    while path[-1] != (0, 0):
        i, j = path[-1]
        step = came[i, j - left[i]]
        i, j = i - (step != _RIGHT), j - (step != _DOWN)
        at = j - left[i]
        clear &= (at > 0 or j == 0) and (at < width - 1 or j == m - 1)
        path.append((int(i), int(j)))
    return path[::-1], bool(clear)


def _costs(new: Sequence[str], old: Sequence[str]) -> Callable[[int, int, int], NDArray[np.int64]]:
    """A function from (i, a, b) to the distances of new word i from timed words a..b."""
    rows, columns = ({word: number for number, word in enumerate(dict.fromkeys(words))} for words in (new, old))
    table = distances(list(rows), list(columns))
    row_of, column_of = (np.array([ids[w] for w in words]) for ids, words in ((rows, new), (columns, old)))
    return lambda i, a, b: table[row_of[i], column_of[a:b]].astype(np.int64)


def _matches(
    path: Sequence[tuple[int, int]], new: Sequence[str], old: Sequence[str]
) -> list[tuple[int, int, int, int]]:
    """Matches (a, b, c, d): new words a..b are said in timed words c..d. Where the path runs along one side,
    only the run of words that spells the other side best is matched."""
    found: list[tuple[int, int, int, int]] = []
    at = 0
    while at < len(path):
        i, j = path[at]
        stop = at + 1
        while stop < len(path) and path[stop][0] == i:
            stop += 1
        if stop > at + 1:
            c, d = _best_run(old[j : path[stop - 1][1] + 1], new[i])
            found.append((i, i + 1, j + c, j + d))
        else:
            while stop < len(path) and path[stop][1] == j:
                stop += 1
            a, b = _best_run(new[i : path[stop - 1][0] + 1], old[j])
            found.append((i + a, i + b, j, j + 1))
        at = stop
    return _grown(found, new, old)


def _grown(
    found: list[tuple[int, int, int, int]], new: Sequence[str], old: Sequence[str]
) -> list[tuple[int, int, int, int]]:
    """Extend each match by free timed words that make it more similar: "ice" "cream" for "icecream"."""
    result: list[tuple[int, int, int, int]] = []
    for number, (a, b, c, d) in enumerate(found):
        first = result[-1][3] if result else 0
        last = found[number + 1][2] if number + 1 < len(found) else len(old)
        if first < c or d < last:
            lower, upper = max(first, c - _LONGEST_RUN), min(last, d + _LONGEST_RUN)
            runs = [(c, d), *((x, y) for x in range(c, lower - 1, -1) for y in range(d, upper + 1) if (x, y) != (c, d))]
            c, d = runs[closest(["".join(old[x:y]) for x, y in runs], "".join(new[a:b]))]
        result.append((a, b, c, d))
    return result


def _best_run(words: Sequence[str], whole: str) -> tuple[int, int]:
    """The run of words (first, one past the last) that spells `whole` best; the shorter one in a tie."""
    if len(words) == 1:
        return 0, 1
    runs = [(a, a + size) for size in range(1, _LONGEST_RUN + 1) for a in range(len(words) - size + 1)]
    return runs[closest(["".join(words[a:b]) for a, b in runs], whole)]


def _timed(texts: Sequence[str], timed: Sequence[Word], spans: Sequence[tuple[int, int, int, int]]) -> list[Word]:
    """Place texts in the times of their spans, and those without a span between their neighbours."""
    words: list[Word] = []
    for number, (a, b, c, d) in enumerate([*spans, (len(texts), len(texts), len(timed), len(timed))]):
        if a > len(words):
            start = words[-1].end if words else timed[0].start
            end = timed[c].start if c < len(timed) else timed[-1].end
            words += _shared(texts[len(words) : a], start, max(start, end), "cue")
        if number == len(spans):
            break
        exact = all(word.timed_by == "word" for word in timed[c:d]) and b - a == 1
        start, end = timed[c].start, max(word.end for word in timed[c:d])
        words += _shared(texts[a:b], start, end, "word" if exact else "cue")
    return words


def _shared(texts: Sequence[str], start: float, end: float, timed_by: TimedBy) -> list[Word]:
    total, at = sum(len(text) + 1 for text in texts), 0
    words: list[Word] = []
    for text in texts:
        begin = start + (end - start) * at / total
        at += len(text) + 1
        words.append(Word(text, begin, start + (end - start) * at / total if at < total else end, timed_by))
    return words

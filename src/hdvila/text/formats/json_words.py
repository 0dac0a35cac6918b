"""The words of one JSON segment: pieces joined into words, with the times that the recogniser gave them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from hdvila.text.formats.cues import comparison_key
from hdvila.text.formats.json_fields import Record, span_of, text_of, words_of
from hdvila.writing import is_unspaced, joined

WordTimes = tuple[float | None, float | None]
"""Start and end of a word in seconds; None if unknown."""

_SLACK = 1.0  # seconds by which a word may lie outside its line


def timed_words(segment: Record, start: float, end: float | None, unit: float) -> tuple[list[str], list[WordTimes]]:
    """The words of a segment and the span of each, in order.

    Args:
        segment: the record that holds them.
        start, end: of the segment, in seconds.
        unit: seconds of one unit of the words' times.
    """
    text = text_of(segment)
    words = [word for word in _join_as_written(join_pieces(words_of(segment)), text) if text_of(word).strip()]
    spans = _times_within([_scaled(word, unit) for word in words], start, end)
    said = [text_of(word).strip() for word in words]
    return _with_untimed_words(text.split(), said, spans) if any(at is not None for at, _ in spans) else (said, spans)


def join_pieces(words: list[Record]) -> list[Record]:
    """Join pieces of words. Where words begin with a space, a piece without one continues the word before."""
    texts = [text_of(word).replace("\u2581", " ") for word in words]
    if not any(text.startswith(" ") and text.strip() for text in texts) and not any(t.startswith("##") for t in texts):
        return words
    hashes = any(text.startswith("##") for text in texts)
    whole: list[Record] = []
    for word, text in zip(words, texts, strict=True):
        goes_on = text.startswith("##") if hashes else not text.startswith(" ") and not _stands_alone(text)
        if whole and goes_on and text:
            whole[-1] = _one_word(whole[-1], word, text.removeprefix("##"))
        else:
            whole.append({**word, "punctuated_word": text.removeprefix("##") if hashes else text})
    return whole


def _join_as_written(words: list[Record], text: str) -> list[Record]:
    """Join pieces that the line writes together. Without a line, join Latin letters within an unspaced
    script, because recognisers of such scripts time each letter."""
    texts = [text_of(word).strip() for word in words]
    line = "".join(text.split())
    letters = not line and sum(map(len, texts)) < 2 * len(texts) and is_unspaced("".join(texts))
    if not letters and line != "".join(texts):
        return words
    spaces = {len("".join(text[: found.start()].split())) for found in re.finditer(r"\s+", text)}
    put: list[Record] = []
    at = 0
    for word, one in zip(words, texts, strict=True):
        before = text_of(put[-1]).strip() if put else ""
        latin = f"{before[-1:]}{one[:1]}"
        if before and one and at not in spaces and " " in joined([before, one]) and (line or latin.isascii()):
            put[-1] = _one_word(put[-1], word, one)
        else:
            put.append(word)
        at += len(one)
    return put


def _one_word(first: Record, rest: Record, text: str) -> Record:
    """Join two pieces of a word; `text` is the text of the second."""
    start, end = span_of(first)
    until = span_of(rest)[1]
    last = until if until is not None else end
    return {**first, "punctuated_word": text_of(first) + text, "start": start, "end": last, "offsets": None}


def _stands_alone(text: str) -> bool:
    """Chinese, Japanese and Korean characters begin words without a space before them."""
    return text[:1] > "\u2e7f" and text[:1].isalnum()


def _scaled(word: Record, unit: float) -> WordTimes:
    start, end = span_of(word)
    return None if start is None else start * unit, None if end is None else end * unit


def _times_within(spans: list[WordTimes], start: float, end: float | None) -> list[WordTimes]:
    """Times of words within their line, also if they count from its start. Times far outside are unknown."""
    known = [at for at, _ in spans if at is not None]
    if not known or end is None:
        return spans
    if max(known) < start - _SLACK and max(known) <= end - start + _SLACK:
        return [(None if a is None else a + start, None if b is None else b + start) for a, b in spans]
    near = (start - _SLACK, end + _SLACK)
    return [(a, b) if a is not None and near[0] <= a <= near[1] else (None, None) for a, b in spans]


def _with_untimed_words(
    tokens: list[str], said: list[str], spans: list[WordTimes]
) -> tuple[list[str], list[WordTimes]]:
    """Add the words of the line that have no time, in the spelling that has more punctuation and capitals."""
    old, new = [comparison_key(word) for word in said], [comparison_key(token) for token in tokens]
    if old == new and _care(tokens) > _care(said):
        return tokens, spans
    if len(tokens) <= len(said):
        return said, spans
    words: list[str] = []
    times: list[WordTimes] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "insert":
            words += tokens[c:d]
            times += [(None, None)] * (d - c)
        else:
            words += said[a:b]
            times += spans[a:b]
    return words, times


def _care(words: list[str]) -> int:
    """The number of capitals and punctuation marks."""
    return sum(not char.isalnum() or char.isupper() for word in words for char in word)

"""Transcripts in JSON: YouTube's json3, what Whisper and its relatives write, and plain lists of timed words.

A record has its text under ``text``, ``word`` or ``punctuated_word`` and its seconds under ``start`` and ``end`` (or
``duration``). A file is a list of records, an object with a list of them, or one record a line.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from hdvila.text.formats.cues import LATEST, RawCue, raw_cue, timed_line

_PAUSE = 1.0  # seconds without a word that end a cue, in files that know words only
_SEGMENTS = "segments", "transcription", "chunks"
_WORDS = "words", "word_segments", "result"

Record = dict[str, Any]


def load_json(text: str) -> object:
    """The value, or for one value a line the list of them.

    Raises:
        ValueError: it is no JSON; the message says where it stops being it.
    """
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            if error.msg != "Extra data" or error.lineno == 1:
                raise
            return [json.loads(line) for line in text.splitlines() if line.strip()]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_json(value: object) -> tuple[list[RawCue], str | None]:
    """The cues and the language of a transcript that was read from JSON; no cues if it is none."""
    if isinstance(value, dict) and isinstance(value.get("events"), list):
        return list(_json3(_records(value["events"]))), None
    whole: Record = value if isinstance(value, dict) else {}
    segments = _first(whole, _SEGMENTS)
    words = _records(value) or _first(whole, _WORDS)
    if segments and words and not any("words" in segment for segment in segments):
        words = _worded(segments, words)
        segments = []
    elif not segments and not _are_words(words):
        segments, words = words, []
    records = segments or _grouped(words, _records(whole.get("paragraphs")))
    result = whole.get("result")
    language = whole.get("language") or (result.get("language") if isinstance(result, dict) else None)
    return [cue for cue in map(_segment, records) if cue], language if isinstance(language, str) else None


def _first(whole: Record, names: Iterable[str]) -> list[Record]:
    return next((found for name in names if (found := _records(whole.get(name)))), [])


def _are_words(records: list[Record]) -> bool:
    return any("word" in record for record in records) or all(len(_text(record).split()) == 1 for record in records)


def _worded(segments: list[Record], words: list[Record]) -> list[Record]:
    """Words with times, spelled as the segments spell them (with punctuation), where both agree in number."""
    spelled = [token for segment in segments for token in _text(segment).split()]
    if len(spelled) != len(words):
        return words
    return [{**word, "word": token} for word, token in zip(words, spelled, strict=True)]


def _json3(events: list[Record]) -> Iterator[RawCue]:
    """``{"tStartMs": 320, "dDurationMs": 4000, "segs": [{"utf8": "hello"}, {"utf8": " you", "tOffsetMs": 480}]}``."""
    by_word = any("tOffsetMs" in piece for event in events for piece in _records(event.get("segs")))
    for event in events:
        start, length = _number(event.get("tStartMs"), LATEST * 1000), _number(event.get("dDurationMs"), LATEST * 1000)
        pieces = [(piece.get("tOffsetMs"), _string(piece.get("utf8"))) for piece in _records(event.get("segs"))]
        if start is None:
            continue
        timed = by_word and (len(pieces) > 1 or len("".join(text for _, text in pieces).split()) == 1)
        offsets = (_number(offset or 0, LATEST * 1000) for offset, _ in pieces)
        texts = [text for _, text in pieces]
        line = timed_line(
            ((start + offset) / 1000 if timed and text.strip() and offset is not None else None, text)
            for offset, text in zip(offsets, texts, strict=True)
        )
        if cue := raw_cue(start / 1000, (start + (length or 0)) / 1000, line):
            yield cue


def _grouped(words: list[Record], paragraphs: list[Record]) -> Iterator[Record]:
    """Segments of words: a new one begins after a pause, with a paragraph and with another speaker."""
    starts = [_number(paragraph.get("start")) or 0.0 for paragraph in paragraphs]
    segment: Record = {}
    before: tuple[int, object] = 0, None
    for word in words:
        start, end = _span(word)
        at = bisect_right(starts, start) if starts and start is not None else before[0]
        speaker = word.get("speaker") or (paragraphs[at - 1].get("speaker") if at else None)
        pause = start is not None and "end" in segment and start - segment["end"] > _PAUSE
        if segment and (pause or (at, speaker) != before):
            yield segment
            segment = {}
        before = at, speaker
        if start is not None and "start" not in segment:
            segment = {"start": start, "speaker": speaker, "words": []}
        if "words" in segment:
            segment["words"].append(word)
            segment["end"] = max(segment.get("end", 0.0), end if end is not None else start or 0.0)
    if segment:
        yield segment


def _segment(record: Record) -> RawCue | None:
    """One cue; where the record has words, with their times."""
    start, end = _span(record)
    words = _joined(_records(record.get("words")))
    spans = [_span(word) for word in words]
    known = [at for at, _ in spans if at is not None]
    start = min(known) if start is None and known else start
    if start is None:
        return None
    text = _text(record)
    if known:
        following = [*(begin for begin, _ in spans[1:]), end or start]
        text = timed_line(
            piece
            for word, (begin, until), after in zip(words, spans, following, strict=True)
            for piece in (
                (begin, " " + _text(word).strip()),
                (until if begin is not None and after is not None else None, ""),
            )
        )
        end = max(end or start, *(until or begin or start for begin, until in spans))
    speaker = record.get("speaker")
    return raw_cue(start, end if end is not None else start, text, speaker if isinstance(speaker, str) else None)


def _joined(words: list[Record]) -> list[Record]:
    """Pieces of words put together: where words begin with a space, what begins without one goes on with the last."""
    if not any(_text(word).startswith(" ") for word in words):
        return words
    joined: list[Record] = []
    for word in words:
        if joined and not _text(word).startswith(" "):
            last = joined[-1]
            joined[-1] = {"text": _text(last) + _text(word), "start": last.get("start"), "end": word.get("end")}
        else:
            joined.append(word)
    return joined


def _span(record: Record) -> tuple[float | None, float | None]:
    """Start and end in seconds, None where the record does not say; an end before the start counts as unknown."""
    start, end = _number(record.get("start")), _number(record.get("end"))
    if isinstance(record.get("offsets"), dict):  # whisper.cpp, in milliseconds
        start, end = (_number(record["offsets"].get(name), LATEST * 1000) for name in ("from", "to"))
        start, end = start and start / 1000, end and end / 1000
    if isinstance(record.get("timestamp"), list) and len(record["timestamp"]) == 2:  # transformers
        start, end = map(_number, record["timestamp"])
    if end is None and start is not None and (length := _number(record.get("duration"))) is not None:
        end = start + length
    return start, end if end is None or start is None or end >= start else None


def _text(record: Record) -> str:
    return next((_string(record[name]) for name in ("punctuated_word", "word", "text") if record.get(name)), "")


def _records(value: object) -> list[Record]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, Iterable) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, below: float = LATEST) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < below else None

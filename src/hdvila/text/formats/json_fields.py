"""Read a JSON record of any service: its times in seconds, its text, its words, its speaker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hdvila.text.formats.time_values import parse_seconds
from hdvila.writing import drop_surrogates

Record = dict[str, Any]

_TICK = 1e-7  # seconds, in Azure
_STARTS = (
    *((name, 1.0) for name in ("start", "start_time", "startTime", "begin", "start_sec", "startSec", "start_seconds")),
    *((name, 0.001) for name in ("startMs", "start_ms", "startTimeMs", "start_time_ms", "beginMs", "tStartMs")),
    *((name, _TICK) for name in ("offsetInTicks",)),
    *((name, 1.0) for name in ("ts", "from", "time", "startSeconds", "begin_time", "startTimestamp")),
)
_ENDS = (
    *((name, 1.0) for name in ("end", "end_time", "endTime", "stop", "end_sec", "endSec", "end_seconds")),
    *((name, 0.001) for name in ("endMs", "end_ms", "endTimeMs", "end_time_ms")),
    *((name, 1.0) for name in ("end_ts", "to", "endSeconds", "finish_time", "endTimestamp")),
)
_LENGTHS = (
    *((name, 0.001) for name in ("durationMs", "duration_ms", "dDurationMs")),
    ("durationInTicks", _TICK),
    *((name, 1.0) for name in ("duration", "dur", "length")),
)
_PAIRS = "timestamp", "time", "interval", "span", "timestamps"
_TEXTS = "punctuated_word", "word", "text", "utf8", "body", "content", "transcript", "sentence", "caption", "segment"
_MORE_TEXTS = "display", "line", "value", "snippet", "phrase"
_BEST = "alternatives", "nBest"
WORDS = "words", "word_timestamps", "Words", "elements"
_SPEAKERS = "speaker", "speaker_label", "speakerTag", "speaker_id", "speakerLabel"


def span_of(record: Record) -> tuple[float | None, float | None]:
    """Start and end in seconds, None if unknown; an end before the start counts as unknown."""
    start, end = _first(record, _STARTS), _first(record, _ENDS)
    if isinstance(record.get("offsets"), dict):  # whisper.cpp, in milliseconds
        start, end = (parse_seconds(record["offsets"].get(name), 0.001) for name in ("from", "to"))
    for name in _PAIRS:
        pair = record.get(name)
        if isinstance(pair, dict):
            pair = [pair.get("from", pair.get("start")), pair.get("to", pair.get("end"))]
        if start is None and isinstance(pair, list) and len(pair) == 2:
            start, end = parse_seconds(pair[0]), parse_seconds(pair[1])
    if start is None and isinstance(record.get("startOffset", record.get("offset")), str | dict):
        start = parse_seconds(record.get("startOffset", record.get("offset")))
        end = parse_seconds(record.get("endOffset"))
    if end is None and start is not None and (length := _first(record, _LENGTHS)) is not None:
        end = start + length
    return start, end if end is None or start is None or end >= start else None


def text_of(record: Record) -> str:
    """The text with its surrounding spaces; of several alternatives of a recogniser the first."""
    for name in (*_TEXTS, *_MORE_TEXTS):
        if text := _string(record.get(name)):
            return drop_surrogates(text)
    return text_of(best) if (best := _best(record)) else ""


def words_of(record: Record) -> list[Record]:
    """The records of the words inside a record; empty if it has none."""
    for name in WORDS:
        if words := records_in(record.get(name)):
            return words
    return words_of(best) if (best := _best(record)) else []


def speaker_of(record: Record) -> str | None:
    """The speaker, or None if the record names nobody."""
    for name in _SPEAKERS:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return drop_surrogates(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return f"speaker {value}"
    return None


def records_in(value: object) -> list[Record]:
    """The records of a list. ``[start, end, text]``, ``[text, start, end]``, ``[start, text]`` and
    ``[[start, end], text]`` count as records."""
    if not isinstance(value, list):
        return []
    records = [entry if isinstance(entry, dict) else _row(entry) for entry in value]
    return [_opened(record) for record in records if record]


def rows_of(value: Record) -> list[Record]:
    """The records of a table stored by columns (``{"start": [1.0, 4.0], "text": ["hello", "again"]}``) or
    under their numbers (``{"0": {...}, "1": {...}}``); otherwise empty."""
    columns = {name: column for name, column in value.items() if isinstance(column, list)}
    if "start" in columns and columns.keys() & {"text", "word"}:
        rows = len(columns["start"])
        columns = {name: column for name, column in columns.items() if len(column) == rows}
        return [{name: column[at] for name, column in columns.items()} for at in range(rows)]
    if value and all(name.isdecimal() and isinstance(row, dict) for name, row in value.items()):
        return [value[name] for name in sorted(value, key=int)]
    return []


def _row(value: object) -> Record | None:
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        return None
    if len(value) == 2:
        at, text = value
        if not isinstance(text, str) or not isinstance(at, int | float | list) or isinstance(at, bool):
            return None
        return {"timestamp": at, "text": text} if isinstance(at, list) else {"start": at, "text": text}
    texts = [part for part in value if isinstance(part, str)]
    times = [part for part in value if isinstance(part, int | float) and not isinstance(part, bool)]
    if len(texts) != 1 or len(times) != 2 or value.index(texts[0]) == 1:
        return None
    return {"start": times[0], "end": times[1], "text": texts[0]}


def _opened(record: Record) -> Record:
    """The record inside a wrapper of one or two keys, or the record itself."""
    if len(record) <= 2:
        inner = [value for value in record.values() if isinstance(value, dict)]
        if len(inner) == 1 and span_of(record)[0] is None and (text_of(inner[0]) or span_of(inner[0])[0] is not None):
            return inner[0]
    return record


def _first(record: Record, names: Iterable[tuple[str, float]]) -> float | None:
    for name, unit in names:
        if name in record and (seconds := parse_seconds(record[name], unit)) is not None:
            return seconds
    return None


def _best(record: Record) -> Record | None:
    return next((found[0] for name in _BEST if (found := records_in(record.get(name)))), None)


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):  # the notations of YouTube
        if isinstance(value.get("runs"), list):
            return "".join(_string(run.get("text")) for run in value["runs"] if isinstance(run, dict))
        return _string(value.get("simpleText", value.get("text")))
    return ""

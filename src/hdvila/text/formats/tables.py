"""Tables of times and text: TSV or CSV of recognisers (milliseconds), and labels exported by audio editors."""

from __future__ import annotations

import csv
import re

from hdvila.text.formats.cues import Parsed, left_out, raw_cue
from hdvila.text.formats.time_values import MILLISECONDS, parse_seconds, unit_of

_STARTS = {"start", "start_time", "starttime", "begin", "start_ms", "startms", "from", "in", "start time"}
_ENDS = {"end", "end_time", "endtime", "end_ms", "endms", "to", "stop", "out", "end time"}
_TEXTS = {"text", "word", "transcript", "sentence", "caption", "subtitle", "content"}
_SPEAKERS = {"speaker", "speaker_name"}
_LABEL = re.compile(r"\d{1,9}(?:\.\d{1,20})?\t\d{1,9}(?:\.\d{1,20})?\t")


def is_table(text: str) -> bool:
    """Whether the first line names columns of times and text, or each line begins with two times and tabs."""
    if _columns(text) is not None:
        return True
    lines = [line for line in text[:10_000].split("\n")[:50] if line.strip()]
    return bool(lines) and all(map(_LABEL.match, lines[: max(1, len(lines) - 1)]))


def parse_table(text: str) -> Parsed:
    """The cues of a table, in the order of the file; rows without times are counted in a note."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    columns = _columns(text)
    delimiter, start, end, words, speaker = columns or ("\t", 0, 1, 2, None)
    exact = columns is not None and lines[0].lower().split(delimiter)[start].strip().endswith("ms")
    begin = 1 if columns else 0
    rows: list[tuple[float | None, float | None, str, str | None]] = []
    wrong: list[str] = []
    for row in _rows(lines[begin:], delimiter):
        if not any(field.strip() for field in row):
            continue
        if len(row) <= max(start, words):
            wrong.append(" ".join(row))
            continue
        said = delimiter.join(row[words:]) if words == len(row) - 1 or speaker is None else row[words]
        said = said if words >= max(start, end or 0) else row[words]
        name = row[speaker] if speaker is not None and speaker < len(row) else None
        at = parse_seconds(row[start])
        if at is None:
            wrong.append(said)
            continue
        until = parse_seconds(row[end]) if end is not None and end < len(row) else None
        rows.append((at, until, said, name))
    unit = 0.001 if exact else unit_of([(at, until, len(said)) for at, until, said, _ in rows])
    cues = [
        raw_cue((at or 0.0) * unit, (until if until is not None else at or 0.0) * unit, said, name, lane=name or "")
        for at, until, said, name in rows
    ]
    notes = [left_out(len(wrong), "row without a time", wrong[0])] if wrong else []
    if unit < 1 and not exact and columns is None:
        notes.append(MILLISECONDS)
    return Parsed([cue for cue in cues if cue], None, notes)


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    if delimiter != "\t":
        return list(csv.reader(lines, delimiter=delimiter))
    return [[_unquoted(field) for field in line.split("\t")] for line in lines]


def _unquoted(field: str) -> str:
    whole = len(field) > 1 and field[0] == field[-1] == '"' and '"' not in field[1:-1].replace('""', "")
    return field[1:-1].replace('""', '"') if whole else field


def _columns(text: str) -> tuple[str, int, int | None, int, int | None] | None:
    """The delimiter and the columns of start, end, text and speaker; None without a line of column names."""
    first = text[:1000].split("\n", 1)[0].strip().lower()
    for delimiter in "\t;,|":
        names = [_unquoted(name.strip()) for name in first.split(delimiter)]
        start, end, words, speaker = (
            next((at for at, name in enumerate(names) if name in known), None)
            for known in (_STARTS, _ENDS, _TEXTS, _SPEAKERS)
        )
        if start is not None and words is not None and len(names) > 1:
            return delimiter, start, end, words, speaker
    return None

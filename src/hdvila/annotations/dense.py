"""The JSON object of dense captions, as of ActivityNet Captions and YouCook2: video -> duration, times, sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdvila.annotations.recognise import refuse
from hdvila.annotations.tables import Row, read_json

__all__ = ["Entry", "Moment", "entries"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A sentence, without spaces around it, and its seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A video: its key in the file, its seconds, its moments in the file's order."""

    key: str
    duration: float
    moments: tuple[Moment, ...]


def entries(path: Path) -> list[Entry]:
    """The videos of such a file, in its order.

    Raises:
        UsageError: another file; sentences and times that are not equally many; a time that is no number.
    """
    whole = read_json(path)
    if not isinstance(whole, dict) or not whole:
        raise refuse(path, "a json of dense captions")
    if not all(isinstance(value, dict) and {"timestamps", "sentences"} <= set(value) for value in whole.values()):
        raise refuse(path, "a json of dense captions")
    return [_entry(Row(f"{path}, {key}", value), key) for key, value in whole.items()]


def _entry(row: Row, key: str) -> Entry:
    times, sentences = row.get("timestamps"), row.get("sentences")
    if not isinstance(times, list) or not isinstance(sentences, list) or len(times) != len(sentences):
        raise row.refuse("timestamps and sentences are not two lists of one length")
    moments = tuple(_moment(row, span, text) for span, text in zip(times, sentences, strict=True))
    return Entry(key, row.number("duration"), moments)


def _moment(row: Row, span: Any, text: Any) -> Moment:
    if not isinstance(span, list) or len(span) != 2:
        raise row.refuse(f"a time is {span!r:.60}, where a start and an end must stand")
    one = Row(row.where, {"start": span[0], "end": span[1], "sentence": text})
    return Moment(one.number("start"), one.number("end"), one.text("sentence"))

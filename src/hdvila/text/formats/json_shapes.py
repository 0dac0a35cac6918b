"""Find the timed lines and words in a JSON file of any program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hdvila.text.formats.cues import Refused
from hdvila.text.formats.json_fields import WORDS, Record, records_in, rows_of, span_of, text_of, words_of

_DEEPEST = 12
_LINES = (
    *("segments", "transcription", "chunks", "utterances", "recognizedPhrases", "monologues", "snippets", "segment"),
    *("sentences", "captions", "subtitles", "cues", "initialSegments", "cueGroups", "lines"),
)
_WORD_LISTS = (*WORDS, "word_segments", "result", "word", "items")
_NOT_SAID = {
    *("tokens", "chapters", "entities", "highlights", "topics", "summaries", "speaker_labels", "channel_labels"),
    *("sentiment_analysis_results", "auto_highlights_result", "audio_segments", "partial", "paragraphs", "nbest"),
    *("no_speech_segments", "vad", "speech_segments", "translations", "combinedRecognizedPhrases"),
}
_NAMES = "id", "video", "video_id", "videoId", "name", "file", "path", "url", "title"

KeyPath = tuple[str, ...]


@dataclass(slots=True)
class Shape:
    """The timed lines of a file and the timed words beside them; either may be empty.

    Both are lists of groups, such as the results of a recogniser for stretches of audio.

    Attributes:
        lines: groups of records of lines.
        words: groups of records of words.
        channels: the groups are channels of one recording.
    """

    lines: list[list[Record]]
    words: list[list[Record]]
    channels: bool = False


def find_lists(value: object) -> Shape:
    """Find the lists of a file that hold the speech.

    Raises:
        Refused: it holds several transcripts.
    """
    found: dict[KeyPath, list[list[Record]]] = {}
    _collect(value, (), found, 0)
    if not found:
        return Shape([], [])
    if isinstance(value, list) and _are_many(value, found):
        raise Refused(_MANY)
    lines = min((path for path in found if path[-1] in _LINES), key=_rank, default=None)
    words = min((path for path in found if path[-1] in _WORD_LISTS), key=_rank, default=None)
    others = [path for path in found if path not in {lines, words} and path[-1] not in (*_LINES, *_WORD_LISTS)]
    if lines is None and words is None:
        if len(others) > 1 and isinstance(value, dict) and all(len(path) == 1 for path in others):
            raise Refused(_MANY)
        lines = max(others, key=lambda path: sum(len(text_of(one)) for group in found[path] for one in group))
    best = lines or words or ()
    return Shape(
        _last_of_all(found[lines]) if lines else [],
        _last_of_all(found[words]) if words else [],
        "channels" in best and len(found[best]) > 1,
    )


_MANY = "is JSON of several transcripts; split it into one file for each video"


def _collect(value: Any, path: KeyPath, found: dict[KeyPath, list[list[Record]]], depth: int) -> None:
    """Collect all lists of timed records below `value` by their path without indices."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict) and (rows := rows_of(value)):
        value = rows
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_SAID and isinstance(inner, dict | list):
                _collect(inner, (*path, str(name)), found, depth + 1)
        return
    records = records_in(value)
    timed = [record for record in records if span_of(record)[0] is not None or words_of(record)]
    if timed and any(text_of(record).strip() for record in records) and any(map(_has_time, timed)):
        found.setdefault(path or ("",), []).append(records)
        return
    inner_lists = value[:1] if path and path[-1] in {"alternatives", "nBest"} else value
    for inner in inner_lists:
        if isinstance(inner, dict | list):
            _collect(inner, path, found, depth + 1)


def _has_time(record: Record) -> bool:
    return span_of(record)[0] is not None or any(span_of(word)[0] is not None for word in words_of(record))


def _rank(path: KeyPath) -> tuple[int, int]:
    order = (*_LINES, *_WORD_LISTS)
    return len(path), order.index(path[-1])


def _are_many(value: list[Any], found: dict[KeyPath, list[list[Record]]]) -> bool:
    """Whether the entries of a list are separate transcripts, each with a name of its own."""
    if ("",) in found:
        return False
    holders = [
        entry for entry in value if isinstance(entry, dict) and any(isinstance(v, dict | list) for v in entry.values())
    ]
    for name in _NAMES:
        names = [str(entry[name]) for entry in holders if entry.get(name) is not None]
        if len(names) > 1 and len(set(names)) == len(names) == len(holders):
            return True
    return False


def _last_of_all(groups: list[list[Record]]) -> list[list[Record]]:
    """Drop groups that the last repeats: Google's last result holds all words if speakers were requested."""
    if len(groups) == 1:
        parts = [[text_of(word) for word in words_of(record)] for record in groups[0]]
        return [groups[0][-1:]] if _repeats(parts) else groups
    parts = [[text_of(record) for record in group] for group in groups]
    return groups[-1:] if _repeats(parts) else groups


def _repeats(parts: list[list[str]]) -> bool:
    """Whether the last part repeats all the others."""
    return len(parts) > 1 and bool(parts[-1]) and parts[-1] == [text for part in parts[:-1] for text in part]

"""Transcripts in JSON: YouTube's json3, the output of Whisper and other recognisers, lists of timed words.

`json_shapes` finds the lists of lines and words in a file, `json_fields` reads their records, and
`json_words` the words of a line.
"""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

from hdvila.text.formats.clock import check_starts
from hdvila.text.formats.cues import LATEST, Parsed, RawCue, Refused, raw_cue, timed_line
from hdvila.text.formats.json_fields import Record, records_in, span_of, speaker_of, text_of, words_of
from hdvila.text.formats.json_shapes import find_lists
from hdvila.text.formats.json_words import join_pieces, timed_words
from hdvila.text.formats.time_values import MILLISECONDS, unit_of
from hdvila.text.formats.youtube import parse_json3

_PAUSE = 1.0  # seconds without a word that end a cue, in files with words but no lines
_MOST = 60  # words in such a cue
_SPACES = re.compile(r"\s*")
_PYTHON = re.compile(r"\s*[\[{]\s*[{]?\s*'")
_FEW = 2  # lines of one word each, from which they count as words


def load_json(text: str) -> object:
    """Parse JSON; several values in sequence become a list. A list as Python prints it is read too.

    Raises:
        Refused: the text is not JSON; the message says where.
    """
    decoder = json.JSONDecoder()
    values: list[object] = []
    at = _skip_spaces(text, 0)
    try:
        while not values or at < len(text):
            value, end = decoder.raw_decode(text, at)
            values.append(value)
            at = _skip_spaces(text, end)
            if at < len(text) and (text[at] not in "{[" or "\n" not in text[end:at]):
                raise Refused(f"it continues with something else at character {at}")
    except json.JSONDecodeError as error:
        if _PYTHON.match(text):
            with suppress(ValueError, SyntaxError, MemoryError):
                return ast.literal_eval(text.strip())
        raise Refused(str(error)) from error
    except RecursionError as error:
        raise Refused("it is nested too deeply") from error
    return values[0] if len(values) == 1 else values


def _skip_spaces(text: str, at: int) -> int:
    found = _SPACES.match(text, at)
    return found.end() if found else at


def parse_json(value: object) -> Parsed:
    """The cues of a transcript in JSON, in its order, and its language; no cues if it is not a transcript.

    Raises:
        Refused: it holds several transcripts, or the clock of its words restarts.
    """
    if isinstance(value, dict) and isinstance(value.get("events"), list):
        return Parsed(list(parse_json3(records_in(value["events"]))))
    shape = find_lists(value)
    language = _language(value)
    if shape.channels:
        parts = [_parse([group], []) for group in shape.lines] or [_parse([], [group]) for group in shape.words]
        for number, part in enumerate(parts):
            check_starts([cue.start for cue in part.cues], [cue.lines[0] for cue in part.cues])
            part.cues = [RawCue(cue.start, cue.end, cue.lines, f"channel {number}") for cue in part.cues]
        cues = sorted((cue for part in parts for cue in part.cues), key=lambda cue: cue.start)
        return Parsed(cues, language, list(dict.fromkeys(note for part in parts for note in part.notes)))
    paragraphs = records_in(value.get("paragraphs")) if isinstance(value, dict) else []
    parsed = _parse(shape.lines, shape.words, paragraphs)
    parsed.language = language
    return parsed


def _parse(lines: list[list[Record]], words: list[list[Record]], paragraphs: Sequence[Record] = ()) -> Parsed:
    segments, loose = list(chain(*lines)), list(chain(*words))
    if segments and loose and not any(map(words_of, segments)):
        segments, loose = [], _worded(segments, loose)
    elif segments and not any(map(words_of, segments)) and _are_words(segments):
        segments, loose = [], join_pieces(segments)
    elif not segments and not _are_words(loose):
        segments, loose = loose, []
    inner = segments or loose
    unit = unit_of([(*span_of(record), len(text_of(record))) for record in inner])
    notes = [MILLISECONDS] if unit < 1 else []
    if segments:
        cues = _lines(segments, unit)
    else:
        loose = [word for word in loose if text_of(word).strip()]
        check_starts([span_of(word)[0] for word in loose], [text_of(word) for word in loose])
        cues = _lines(list(_grouped(loose, paragraphs, unit)), unit)
    return Parsed(cues, None, notes)


def _language(value: object) -> str | None:
    whole = value if isinstance(value, dict) else {}
    for place in (whole, whole.get("result"), whole.get("results"), whole.get("metadata")):
        if isinstance(place, dict):
            for name in ("language", "language_code", "languageCode"):
                if isinstance(place.get(name), str):
                    return str(place[name])
    return None


def _are_words(records: list[Record]) -> bool:
    if any("word" in record or "punctuated_word" in record for record in records):
        return True
    said = [text for record in records if (text := text_of(record)).strip()]
    return len(said) >= _FEW and all(len(text.split()) == 1 for text in said)


def _worded(segments: list[Record], words: list[Record]) -> list[Record]:
    """Timed words in the spelling of the segments (with punctuation), if both have the same number of words."""
    spelled = [token for segment in segments for token in text_of(segment).split()]
    if len(spelled) != len(words):
        return words
    return [{**word, "punctuated_word": token} for word, token in zip(words, spelled, strict=True)]


def _grouped(words: list[Record], paragraphs: Sequence[Record], unit: float) -> Iterator[Record]:
    """Group words into segments: a new one starts after a pause, with a paragraph and with another speaker."""
    starts = [span_of(paragraph)[0] or 0.0 for paragraph in paragraphs]
    segment: list[Record] = []
    before: tuple[int, str | None] = 0, None
    until: float | None = None
    for word in words:
        start, end = span_of(word)
        at = bisect_right(starts, start) if starts and start is not None else before[0]
        speaker = speaker_of(word) or (speaker_of(paragraphs[at - 1]) if at else None)
        if start is None and speaker is None:
            speaker = before[1]
        pause = start is not None and until is not None and (start - until) * unit > _PAUSE
        if segment and until is not None and (pause or (at, speaker) != before or len(segment) >= _MOST):
            yield {"words": segment, "speaker": before[1]}
            segment, until = [], None
        before = at, speaker
        segment.append(word)
        if start is not None:
            until = max(until or 0.0, end if end is not None else start)
    if segment:
        yield {"words": segment, "speaker": before[1]}


def _lines(records: list[Record], unit: float) -> list[RawCue]:
    """A cue for each record; one without times is placed between its neighbours."""
    spans = [_whole_span(record, unit) for record in records]
    if all(start is None for start, _ in spans):
        return []
    cues: list[RawCue] = []
    reached = 0.0
    for at, (record, (start, end)) in enumerate(zip(records, spans, strict=True)):
        if start is None:
            gap = at
            while gap < len(records) and spans[gap][0] is None:
                gap += 1
            follows = spans[gap][0] if gap < len(records) else None
            start = reached
            share = 1 / (gap - at)
            end = end if end is not None else reached if follows is None else start + max(0.0, follows - start) * share
        if cue := _segment(record, start, end, unit):
            cues.append(cue)
        reached = max(start, end if end is not None else start)
    return cues


def _whole_span(record: Record, unit: float) -> tuple[float | None, float | None]:
    start, end = span_of(record)
    known = [span for word in words_of(record) if (span := span_of(word))[0] is not None]
    if start is None and known:
        start = min(begin for begin, _ in known if begin is not None)
        end = max(until or begin or start for begin, until in known)
    start, end = (None if at is None else at * unit for at in (start, end))
    return (start, end) if start is None or start < LATEST else (None, None)


def _segment(record: Record, start: float, end: float | None, unit: float) -> RawCue | None:
    """One cue, with the times of its words if the record has them."""
    text = text_of(record)
    said, spans = timed_words(record, start, end, unit)
    if any(at is not None for at, _ in spans):
        following = [*(begin for begin, _ in spans[1:]), end if end is not None else start]
        text = timed_line(
            piece
            for word, (begin, until), after in zip(said, spans, following, strict=True)
            for piece in ((begin, " " + word), (until if begin is not None and after is not None else None, ""))
        )
        end = max(end if end is not None else start, *(until or begin or start for begin, until in spans))
    elif not text and said:
        text = " ".join(said)
    speaker = speaker_of(record)
    return raw_cue(start, end if end is not None else start, text, speaker, lane=speaker or "")

"""Detect the format of a text from its content, and read its cues: in order of their start, each word once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from hdvila.text.formats.cues import Parsed, Refused
from hdvila.text.formats.json_captions import load_json, parse_json
from hdvila.text.formats.lrc import is_lyrics, parse_lyrics, parse_stamps
from hdvila.text.formats.normalise import normalise
from hdvila.text.formats.substation import parse_substation
from hdvila.text.formats.tables import is_table, parse_table
from hdvila.text.formats.timed_blocks import has_timing_line, is_webvtt, parse_timed_blocks
from hdvila.text.formats.ttml import parse_ttml
from hdvila.text.formats.xml_tree import local_name, parse_xml
from hdvila.text.formats.youtube import parse_youtube

_Result = TypeVar("_Result")
_EVENTS = re.compile(r"^\[Events\]", re.MULTILINE | re.IGNORECASE)
_KNOWN = (
    "WebVTT, SRT, SBV, ASS, TTML, LRC, srv1, srv3, json3, a recogniser's JSON or table of times, or a video with a "
    "subtitle track"
)


def parse_text(text: str) -> Parsed:
    """Read the cues of a text, its language if it states one, and notes on what was left out or guessed.

    Raises:
        Refused: the text is damaged, its clock restarts, or its format is unknown; the message is one line.
    """
    text = text.removeprefix("\ufeff")
    start = text[:1000].lstrip()
    if is_webvtt(text):
        return normalise(parse_timed_blocks(text))
    if start[:5].lower() == "<sami":
        raise Refused(f"is SAMI, which is not supported; convert it to one of these: {_KNOWN}")
    if start.startswith("<"):
        return _parse_xml(text)
    if start.startswith(("{", "[")) and (found := _parse_json(text)) is not None:
        return found
    if _EVENTS.search(text):
        return normalise(_named("ASS", parse_substation, text))
    if is_table(text):
        return normalise(parse_table(text), edited=False, rolls=False)
    if has_timing_line(text):
        return normalise(parse_timed_blocks(text))
    if is_lyrics(text):
        return normalise(parse_lyrics(text), edited=False, rolls=False)
    raise Refused(f"is not a transcript in a known format ({_KNOWN})")


def _parse_xml(text: str) -> Parsed:
    root = _named("XML", parse_xml, text)
    if local_name(root) == "tt":
        return normalise(parse_ttml(root))
    if local_name(root) in {"transcript", "timedtext"}:
        return normalise(Parsed(parse_youtube(root)), rolls=False)
    raise Refused(f"is XML of <{local_name(root)[:40]}>, not a transcript in a known format ({_KNOWN})")


def _parse_json(text: str) -> Parsed | None:
    """None if the text only begins like JSON."""
    try:
        value = load_json(text)
    except Refused as error:
        if re.match(r"\s*[\[{]\s*[\"'{]", text):
            raise Refused(f"is damaged JSON: {error}; fetch it again") from error
        return None
    if isinstance(value, dict) and isinstance(value.get("text"), str) and "data-timestamp" in value["text"]:
        return normalise(parse_stamps(value["text"]), rolls=False)  # oTranscribe's
    parsed = parse_json(value)
    if not parsed.cues:
        raise Refused(
            "is JSON without timed segments or words (json3, Whisper's, or records with text, start and end); "
            "split a file of several transcripts first"
        )
    return normalise(parsed, edited=isinstance(value, dict) and "events" in value, rolls=False)


def _named(kind: str, parse: Callable[[str], _Result], text: str) -> _Result:
    try:
        return parse(text)
    except Refused as error:
        raise Refused(f"is damaged {kind}: {error}; fetch it again") from error

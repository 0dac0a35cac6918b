"""Which format a text is in, told by its content, and its cues: in order of their start, each line once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from hdvila.text.formats.cues import RawCue
from hdvila.text.formats.json_captions import load_json, parse_json
from hdvila.text.formats.substation import parse_substation
from hdvila.text.formats.timed_blocks import has_timing_line, header_language, is_webvtt, parse_timed_blocks
from hdvila.text.formats.ttml import parse_ttml
from hdvila.text.formats.unroll import in_order, unroll
from hdvila.text.formats.xml_tree import local_name, parse_xml
from hdvila.text.formats.youtube_xml import parse_youtube

_Result = TypeVar("_Result")
_EVENTS = re.compile(r"^\[Events\]", re.MULTILINE | re.IGNORECASE)
_KNOWN = "WebVTT, SRT, ASS, TTML, srv1, srv3, json3, Whisper or word-time JSON, or a video with a subtitle track"


def parse_text(text: str) -> tuple[list[RawCue], str | None]:
    """The cues and, where the text says so, its language.

    Raises:
        ValueError: it is damaged, or in no format that is known here; the message is one line.
    """
    start = text[:1000].lstrip()
    if is_webvtt(text):
        return unroll(parse_timed_blocks(text)), header_language(text)
    if start.startswith("<"):
        return _parse_xml(text)
    if start.startswith(("{", "[")) and (found := _parse_json(text)) is not None:
        return found
    if _EVENTS.search(text):
        return unroll(_named("ASS", parse_substation, text)), None
    if has_timing_line(text):
        return unroll(parse_timed_blocks(text)), None
    raise ValueError(f"is no transcript that is known here ({_KNOWN})")


def _parse_xml(text: str) -> tuple[list[RawCue], str | None]:
    root = _named("XML", parse_xml, text)
    if local_name(root) == "tt":
        cues, language = parse_ttml(root)
        return unroll(cues), language
    if local_name(root) in {"transcript", "timedtext"}:
        return in_order(parse_youtube(root)), None
    raise ValueError(f"is XML of <{local_name(root)[:40]}>, no transcript that is known here ({_KNOWN})")


def _parse_json(text: str) -> tuple[list[RawCue], str | None] | None:
    """None: it only begins like JSON."""
    try:
        value = load_json(text)
    except ValueError as error:
        if re.match(r'\s*[\[{]\s*["{]', text):
            raise ValueError(f"is damaged JSON: {error}; fetch it again") from error
        return None
    cues, language = parse_json(value)
    if not cues:
        raise ValueError(
            "is JSON without timed segments or words (json3, Whisper's, or records with text, start and end); "
            "a file of many transcripts must be taken apart first"
        )
    return in_order(cues), language


def _named(kind: str, parse: Callable[[str], _Result], text: str) -> _Result:
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"is damaged {kind}: {error}; fetch it again") from error

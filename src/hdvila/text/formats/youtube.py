"""YouTube's captions: srv1 (lines, in seconds), and in milliseconds srv2 (lines), srv3 and json3 (words)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from hdvila.text.formats.cues import RawCue, raw_cue, timed_line
from hdvila.text.formats.json_fields import Record, records_in
from hdvila.text.formats.time_values import parse_seconds
from hdvila.text.formats.xml_tree import local_name
from hdvila.writing import drop_surrogates


def parse_youtube(root: Element) -> list[RawCue]:
    """The cues of a ``<transcript>`` (srv1) or a ``<timedtext>`` (srv2, srv3), without empty ones."""
    if local_name(root) == "transcript":
        return list(_lines(root, "start", "dur", 1.0))
    return [*_lines(root, "t", "d", 1000.0), *_srv3(root)]


def parse_json3(events: list[Record]) -> Iterator[RawCue]:
    """The cues of json3, such as
    ``{"tStartMs": 320, "dDurationMs": 4000, "segs": [{"utf8": "hello"}, {"utf8": " you", "tOffsetMs": 480}]}``."""
    by_word = any("tOffsetMs" in piece for event in events for piece in records_in(event.get("segs")))
    for event in events:
        start, length = parse_seconds(event.get("tStartMs"), 0.001), parse_seconds(event.get("dDurationMs"), 0.001)
        if start is None:
            continue
        segs = records_in(event.get("segs"))
        offsets = [parse_seconds(piece.get("tOffsetMs") or 0, 0.001) for piece in segs]
        texts = [drop_surrogates(piece["utf8"]) if isinstance(piece.get("utf8"), str) else "" for piece in segs]
        timed = by_word and (len(segs) > 1 or len("".join(texts).split()) == 1)
        line = timed_line(
            (start + offset if timed and text.strip() and offset is not None else None, text)
            for offset, text in zip(offsets, texts, strict=True)
        )
        if cue := raw_cue(start, start + (length or 0), line):
            yield cue


def _lines(root: Element, start: str, length: str, unit: float) -> Iterator[RawCue]:
    for element in root.iter("text"):
        at = _number(element.get(start))
        if at is None:
            continue
        end = (at + (_number(element.get(length)) or 0.0)) / unit
        if cue := raw_cue(at / unit, end, "".join(element.itertext())):
            yield cue


def _srv3(root: Element) -> Iterator[RawCue]:
    """``<p t="320" d="4000"><s>hello</s><s t="480"> you</s></p>``: ``t`` of an ``s`` counts from its ``p``."""
    paragraphs = list(root.iter("p"))
    by_word = any(piece.get("t") for paragraph in paragraphs for piece in paragraph.iter("s"))
    for paragraph in paragraphs:
        start = _number(paragraph.get("t"))
        if start is None:
            continue
        pieces = list(_pieces(paragraph))
        timed = by_word and (len(pieces) > 1 or len("".join(text for _, text in pieces).split()) == 1)
        line = timed_line(
            ((start + offset) / 1000 if timed and offset is not None and text.strip() else None, text)
            for offset, text in pieces
        )
        if cue := raw_cue(start / 1000, (start + (_number(paragraph.get("d")) or 0.0)) / 1000, line):
            yield cue


def _pieces(paragraph: Element) -> Iterator[tuple[float | None, str]]:
    if paragraph.text:
        yield 0.0 if paragraph.text.strip() else None, paragraph.text
    for piece in paragraph:
        text = "\n" if local_name(piece) == "br" else "".join(piece.itertext())
        yield (_number(piece.get("t", "0")) if local_name(piece) == "s" else None), text
        if piece.tail:
            yield None, piece.tail


def _number(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None

"""ASS and SSA subtitles, in files and in the packets of a track."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hdvila.errors import is_defect, one_line
from hdvila.text.formats.cues import Parsed, RawCue, Refused, raw_cue, time_tag

_OVERRIDES = re.compile(r"(\{[^{}]*\})")
_DRAWING = re.compile(r"\\p(\d{1,3})(?![\da-z])")
_KARAOKE = re.compile(r"\\(?:k[fo]?|K)(\d{1,6})(?![\da-zA-Z])")
_STYLES = re.compile(r"\\(?:[1-4]?[ac]|alpha|[bu]|bord|fsc[xy])(?=[&\d-])[^\\{}]*")
_RESET = re.compile(r"\\r|\\1?c(?=[\\}])|\\[bu]0(?=[\\}])")


def parse_substation(text: str) -> Parsed:
    """The cues of an ASS or SSA file, without comments and drawings. The ``Name`` of a line is its speaker.

    If a karaoke script generated an effect for each syllable, its source lines are read instead of the effects.

    Raises:
        Refused: the file is damaged.
    """
    import pysubs2

    kind = "ass" if "v4.00+" in text.lower() or "[v4+ styles]" in text.lower() else "ssa"
    try:
        events = list(pysubs2.SSAFile.from_string(text, format_=kind))
    except Exception as error:  # its parsers raise errors of any type
        if is_defect(error, reader="pysubs2"):
            raise
        raise Refused(one_line(error)[:200]) from error
    generated = {event.effect for event in events} >= {"fx", "karaoke"}
    cues = (
        raw_cue(
            event.start / 1000,
            event.end / 1000,
            substation_text(event.text, event.start / 1000),
            event.name,
            lane=f"{event.style} {event.name}",
        )
        for event in events
        if (event.effect == "karaoke" if generated and event.effect in {"fx", "karaoke"} else not event.is_comment)
    )
    return Parsed([cue for cue in cues if cue])


def substation_text(text: str, start: float | None = None) -> str:
    r"""The lines of a dialogue without override codes and without drawings (from ``{\p1}`` to ``{\p0}``).

    Karaoke codes become word times if `start`, the start of the dialogue in seconds, is given. Style codes
    become tags, so that a moving highlight can be recognised.
    """
    return "".join(_pieces(text, start)).replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")


def with_tags(cue: RawCue) -> RawCue:
    """A cue of another format with its override codes turned into tags."""
    if not any("{\\" in line for line in cue.lines):
        return cue
    return replace(cue, lines=tuple("".join(_pieces(line, None)) for line in cue.lines))


def _pieces(text: str, start: float | None) -> Iterator[str]:
    drawing, style, sung = False, "", 0
    before = " "
    parts: list[Any] = _OVERRIDES.split(text)
    for number, part in enumerate(parts):
        if number % 2:
            if found := _DRAWING.findall(part):
                drawing = int(found[-1]) > 0
            if _RESET.search(part) and style:
                style = ""
                yield "</c>"
            if codes := "".join(_STYLES.findall(part)):
                if style:
                    yield "</c>"
                style = f"<c.{codes}>".replace(" ", "")
                yield style
            if lengths := _KARAOKE.findall(part):
                follows = next((piece for piece in parts[number + 1 :: 2] if piece), "")
                if start is not None and (before[-1:].isspace() or follows[:1].isspace() or before.endswith(r"\N")):
                    yield time_tag(start + sung / 100)
                sung += sum(map(int, lengths))
        elif not drawing and part:
            before = part
            yield part

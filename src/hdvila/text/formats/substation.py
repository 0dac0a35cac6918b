"""ASS and SSA, as files and as packets of a track."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hdvila.errors import is_defect
from hdvila.text.formats.cues import Parsed, RawCue, Refused, raw_cue, time_tag

_OVERRIDES = re.compile(r"(\{[^{}]*\})")
_DRAWING = re.compile(r"\\p(\d{1,3})(?![\da-z])")
_KARAOKE = re.compile(r"\\(?:k[fo]?|K)(\d{1,6})(?![\da-zA-Z])")
_LOOKS = re.compile(r"\\(?:[1-4]?[ac]|alpha|[bu]|bord|fsc[xy])(?=[&\d-])[^\\{}]*")
_RESET = re.compile(r"\\r|\\1?c(?=[\\}])|\\[bu]0(?=[\\}])")


def parse_substation(text: str) -> Parsed:
    """The cues of an ASS or SSA file; comments and drawings are left out, a line's ``Name`` is its speaker.

    Where karaoke was made into effects a syllable each, the lines that they were made of are read in their place.

    Raises:
        Refused: it is damaged.
    """
    import pysubs2

    kind = "ass" if "v4.00+" in text.lower() or "[v4+ styles]" in text.lower() else "ssa"
    try:
        events = list(pysubs2.SSAFile.from_string(text, format_=kind))
    except Exception as error:  # its parsers raise whatever the damage leads to
        if is_defect(error, reader="pysubs2"):
            raise
        raise Refused(" ".join(str(error).split())[:200]) from error
    made = {event.effect for event in events} >= {"fx", "karaoke"}
    cues = (
        raw_cue(
            event.start / 1000,
            event.end / 1000,
            substation_text(event.text, event.start / 1000),
            event.name,
            lane=f"{event.style} {event.name}",
        )
        for event in events
        if (event.effect == "karaoke" if made and event.effect in {"fx", "karaoke"} else not event.is_comment)
    )
    return Parsed([cue for cue in cues if cue])


def substation_text(text: str, start: float | None = None) -> str:
    r"""The lines of a dialogue without override codes and drawings, which begin at ``{\p1}`` and end at ``{\p0}``.

    Codes of karaoke become times of words, where `start`, the second at which the dialogue begins, is given; those of
    looks become tags, so that a highlight that moves can be seen.
    """
    return "".join(_pieces(text, start)).replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")


def with_tags(cue: RawCue) -> RawCue:
    """A cue of another format with its override codes as tags."""
    if not any("{\\" in line for line in cue.lines):
        return cue
    return replace(cue, lines=tuple("".join(_pieces(line, None)) for line in cue.lines))


def _pieces(text: str, start: float | None) -> Iterator[str]:
    draws, looks, sung = False, "", 0
    before = " "
    parts: list[Any] = _OVERRIDES.split(text)
    for number, part in enumerate(parts):
        if number % 2:
            if found := _DRAWING.findall(part):
                draws = int(found[-1]) > 0
            if _RESET.search(part) and looks:
                looks = ""
                yield "</c>"
            if styles := "".join(_LOOKS.findall(part)):
                if looks:
                    yield "</c>"
                looks = f"<c.{styles}>".replace(" ", "")
                yield looks
            if lengths := _KARAOKE.findall(part):
                follows = next((piece for piece in parts[number + 1 :: 2] if piece), "")
                if start is not None and (before[-1:].isspace() or follows[:1].isspace() or before.endswith(r"\N")):
                    yield time_tag(start + sung / 100)
                sung += sum(map(int, lengths))
        elif not draws and part:
            before = part
            yield part

"""ASS and SSA, as files and as packets of a track."""

from __future__ import annotations

import re

from hdvila.text.formats.cues import RawCue, raw_cue

_OVERRIDES = re.compile(r"\{[^{}]*\}")
_DRAWING = re.compile(r"\\p[1-9]")


def parse_substation(text: str) -> list[RawCue]:
    """The cues of an ASS or SSA file; comments and drawings are left out, a line's ``Name`` is its speaker.

    Raises:
        ValueError: it is damaged.
    """
    import pysubs2

    kind = "ass" if "v4.00+" in text.lower() or "[v4+ styles]" in text.lower() else "ssa"
    try:
        events = pysubs2.SSAFile.from_string(text, format_=kind)
    except Exception as error:  # its parsers raise whatever the damage leads to
        raise ValueError(" ".join(str(error).split())[:200]) from error
    cues = (
        raw_cue(event.start / 1000, event.end / 1000, substation_text(event.text), event.name)
        for event in events
        if not event.is_comment
    )
    return [cue for cue in cues if cue]


def substation_text(text: str) -> str:
    """The lines of a dialogue without override codes; nothing of a drawing."""
    if any(_DRAWING.search(codes) for codes in _OVERRIDES.findall(text)):
        return ""
    return _OVERRIDES.sub("", text).replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")

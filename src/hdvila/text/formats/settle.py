"""What is done with the cues of every format: one clock, in order of their start, each word once."""

from __future__ import annotations

from hdvila.text.formats.clock import on_one_clock
from hdvila.text.formats.cues import Parsed
from hdvila.text.formats.highlight import merge_highlights
from hdvila.text.formats.substation import with_tags
from hdvila.text.formats.unroll import in_order, unroll


def settle(parsed: Parsed, edited: bool = True, rolls: bool = True) -> Parsed:
    """The same with its cues in order of their start and each word once.

    Args:
        parsed: cues in the order of the file.
        edited: see `hdvila.text.formats.clock.on_one_clock`.
        rolls: see `hdvila.text.formats.unroll.unroll`.

    Raises:
        Refused: the file's clock begins again.
    """
    cues, notes = on_one_clock(parsed.cues, edited)
    once = merge_highlights([with_tags(cue) for cue in in_order(cues)])
    return Parsed(unroll(cues, rolls) if once is None else once, parsed.language, [*parsed.notes, *notes])

"""Captions of an event in many wordings, each about a part of what is to be seen."""

from __future__ import annotations

from random import Random

from hdvila.miniature.categories import BY_SLUG
from hdvila.miniature.script import Event, draw_told, tell
from hdvila.miniature.world import Shares

SAID = Shares(phrase=0.1, place=0.4, mark=0.3, aside=0.0, silent=0.0)
"""How often a caption mentions a thing; what is not said here, as narration does."""


def caption(category: str, event: Event, rng: Random) -> str:
    """One caption, lower case, without full stop."""
    thing = event.object, event.colour, event.texture
    told = draw_told(SAID, rng)
    return tell(BY_SLUG[category], thing, event.mark, event.place, event.action, told, rng).lower()


def sentence(category: str, event: Event, rng: Random) -> str:
    """The same with capital and full stop."""
    text = caption(category, event, rng)
    return f"{text[0].upper()}{text[1:]}."

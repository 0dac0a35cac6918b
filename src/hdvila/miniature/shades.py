"""Shining: two kinds of action whose frames say nothing unless their order is known.

An object that shines lights the whole place in one colour after the other, as long in each, and keeps its own. There
are six ways to shine: verbs that name an order of the same three colours (`SHINES`). ``cycle`` shines in one way,
rests, and shines so once more; ``tour`` shines in one way, does a step without light, and shines in another. Shuffled,
all cycles are the same frames, and so are all tours with one step. A frame out of the middle shows rest or step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

VERBS = ("flickers", "gleams", "glimmers", "shimmers", "sparkles", "twinkles")
"""Ways to shine."""

SHINES = dict(zip(VERBS, permutations(("red", "green", "blue")), strict=True))
"""The colours of each way, in order."""

MARKERS = ("grows", "jumps")
"""Steps that a tour may do in the middle."""

TIMES = 2
"""How often a cycle shines."""


@dataclass(frozen=True, slots=True)
class Shade:
    """Light of a colour, "" for none, until `end` seconds after the event's start."""

    colour: str
    end: float


def shine(first: str, second: str, start: float, end: float) -> tuple[Shade, ...]:
    """From second `start` to `end`: three colours, no light, three colours; before it, no light."""
    lights = (*SHINES[first], "", *SHINES[second])
    unit = (end - start) / len(lights)
    return Shade("", start), *(Shade(light, start + n * unit) for n, light in enumerate(lights, start=1))

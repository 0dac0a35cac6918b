"""Shining: two kinds of action whose frames say nothing unless their order is known.

An object that shines lights the whole place in a colour and keeps its own. ``cycle`` shines in three colours, as long
in each, rests, and does so once more. ``tour`` shines in five colours, as long in each, and before the first or after
the last of them, as long again, it does a step. Shuffled, all cycles through the same three colours are the same
frames, and so are all tours of objects of one colour. One frame out of the middle shows a cycle at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from hdvila.miniature.world import COLOURS

MARKERS = ("grows", "jumps")
"""Steps that a tour may do."""

TIMES = 2
"""How often a cycle is gone through."""

_REST = 2  # a cycle rests as long as two of its colours take
_TOUR = 5  # colours


@dataclass(frozen=True, slots=True)
class Shade:
    """Light of a colour, "" for none, until `end` seconds after the event's start."""

    colour: str
    end: float


def cycle_of(colours: Sequence[str]) -> str:
    """``shines red then blue then green``."""
    return f"shines {' then '.join(colours)}"


def colours_of(cycle: str) -> tuple[str, ...]:
    """The inverse of `cycle_of`."""
    return tuple(cycle.removeprefix("shines ").split(" then "))


def cycles() -> list[str]:
    """All cycles, in every order of three colours."""
    return [cycle_of(colours) for colours in permutations(COLOURS, 3)]


def orders(cycle: str) -> list[str]:
    """The six cycles through the colours of this one, itself among them."""
    return [cycle_of(colours) for colours in permutations(colours_of(cycle))]


def go_through(cycle: str, length: float) -> tuple[Shade, ...]:
    """A cycle, twice in `length` seconds."""
    once = colours_of(cycle)
    unit = length / (TIMES * len(once) + _REST)
    ends = [n * unit for n in range(1, len(once) + 1)]
    again = ends[-1] + _REST * unit
    return (
        *(Shade(colour, end) for colour, end in zip(once, ends, strict=True)),
        Shade("", again),
        *(Shade(colour, again + end) for colour, end in zip(once, ends, strict=True)),
    )


def toured(own: str) -> tuple[str, ...]:
    """The five colours in which an object of colour `own` shines on a tour."""
    names = list(COLOURS)
    first = names.index(own) + 1
    return tuple((names * 2)[first : first + _TOUR])


def go_about(before: str, own: str, after: str, length: float, rng: Random) -> tuple[Shade, ...]:
    """A tour in `length` seconds: no light and then `after`, or at the end `before` and then no light."""
    others = [colour for colour in toured(own) if colour not in (before, after)]
    rng.shuffle(others)
    lights = ["", after, *others] if after else [*others, before, ""]
    return tuple(Shade(light, (n + 1) * length / len(lights)) for n, light in enumerate(lights))

"""Turning colours: two kinds of action whose frames say nothing unless their order is known.

``cycle`` goes through three colours, as long in each, rests in the object's own, and goes through them once more.
``tour`` is in six colours once, as long in each; its own is the first or the last of them, and there it does a step.
Shuffled, all cycles through the same three colours are the same frames, and so are all tours of one colour. One
frame out of the middle shows of a cycle the colour it rests in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from hdvila.miniature.world import COLOURS

MARKERS = ("grows", "jumps")
"""Steps that a tour may do in its own colour: those that leave the colour in sight."""

TIMES = 2
"""How often a cycle is gone through."""

_REST = 2  # a cycle rests as long as two of its colours take
_TOUR = 6  # colours


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour, "" for the object's own, until `end` seconds after the event's start."""

    colour: str
    end: float


def cycle_of(colours: Sequence[str]) -> str:
    """``turns red then blue then green``."""
    return f"turns {' then '.join(colours)}"


def colours_of(cycle: str) -> tuple[str, ...]:
    """The inverse of `cycle_of`."""
    return tuple(cycle.removeprefix("turns ").split(" then "))


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
    """The five colours besides its own that an object is in on a tour."""
    names = list(COLOURS)
    first = names.index(own) + 1
    return tuple((names * 2)[first : first + _TOUR - 1])


def go_about(before: str, own: str, after: str, length: float, rng: Random) -> tuple[Shade, ...]:
    """A tour in `length` seconds that begins in its own colour and goes on to `after`, or comes to it from `before`."""
    others = [colour for colour in toured(own) if colour not in (before, after)]
    rng.shuffle(others)
    colours = [own, after, *others] if after else [*others, before, own]
    return tuple(Shade(colour, (n + 1) * length / _TOUR) for n, colour in enumerate(colours))

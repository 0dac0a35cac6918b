"""Hopping about: two kinds of action whose frames say nothing unless their order is known.

``cycle`` goes round the four corners, the same time in each, in one of six orders. ``tour`` is in each of six spots
once, as long in each, and does one step in the first or in the last of them. Shuffled, all cycles are the same frames,
and so are all tours with that step in that spot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from hdvila.miniature.world import HEIGHT, WIDTH

SPOTS: dict[str, tuple[int, int]] = {
    "top left": (-1, -1),
    "top": (0, -1),
    "top right": (1, -1),
    "bottom left": (-1, 1),
    "bottom": (0, 1),
    "bottom right": (1, 1),
}
"""Where a tour stops: (column, row) from the middle of the picture."""

CYCLES: dict[str, tuple[str, str, str, str]] = {
    "circles clockwise": ("top left", "top right", "bottom right", "bottom left"),
    "circles counterclockwise": ("bottom left", "bottom right", "top right", "top left"),
    "zigzags down": ("top left", "top right", "bottom left", "bottom right"),
    "zigzags up": ("bottom right", "bottom left", "top right", "top left"),
    "zigzags right": ("top left", "bottom left", "top right", "bottom right"),
    "zigzags left": ("bottom right", "top right", "bottom left", "top left"),
}
"""The six orders in which one can go round four corners."""

MARKERS = ("grows", "glows")
"""Steps that a tour may do on a stop: those that leave the object where it is and in sight."""

_APART_X, _APART_Y = 60, 30  # pixels from the middle of the picture to a stop's
_SWAY = 5  # pixels by which the whole way is moved about


@dataclass(frozen=True, slots=True)
class Stop:
    """At ``x y`` in pixels until `end` seconds after the event's start; `spot` is its name."""

    spot: str
    x: float
    y: float
    end: float


def tours() -> list[tuple[str, str, str]]:
    """All (spot before, spot of the step, spot after): before is empty where the tour begins with it, or else after."""
    pairs = list(permutations(SPOTS, 2))
    return [*(("", at, after) for at, after in pairs), *((*pair, "") for pair in pairs)]


def go_round(cycle: str, count: int, length: float, rng: Random) -> tuple[Stop, ...]:
    """A cycle, `count` times in `length` seconds, begun at any of its corners."""
    first = rng.randrange(4)
    return _stops((CYCLES[cycle] * 2)[first : first + 4] * count, length, rng)


def go_about(before: str, at: str, after: str, length: float, rng: Random) -> tuple[Stop, ...]:
    """A tour of all spots in `length` seconds that begins at `at` and goes on `after`, or comes from `before` to it."""
    others = [spot for spot in SPOTS if spot not in (before, at, after)]
    rng.shuffle(others)
    return _stops([at, after, *others] if after else [*others, before, at], length, rng)


def _stops(spots: Sequence[str], length: float, rng: Random) -> tuple[Stop, ...]:
    x, y = WIDTH / 2 + rng.uniform(-_SWAY, _SWAY), HEIGHT / 2 + rng.uniform(-_SWAY, _SWAY)
    places = [(x + SPOTS[spot][0] * _APART_X, y + SPOTS[spot][1] * _APART_Y) for spot in spots]
    lasts = length / len(spots)
    return tuple(
        Stop(spot, *place, (number + 1) * lasts) for number, (spot, place) in enumerate(zip(spots, places, strict=True))
    )

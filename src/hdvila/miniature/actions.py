"""What objects do: the kinds of action, and all actions of each.

Four kinds that any world has: ``move`` in a direction at a speed, ``turn`` another colour, ``repeat`` a step two to
four times, ``order`` two different steps. And two for questions about order alone, which a world has only if its
`ActionMix` says so. In both the object shines: it lights the whole place in one colour after the other, as long in
each, and keeps its own. There are six ways to shine, verbs that name an order of the same three colours (`SHINES`).
``cycle`` shines in one way, rests, and shines so once more; ``tour`` shines in one way, does a step without light, and
shines in another. Shuffled, all cycles are the same frames, and so are all tours with one step. A frame out of the
middle shows rest or step.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import permutations
from random import Random

from hdvila.miniature.world import COLOURS, COUNTS, DIRECTIONS, SPEEDS, STEPS, ActionMix

VERBS = ("flickers", "gleams", "glimmers", "shimmers", "sparkles", "twinkles")
"""Ways to shine."""

SHINES = dict(zip(VERBS, permutations(("red", "green", "blue")), strict=True))
"""The colours of each way, in order."""

MARKERS = ("grows", "jumps")
"""Steps that a tour may do in the middle."""

_CYCLES = 2  # how often a cycle shines


@dataclass(frozen=True, slots=True)
class Action:
    """What an object does. Fields that do not belong to its kind are empty.

    ``kind`` is ``move`` (`direction`, `speed`), ``turn`` (to the colour `turns`), ``repeat`` (`first` is done `count`
    times), ``order`` (`first`, then `second`), ``cycle`` (it shines as `first` says, `count` times) or ``tour`` (it
    shines as `before` says, does `first`, and shines as `after` says).
    """

    kind: str
    direction: str = ""
    speed: str = ""
    turns: str = ""
    first: str = ""
    second: str = ""
    count: int = 0
    before: str = ""
    after: str = ""

    @property
    def name(self) -> str:
        """A key that differs between any two actions."""
        steps = (self.before, self.first, self.after, self.second)
        return " ".join(
            filter(None, (self.kind, self.direction, self.speed, self.turns, *steps, str(self.count or "")))
        )

    def told(self, verb: str) -> str:
        """In words, for an object that moves by `verb`: ``rolls slowly to the left``, ``jumps twice``."""
        if self.kind == "move":
            return f"{verb} {self.speed} {DIRECTIONS[self.direction]}"
        if self.kind == "turn":
            return f"turns {self.turns}"
        if self.kind in ("repeat", "cycle"):
            return f"{self.first} {COUNTS[self.count]}"
        if self.kind == "tour":
            return f"{self.before} then {self.first} then {self.after}"
        return f"{self.first} and then {self.second}"


def actions_of(kind: str) -> list[Action]:
    """All actions of a kind."""
    if kind == "move":
        return [Action(kind, direction, speed) for direction in DIRECTIONS for speed in SPEEDS]
    if kind == "turn":
        return [Action(kind, turns=colour) for colour in COLOURS]
    if kind == "repeat":
        return [Action(kind, first=step, count=count) for step in STEPS for count in COUNTS]
    if kind == "cycle":
        return [Action(kind, first=verb, count=_CYCLES) for verb in VERBS]
    if kind == "tour":
        return [
            Action(kind, first=step, before=before, after=after)
            for step in MARKERS
            for before, after in permutations(VERBS, 2)
        ]
    return [Action(kind, first=first, second=second) for first in STEPS for second in STEPS if first != second]


def draw_action(rng: Random, mix: ActionMix, colour: str) -> Action:
    """Draw a kind by its weight, then one of its actions evenly; an object of `colour` turns other ones."""
    weights = asdict(mix)
    kind = rng.choices(list(weights), list(weights.values()))[0]
    return rng.choice([action for action in actions_of(kind) if suits(action, colour)])


def suits(action: Action, colour: str) -> bool:
    """Whether an object of this colour can do it."""
    return action.turns != colour

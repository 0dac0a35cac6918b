"""What objects do: the kinds of action, and all actions of each kind.

Every world has four kinds by default: ``move`` in a direction at a speed, ``turn`` another colour, ``repeat`` a step
two to four times, and ``order``, two different steps.

Two more kinds, for questions about order alone, appear only where the `ActionMix` gives them a weight. In both the
object shines: it lights the whole place in three colours, one after the other for equal times, and keeps its own
colour. Six verbs name the six orders of the colours (`SHINES`). ``cycle`` shines in one way, rests, and shines in the
same way again; ``tour`` shines in one way, does a step without light, and shines in another way. Shuffled, all cycles
have the same frames, and so have all tours with the same step; the middle frame shows only the rest or the step.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import permutations
from random import Random

from hdvila.miniature.world import COLOURS, COUNTS, DIRECTIONS, SPEEDS, STEPS, ActionMix

VERBS = ("flickers", "gleams", "glimmers", "shimmers", "sparkles", "twinkles")
"""Ways to shine, as narration and questions name them."""

SHINES = dict(zip(VERBS, permutations(("red", "green", "blue")), strict=True))
"""Way to shine -> its colours in order."""

MARKERS = ("grows", "jumps")
"""Steps that a tour may have in the middle."""

_CYCLES = 2  # times that a cycle shines


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

    def in_words(self, verb: str) -> str:
        """The action in words, for an object that moves by `verb`: ``rolls slowly to the left``, ``jumps twice``."""
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
    """Draw a kind by its weight, then one of its actions uniformly, among those that suit an object of `colour`."""
    weights = asdict(mix)
    kind = rng.choices(list(weights), list(weights.values()))[0]
    return rng.choice([action for action in actions_of(kind) if suits(action, colour)])


def suits(action: Action, colour: str) -> bool:
    """Whether an object of this colour can do it: it cannot turn its own colour."""
    return action.turns != colour

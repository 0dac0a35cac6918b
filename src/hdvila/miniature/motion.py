"""How an action is played in an event: where the object is, and what it looks like, at any time.

A single frame at a random time does not show direction, count or order, nor that a colour is new: the middle of a move
is anywhere, whatever its direction, and steps look the same every time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from hdvila.miniature.actions import SHINES, Action
from hdvila.miniature.world import HEIGHT, WIDTH

_MARGIN_X, _MARGIN_TOP, _MARGIN_BOTTOM = 38, 34, 32  # pixels from an object's centre to the border, at least
_TOWARDS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_REACH = {
    ("x", "slowly"): (78, 92),
    ("x", "quickly"): (118, 138),
    ("y", "slowly"): (44, 52),
    ("y", "quickly"): (64, 76),
}
_QUICK = 2.2, 2.8  # seconds that a quick move takes; a slow one takes the whole event
_JUMP = 32  # pixels
_GROWTH = 0.5


@dataclass(frozen=True, slots=True)
class Pose:
    """An object at one time: centre in pixels, size relative to rest, look ``rest``, ``blinks`` or ``glows``.

    `colour` is empty while the object has its own; `light` is the colour in which it shines, or empty.
    """

    x: int
    y: int
    scale: float = 1.0
    look: str = "rest"
    colour: str = ""
    light: str = ""


@dataclass(frozen=True, slots=True)
class Light:
    """Light of one colour, or of none (""), until `end`, seconds from the event's start."""

    colour: str
    end: float


@dataclass(frozen=True, slots=True)
class Path:
    """An action played in an event: where and when.

    The object moves from ``x0 y0`` to ``x1 y1`` (pixels) between `leaves` and `arrives`, and rests before and after.
    From `arrives` on it has the colour `turns`, if that is not empty. `steps` are (step, start, end), `lights` the
    colours in which it shines, one after the other. All times are seconds from the event's start, which lasts `length`.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    length: float
    leaves: float
    arrives: float
    steps: tuple[tuple[str, float, float], ...] = ()
    turns: str = ""
    lights: tuple[Light, ...] = ()

    def pose(self, time: float) -> Pose:
        """The pose at `time`, seconds from the event's start."""
        x, y = self._place(time)
        colour, light = self.turns if time >= self.arrives else "", self._light(time)
        for step, start, end in self.steps:
            if start <= time < end:
                return replace(_in_step(x, y, step, (time - start) / (end - start)), light=light)
        return Pose(x, y, colour=colour, light=light)

    def _place(self, time: float) -> tuple[int, int]:
        part = min(max((time - self.leaves) / (self.arrives - self.leaves), 0.0), 1.0)
        return round(self.x0 + part * (self.x1 - self.x0)), round(self.y0 + part * (self.y1 - self.y0))

    def _light(self, time: float) -> str:
        return next((light.colour for light in self.lights if time < light.end), "")


def _in_step(x: int, y: int, step: str, part: float) -> Pose:
    swing = math.sin(math.pi * min(max(part, 0.08), 0.92))
    if step == "jumps":
        return Pose(x, y - round(_JUMP * swing))
    if step == "grows":
        return Pose(x, y, scale=1 + _GROWTH * round(swing * 4) / 4)
    return Pose(x, y, look=step)


def play(action: Action, length: float, focus: tuple[float, float], rng: Random) -> Path:
    """Choose place and pace of an action in an event.

    Args:
        action: what is done.
        length: seconds of the event.
        focus: (start, end) in seconds from the event's start, while it is spoken about; light falls inside it, and so
            do steps where it is long enough.
        rng: draws them.
    """
    if action.kind == "move":
        return _move(action, length, focus, rng)
    x, y = rng.uniform(_MARGIN_X, WIDTH - _MARGIN_X), rng.uniform(_MARGIN_TOP + _JUMP, HEIGHT - _MARGIN_BOTTOM)
    if action.kind == "cycle":
        return Path(x, y, x, y, length, 0.0, length, lights=_shine(action.first, action.first, *_lit(focus, rng)))
    if action.kind == "tour":
        lights = _shine(action.before, action.after, *_lit(focus, rng))
        middle = len(lights) // 2
        step = (action.first, lights[middle - 1].end, lights[middle].end)
        return Path(x, y, x, y, length, 0.0, length, (step,), lights=lights)
    if action.kind == "turn":
        when = sum(focus) / 2 + rng.uniform(-0.3, 0.3)
        return Path(x, y, x, y, length, 0.0, when, turns=action.turns)
    if action.kind == "repeat":
        pace, steps = rng.uniform(0.62, 0.74), [action.first] * action.count
        lasts = 0.8 * pace
    else:
        pace, steps = rng.uniform(1.2, 1.4), [action.first, action.second]
        lasts = 0.85 * pace
    whole = pace * len(steps)
    free = max(focus[1] - focus[0] - whole, 0.0)
    start = min(focus[0] + free * rng.uniform(0.25, 0.75), length - whole)
    played = tuple((step, start + n * pace, start + n * pace + lasts) for n, step in enumerate(steps))
    return Path(x, y, x, y, length, 0.0, length, played)


def _shine(first: str, second: str, start: float, end: float) -> tuple[Light, ...]:
    """No light until `start`; then, in equal parts until `end`: three colours, no light, three colours."""
    colours = (*SHINES[first], "", *SHINES[second])
    unit = (end - start) / len(colours)
    return Light("", start), *(Light(colour, start + n * unit) for n, colour in enumerate(colours, start=1))


def _lit(focus: tuple[float, float], rng: Random) -> tuple[float, float]:
    """(start, end) of the light: about the middle two thirds of `focus`, with a random shift.

    So frames a third of a second apart, over four seconds, see all colours equally often.
    """
    whole = focus[1] - focus[0]
    start = focus[0] + whole * (1 / 6 + rng.uniform(-0.04, 0.04))
    return start, start + whole * 2 / 3


def _move(action: Action, length: float, focus: tuple[float, float], rng: Random) -> Path:
    """A straight path whose middle is anywhere, whatever the direction."""
    dx, dy = _TOWARDS[action.direction]
    reach = rng.uniform(*_REACH["x" if dx else "y", action.speed])
    half_x, half_y = abs(dx) * reach / 2, abs(dy) * reach / 2
    x = rng.uniform(_MARGIN_X + half_x, WIDTH - _MARGIN_X - half_x)
    y = rng.uniform(_MARGIN_TOP + half_y, HEIGHT - _MARGIN_BOTTOM - half_y)
    takes = length if action.speed == "slowly" else min(rng.uniform(*_QUICK), length)
    leaves = min(max(sum(focus) / 2 - takes / 2 + rng.uniform(-0.2, 0.2), 0.0), length - takes)
    ends = x - dx * half_x, y - dy * half_y, x + dx * half_x, y + dy * half_y
    return Path(*ends, length, leaves, leaves + takes)

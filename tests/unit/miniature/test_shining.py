"""Actions whose frames say nothing out of order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from hdvila.errors import UsageError
from hdvila.miniature.actions import MARKERS, SHINES, VERBS, Action, actions_of
from hdvila.miniature.draw import frame
from hdvila.miniature.motion import Path, Pose, play
from hdvila.miniature.script import write_script
from hdvila.miniature.world import COLOURS, FPS, ActionMix, WorldConfig

FOCUS = 0.3, 4.5  # two thirds of it are seven stretches of 0.4 s
LENGTH = 4.8


def poses(way: Path) -> list[Pose]:
    return [way.pose((n + 0.5) / 100) for n in range(round(way.length * 100))]


def visits(way: Path) -> list[str]:
    """The colours in order, each once a visit, as the poses show them."""
    colours = [pose.light for pose in poses(way)]
    return [colours[0], *(after for before, after in pairwise(colours) if after != before)]


def played(action: Action, seed: int = 1) -> Path:
    return play(action, LENGTH, FOCUS, Random(seed))


def test_every_way_to_shine_is_another_order_of_the_same_colours() -> None:
    assert len(set(SHINES.values())) == len(VERBS) == 6
    assert {frozenset(colours) for colours in SHINES.values()} == {frozenset({"red", "green", "blue"})}


def test_cycles_shine_twice_in_the_same_way_and_rest_in_between() -> None:
    assert [action.first for action in actions_of("cycle")] == list(VERBS)
    for action in actions_of("cycle"):
        way = played(action)
        assert visits(way) == ["", *SHINES[action.first], "", *SHINES[action.first], ""]
        assert action.count == 2
        middle = poses(way)[len(poses(way)) // 2]
        assert middle == Pose(round(way.x0), round(way.y0)), "one frame out of the middle shows no light"


def test_tours_shine_in_two_ways_and_do_their_step_in_between_without_light() -> None:
    assert len(actions_of("tour")) == len(MARKERS) * 30
    for action in actions_of("tour"):
        way = played(action)
        assert visits(way) == ["", *SHINES[action.before], "", *SHINES[action.after], ""]
        assert action.before != action.after
        marked = {pose.light for pose in poses(way) if pose.scale > 1 or pose.y < way.y0 - 1}
        assert marked == {""}
        assert action.first in MARKERS


@pytest.mark.parametrize("kind", ["cycle", "tour"])
def test_what_shines_is_the_same_frames_shuffled(kind: str) -> None:
    ways = [played(action) for action in actions_of(kind) if action.first in ("grows", *VERBS)]
    shuffled = {frozenset(Counter((pose.light, pose.scale) for pose in poses(way)).items()) for way in ways}
    assert len({tuple(visits(way)) for way in ways}) == len(ways)
    assert len(shuffled) == 1, "as long in each"


def test_light_colours_the_place_and_not_the_object() -> None:
    way = played(Action("tour", first="grows", before=VERBS[0], after=VERBS[1]))
    moments = 0.0, way.lights[-1].end - 0.1
    dark, lit = (frame("river", ("cat", "red", "plain", "plus"), way.pose(time)) for time in moments)
    blue = np.array(COLOURS[SHINES[VERBS[1]][-1]])
    assert np.abs(lit[:9].astype(int) - blue).mean() < 0.6 * np.abs(dark[:9].astype(int) - blue).mean()
    red = [(np.abs(picture.astype(int) - COLOURS["red"]).sum(2) < 12).sum() for picture in (dark, lit)]
    assert min(red) > 200


def test_frames_a_steady_time_apart_see_all_colours_equally_often() -> None:
    seen: list[Counter[str]] = [Counter(), Counter(), Counter()]  # of the first, second and third colour of each way
    (cycle,) = [action for action in actions_of("cycle") if action.first == VERBS[0]]
    rng, size = Random(5), 600
    for _ in range(size):
        way = play(cycle, 4.0, (0.0, 4.0), rng)
        lights = [way.pose(n / 3).light for n in range(1, 12)]
        assert lights[5] == "", "the one in the middle sees the rest"
        assert set(lights) == {"", *SHINES[VERBS[0]]}
        for place, colour in enumerate(SHINES[VERBS[0]]):
            seen[place]["seen"] += lights.count(colour)
    shares = [counter["seen"] / size for counter in seen]
    assert max(shares) - min(shares) < 0.15


def test_every_colour_lasts_for_a_frame_in_the_shortest_sentence() -> None:
    config = WorldConfig(actions=ActionMix(move=0, turn=0, repeat=0, order=0, cycle=1, tour=1))
    events = [event for number in range(60) for event in write_script(4, number, config).events]
    lasts = [second.end - first.end for event in events for first, second in pairwise(event.path.lights)]
    assert min(lasts) >= 1 / FPS


def test_nothing_comes_before_and_after_what_happens_in_a_trimmed_video() -> None:
    config = WorldConfig(
        trimmed=3.0, events=(1, 1), actions=ActionMix(move=1, turn=1, repeat=1, order=1, cycle=1, tour=1)
    )
    for number in range(60):
        script = write_script(3, number, config)
        (event,) = script.events
        assert (event.start, event.end, script.length, event.sentence) == (0.0, 3.0, 3.0, "")
        assert all(0 <= start < end <= 3.0 for _, start, end in event.path.steps), "a step would not be seen"
        assert all(light.end < 3.0 for light in event.path.lights)
    with pytest.raises(UsageError, match="trimmed=2"):
        WorldConfig(trimmed=2)

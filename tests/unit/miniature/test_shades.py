"""Actions whose frames say nothing out of order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from hdvila.miniature.draw import frame
from hdvila.miniature.motion import Action, Path, Pose, actions_of, play
from hdvila.miniature.shades import MARKERS, SHINES, VERBS, Shade
from hdvila.miniature.world import COLOURS

FOCUS = 0.3, 3.5
LENGTH = 3.8


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
    dark, lit = (frame("river", ("cat", "red", "plain", "plus"), way.pose(time)) for time in (0.0, FOCUS[1] - 0.1))
    blue = np.array(COLOURS[SHINES[VERBS[1]][-1]])
    assert np.abs(lit[:9].astype(int) - blue).mean() < 0.6 * np.abs(dark[:9].astype(int) - blue).mean()
    red = [(np.abs(picture.astype(int) - COLOURS["red"]).sum(2) < 12).sum() for picture in (dark, lit)]
    assert min(red) > 200


def test_all_of_it_falls_into_what_is_spoken_about() -> None:
    for action in (*actions_of("cycle"), *actions_of("tour")):
        lights = played(action).shades
        assert lights[0] == Shade("", FOCUS[0])
        assert lights[-1].end == pytest.approx(FOCUS[1])
        assert len(lights) == 8

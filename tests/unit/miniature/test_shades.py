"""Actions whose frames say nothing out of order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from hdvila.miniature.draw import frame
from hdvila.miniature.motion import LEAST_SECONDS, Action, Path, Pose, actions_of, play
from hdvila.miniature.shades import MARKERS, colours_of, cycle_of, orders, toured
from hdvila.miniature.world import COLOURS

LENGTH = 4.8


def poses(way: Path) -> list[Pose]:
    return [way.pose((n + 0.5) / 100) for n in range(round(way.length * 100))]


def visits(way: Path) -> list[str]:
    """The colours in order, each once a visit, as the poses show them."""
    colours = [pose.light for pose in poses(way)]
    return [colours[0], *(after for before, after in pairwise(colours) if after != before)]


def played(action: Action, seed: int = 1) -> Path:
    return play(action, LENGTH, (0.3, LENGTH - 0.3), Random(seed))


def test_cycles_go_twice_through_their_colours_and_rest_in_between() -> None:
    for action in Random(2).sample(actions_of("cycle"), 40):
        way = played(action)
        once = list(colours_of(action.first))
        assert visits(way) == [*once, "", *once]
        assert action.count == 2
        middle = poses(way)[len(poses(way)) // 2]
        assert middle.light == "", "one frame out of the middle shows no light"


def test_cycles_through_the_same_colours_are_the_same_frames_shuffled() -> None:
    ways = [played(Action("cycle", first=order, count=2)) for order in orders(cycle_of(("red", "blue", "pink")))]
    assert len({tuple(visits(way)) for way in ways}) == 6
    assert len({frozenset(Counter(pose.light for pose in poses(way)).items()) for way in ways}) == 1


@pytest.mark.parametrize("own", COLOURS)
def test_tours_shine_in_five_colours_as_long_in_each_and_do_their_step_in_no_light(own: str) -> None:
    for action in actions_of("tour"):
        if action.at != own:
            continue
        way = played(action)
        seen = visits(way)
        assert sorted(seen) == sorted(["", *toured(own)])
        assert (action.before, action.after) == (("", seen[1]) if action.after else (seen[-2], ""))
        assert seen.index("") == (0 if action.after else 5)
        times = Counter(pose.light for pose in poses(way))
        assert max(times.values()) - min(times.values()) <= 1
        marked = {pose.light for pose in poses(way) if pose.scale > 1 or pose.y < way.y0 - 1}
        assert marked == {""}
        assert action.first in MARKERS


def test_what_comes_between_on_a_tour_comes_in_any_order() -> None:
    action = Action("tour", first="grows", at="red", after="blue")
    orders_seen = {tuple(visits(played(action, seed))[2:]) for seed in range(200)}
    assert len(orders_seen) == 24


def test_light_colours_the_place_and_not_the_object() -> None:
    way = played(Action("tour", first="grows", at="red", after="blue"))
    dark, lit = (frame("river", ("cat", "red", "plain", "plus"), way.pose(time)) for time in (0.0, 1.2))
    blue = np.array(COLOURS["blue"])
    assert np.abs(lit[:9].astype(int) - blue).mean() < 0.6 * np.abs(dark[:9].astype(int) - blue).mean()
    red = [(np.abs(picture.astype(int) - COLOURS["red"]).sum(2) < 12).sum() for picture in (dark, lit)]
    assert min(red) > 200


def test_every_colour_is_in_sight_long_enough_for_two_frames() -> None:
    assert LEAST_SECONDS["tour"] / 6 >= 0.5
    assert LEAST_SECONDS["cycle"] / 8 >= 0.5

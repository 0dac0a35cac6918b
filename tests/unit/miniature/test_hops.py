"""Actions whose frames say nothing out of order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from hdvila.miniature.hops import CYCLES, MARKERS, SPOTS
from hdvila.miniature.motion import LEAST_SECONDS, Action, Path, Pose, actions_of, play
from hdvila.miniature.world import COUNTS, FPS, HEIGHT, WIDTH


def poses(way: Path) -> list[Pose]:
    return [way.pose((n + 0.5) / 20) for n in range(round(way.length * 20))]


def spot_of(way: Path, pose: Pose) -> str:
    return next(stop.spot for stop in way.stops if (round(stop.x), round(stop.y)) == (pose.x, pose.y))


def visits(way: Path) -> list[str]:
    """The spots in order, each once a visit, as the poses show them."""
    spots = [spot_of(way, pose) for pose in poses(way)]
    return [spots[0], *(after for before, after in pairwise(spots) if after != before)]


@pytest.mark.parametrize("action", actions_of("cycle"), ids=lambda action: action.name)
def test_cycles_go_round_as_often_as_they_say_and_are_as_long_in_each_corner(action: Action) -> None:
    way = play(action, 6.4, (0.3, 6.1), Random(1))
    order = CYCLES[action.first]
    seen = visits(way)
    assert len(seen) == 4 * action.count
    first = order.index(seen[0])
    assert seen == [order[(first + n) % 4] for n in range(len(seen))]
    times = Counter(spot_of(way, pose) for pose in poses(way))
    assert set(times) == {"top left", "top right", "bottom left", "bottom right"}
    assert max(times.values()) - min(times.values()) <= action.count, "shuffled frames are those of any other cycle"


def test_cycles_are_six_different_orders() -> None:
    turned = {tuple((order * 2)[order.index("top left") :][:4]) for order in CYCLES.values()}
    assert len(turned) == len(CYCLES) == 6


def test_a_cycle_begins_at_any_corner() -> None:
    begun = Counter(
        play(action, 6.4, (0.3, 6.1), Random(seed)).stops[0].spot
        for seed in range(20)
        for action in actions_of("cycle")
    )
    assert len(begun) == 4
    assert max(begun.values()) < 2 * min(begun.values())


def test_tours_are_in_every_spot_once_and_do_their_step_beside_the_spot_they_say() -> None:
    rng = Random(2)
    for action in rng.sample(actions_of("tour"), 40):
        way = play(action, 3.6, (0.3, 3.3), rng)
        seen = visits(way)
        assert sorted(seen) == sorted(SPOTS)
        at = seen.index(action.at)
        assert (seen[at - 1] if at else "") == action.before
        assert (seen[at + 1] if at + 1 < len(seen) else "") == action.after
        marked = {spot_of(way, pose) for pose in poses(way) if pose.look == "glows" or pose.scale > 1}
        assert marked == {action.at}
        assert action.first in MARKERS


def test_the_step_of_a_tour_comes_first_or_last() -> None:
    rng = Random(3)
    places = Counter(
        [stop.spot for stop in play(action, 3.6, (0.3, 3.3), rng).stops].index(action.at)
        for action in actions_of("tour")
    )
    assert set(places) == {0, 5}
    assert places[0] == places[5]


def test_hopping_objects_stay_in_the_picture_and_are_seen_in_every_stop() -> None:
    rng = Random(4)
    for kind in ("cycle", "tour"):
        for action in actions_of(kind)[::7]:
            way = play(action, LEAST_SECONDS[kind], (0.3, 3.3), rng)
            assert all(28 <= pose.x <= WIDTH - 28 and 28 <= pose.y <= HEIGHT - 28 for pose in poses(way))
            shown = {way.pose(n / FPS) for n in range(round(way.length * FPS))}
            assert len({(pose.x, pose.y) for pose in shown}) == (4 if kind == "cycle" else 6)
    assert LEAST_SECONDS["cycle"] / (4 * max(COUNTS)) >= 4 / FPS, "four frames a stop"

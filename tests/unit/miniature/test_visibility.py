"""What each view shows: detail only in high resolution, time only in several frames; through H.264 as well."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from hdvila.media import open_video, resize, write_video
from hdvila.miniature.actions import Action, actions_of
from hdvila.miniature.categories import CATEGORIES
from hdvila.miniature.draw import SIZE, frame, place, sprite, textured
from hdvila.miniature.motion import Path as Way
from hdvila.miniature.motion import Pose, play
from hdvila.miniature.objects import OBJECTS
from hdvila.miniature.places import PLACES
from hdvila.miniature.world import COLOURS, FPS, HEIGHT, MARKS, TEXTURES, WIDTH, WorldConfig

MIDDLE = Pose(WIDTH // 2, HEIGHT // 2)
AROUND = slice(HEIGHT // 2 - SIZE // 2, HEIGHT // 2 + SIZE // 2), slice(WIDTH // 2 - SIZE // 2, WIDTH // 2 + SIZE // 2)


def mean_difference(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(float) - two).mean())


@pytest.mark.parametrize("colour", COLOURS)
def test_textures_vanish_at_a_quarter_of_the_size_and_not_before(colour: str) -> None:
    bodies = {t: np.rint(textured(colour, t, 72, 72)).astype(np.uint8) for t in TEXTURES}
    for one, two in combinations(TEXTURES, 2):
        assert mean_difference(bodies[one], bodies[two]) > 15
        for lines in (18, 16):  # a training crop, and the evaluation's view of the whole frame
            small = [resize(bodies[t], lines, lines)[2:-2, 2:-2].astype(int) for t in (one, two)]
            assert np.abs(small[0] - small[1]).max() <= 2


def test_in_rendered_video_textures_are_told_apart_in_hr_and_not_in_lr(tmp_path: Path) -> None:
    frames = [frame("gym", ("ball", "blue", t, "plus"), MIDDLE) for t in TEXTURES for _ in range(5)]
    write_video(tmp_path / "all.mp4", frames, FPS, crf=WorldConfig().crf)
    with open_video(tmp_path / "all.mp4") as video:
        shown = video.frames(range(2, len(frames), 5)).rgb
    high = shown[:, *AROUND]
    low = resize(shown, HEIGHT // 4, WIDTH // 4)[:, AROUND[0].start // 4 : AROUND[0].stop // 4, :][
        :, :, AROUND[1].start // 4 : AROUND[1].stop // 4
    ]
    for one, two in combinations(range(len(TEXTURES)), 2):
        in_high, in_low = mean_difference(high[one], high[two]), mean_difference(low[one], low[two])
        assert in_high > 10, (TEXTURES[one], TEXTURES[two])
        assert in_low < 5, (TEXTURES[one], TEXTURES[two])
        assert in_high > 5 * in_low, (TEXTURES[one], TEXTURES[two])


def test_marks_have_one_mean_and_look_alike_at_a_quarter() -> None:
    shown = {m: frame("gym", ("ball", "blue", "plain", m), MIDDLE) for m in MARKS}
    for one, two in combinations(MARKS, 2):
        assert mean_difference(shown[one], shown[two]) > 0
        small = [resize(shown[m], HEIGHT // 4, WIDTH // 4).astype(int) for m in (one, two)]
        large = np.abs(shown[one].astype(int) - shown[two]).max()
        assert np.abs(small[0] - small[1]).max() < 8 < 80 < large
        assert abs(shown[one].mean() - shown[two].mean()) < 0.01


def test_colours_are_far_apart_at_a_quarter_whatever_the_texture() -> None:
    rng = Random(1)
    seen = {}
    for colour in COLOURS:
        thing = ("ball", colour, rng.choice(TEXTURES), rng.choice(MARKS))
        seen[colour] = resize(frame("gym", thing, MIDDLE), HEIGHT // 4, WIDTH // 4)[13, WIDTH // 8].astype(int)
    for one, two in combinations(COLOURS, 2):
        assert np.abs(seen[one] - seen[two]).max() > 40, (one, two)


def test_every_object_covers_enough_and_wears_its_colour_in_the_middle() -> None:
    assert sorted(OBJECTS) == sorted(name for c in CATEGORIES for name in c.objects)
    assert len(OBJECTS) == 45
    for name in OBJECTS:
        _, stays = sprite(name, "red", "plain", "plus")
        assert (stays[:, :, 0] < 0.5).mean() > 0.25, name
        plain, striped = (sprite(name, "red", t, "plus")[0] for t in ("plain", "striped"))
        assert (np.abs(plain - striped).max(axis=2) > 20).sum() > 550, f"{name}: too little body for a texture"


def test_objects_of_a_category_differ_in_low_resolution() -> None:
    for category in CATEGORIES:
        shown = [
            resize(frame(category.places[0], (name, "green", "plain", "plus"), MIDDLE), HEIGHT // 4, WIDTH // 4)
            for name in category.objects
        ]
        for one, two in combinations(shown, 2):
            assert (np.abs(one.astype(int) - two).max(axis=2) > 40).sum() > 15, category.slug


def test_places_differ_and_are_painted_all_over() -> None:
    names = [name for c in CATEGORIES for name in c.places]
    assert sorted(names) == sorted(PLACES)
    assert len(set(names)) == 30
    for name in names:
        assert place(name).shape == (HEIGHT, WIDTH, 3)
        assert place(name).max(axis=2).min() > 0, f"{name} has an unpainted pixel"
    for one, two in combinations(names, 2):
        assert mean_difference(place(one), place(two)) > 8, (one, two)


def positions(direction: str, speed: str, draws: int = 600) -> NDArray[np.float64]:
    """Where a mover is at random times, (draws, 2), pixels."""
    rng = Random(5)
    found = []
    for _ in range(draws):
        way = play(Action("move", direction, speed), 5.0, (0.3, 4.7), rng)
        pose = way.pose(rng.uniform(0.3, 4.7))
        found.append((pose.x, pose.y))
    return np.array(found, float)


@pytest.mark.parametrize("speed", ["slowly", "quickly"])
def test_one_position_at_a_random_time_does_not_tell_the_direction(speed: str) -> None:
    for forth, back, axis in (("left", "right", 0), ("up", "down", 1)):
        one, two = positions(forth, speed)[:, axis], positions(back, speed)[:, axis]
        grid = np.sort(np.concatenate([one, two]))
        gap = np.abs(np.searchsorted(np.sort(one), grid) - np.searchsorted(np.sort(two), grid)).max() / len(one)
        assert gap < 0.11  # Kolmogorov-Smirnov, 0.1 % level for two samples of 600


def test_moves_go_where_they_say_and_quick_ones_at_least_twice_as_fast() -> None:
    signs = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
    rng = Random(2)
    for direction, (dx, dy) in signs.items():
        pace: dict[str, float] = {}
        for speed in ("slowly", "quickly"):
            ways = [play(Action("move", direction, speed), 4.0, (0.3, 3.7), rng) for _ in range(50)]
            goes = np.array([(w.x1 - w.x0, w.y1 - w.y0) for w in ways])
            assert (np.sign(goes.round(6)) == (dx, dy)).all(), direction
            pace[speed] = float((np.abs(goes).sum(axis=1) / [w.arrives - w.leaves for w in ways]).mean())
        assert pace["quickly"] > 2 * pace["slowly"]


def steps_seen(way: Way) -> list[str]:
    """What happens, as frames of the video show it: a step each time one begins."""
    shown = [way.pose(n / FPS) for n in range(round(way.length * FPS))]
    names = [
        p.look if p.look != "rest" else "grows" if p.scale > 1 else "jumps" if p.y < shown[0].y else "" for p in shown
    ]
    return [name for before, name in zip(["", *names], names, strict=False) if name and name != before]


def test_counts_and_orders_are_what_the_frames_show() -> None:
    rng = Random(3)
    for action in actions_of("repeat") + actions_of("order"):
        for _ in range(10):
            length = rng.uniform(3.5, 6.0)
            way = play(action, length, (0.3, length - 0.3), rng)
            expected = [action.first] * action.count if action.kind == "repeat" else [action.first, action.second]
            assert steps_seen(way) == expected, action.name


def test_objects_turn_another_colour_in_the_middle_of_what_is_said() -> None:
    rng = Random(6)
    for action in actions_of("turn"):
        way = play(action, 4.0, (0.5, 3.5), rng)
        colours = [way.pose(n / FPS).colour for n in range(40)]
        assert set(colours) == {"", action.turns}
        assert 14 <= colours.index(action.turns) <= 25
        assert colours == sorted(colours), "it keeps the new one"
    before, after = (frame("gym", ("ball", "red", "plain", "plus"), Pose(108, 72, colour=c)) for c in ("", "blue"))
    assert (before == frame("gym", ("ball", "red", "plain", "plus"), MIDDLE)).all()
    assert (after == frame("gym", ("ball", "blue", "plain", "plus"), MIDDLE)).all()


def test_objects_stay_in_the_picture() -> None:
    rng = Random(4)
    corners: Counter[str] = Counter()
    for kind in ("move", "turn", "repeat", "order"):
        for action in actions_of(kind):
            for _ in range(20):
                way = play(action, 5.0, (0.3, 4.7), rng)
                for n in range(50):
                    pose = way.pose(n / FPS)
                    assert SIZE // 2 <= pose.x <= WIDTH - SIZE // 2
                    assert SIZE // 2 <= pose.y <= HEIGHT - SIZE // 2
                    corners["left" if pose.x < WIDTH / 2 else "right"] += 1
    assert 0.8 < corners["left"] / corners["right"] < 1.25

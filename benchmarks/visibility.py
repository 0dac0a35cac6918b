"""What the pictures of the miniature world show: detail at either resolution, and what one place tells of a movement.

    python benchmarks/visibility.py

Printed are mean differences between two textures, and between two marks, over the middle of the object in grey levels,
as drawn and after H.264, in high resolution, at a quarter of the size, and at a quarter of the 192 x 128 view; then the
mutual information of a mover's place at a random time with its direction, its speed and both.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from math import log2
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from hdvila.media import open_video, resize, write_video
from hdvila.miniature.actions import Action, actions_of
from hdvila.miniature.draw import SIZE, frame
from hdvila.miniature.motion import Pose, play
from hdvila.miniature.world import FPS, HEIGHT, MARKS, TEXTURES, WIDTH, WorldConfig

VIEW = 128, 192
DRAWS, CELLS = 60_000, 12
Pictures = NDArray[np.uint8]


def encoded(pictures: Sequence[Pictures]) -> Pictures:
    """Each as the middle one of five equal frames of a rendered video."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.mp4"
        write_video(file, [picture for picture in pictures for _ in range(5)], FPS, crf=WorldConfig().crf)
        with open_video(file) as video:
            return video.frames(range(2, 5 * len(pictures), 5)).rgb


def differences(pictures: Pictures) -> list[float]:
    """Of all pairs, in the middle half of the object: whole size, a quarter, a quarter of the cut for training."""
    cut = pictures[:, (HEIGHT - VIEW[0]) // 2 :, (WIDTH - VIEW[1]) // 2 :][:, : VIEW[0], : VIEW[1]]
    quarters = [resize(one, one.shape[1] // 4, one.shape[2] // 4) for one in (pictures, cut)]
    found = []
    for shown, scale in ((pictures, 1), *((quarter, 4) for quarter in quarters)):
        half = SIZE // 4 // scale
        y, x = shown.shape[1] // 2, shown.shape[2] // 2
        middle = shown[:, y - half : y + half, x - half : x + half].astype(float)
        found.append(float(np.mean([np.abs(one - two).mean() for one, two in combinations(middle, 2)])))
    return found


def told(of: Callable[[Action], object], draws: int = DRAWS) -> float:
    """Bits that a mover's place at a random time, on a grid of CELLS x CELLS, tells of its action; bias taken off."""
    rng, joint = Random(0), Counter[tuple[object, tuple[int, int]]]()
    moves = actions_of("move")
    for _ in range(draws):
        action, length = rng.choice(moves), rng.uniform(4.0, 5.5)
        pose = play(action, length, (0.3, length - 0.3), rng).pose(rng.uniform(0.3, length - 0.3))
        joint[of(action), (int(pose.x * CELLS / WIDTH), int(pose.y * CELLS / HEIGHT))] += 1
    one, two = Counter[object](), Counter[object]()
    for (action_told, place), count in joint.items():
        one[action_told] += count
        two[place] += count
    bits = sum(count / draws * log2(count * draws / (one[a] * two[b])) for (a, b), count in joint.items())
    return bits - (len(joint) - len(one) - len(two) + 1) / (2 * draws * np.log(2))  # Miller and Madow


def main() -> None:
    pose = Pose(WIDTH // 2, HEIGHT // 2)
    for what, kinds in (("textures", TEXTURES), ("marks", MARKS)):
        things = [("ball", "blue", *((kind, "plus") if what == "textures" else ("plain", kind))) for kind in kinds]
        drawn = [frame("gym", thing, pose) for thing in things]
        for name, pictures in (("as drawn", np.stack(drawn)), ("after H.264", encoded(drawn))):
            print(f"{what}, {name}: " + ", ".join(f"{one:.1f}" for one in differences(pictures)))
    of: dict[str, Callable[[Action], object]] = {
        "the direction": lambda action: action.direction,
        "the speed": lambda action: action.speed,
        "both": lambda action: (action.direction, action.speed),
    }
    for name, which in of.items():
        print(f"one place tells {told(which):.2f} bits of {name}")


if __name__ == "__main__":
    main()

"""Which videos a benchmark has, and to which split each belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Literal

from hdvila.miniature.script import Script, write_script
from hdvila.miniature.world import Split, WorldConfig

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One video of a benchmark: its number from 0, the stem of its file, its split, and what happens in it."""

    number: int
    stem: str
    split: Part
    script: Script


def cast(
    videos: int,
    seed: int,
    first: int,
    config: WorldConfig,
    stem: Callable[[int], str],
    fits: Callable[[Script], bool] = lambda script: True,
) -> list[Actor]:
    """The videos of a benchmark: training, then validation (a tenth), then test (a fifth).

    Test videos show combinations of attributes that no video of the other two shows, as everywhere in the world;
    validation videos are of the same combinations as training.

    Args:
        videos: how many, 10 or more.
        seed: the world's.
        first: number of the first script; benchmarks that begin far apart share no video.
        config: the world's settings.
        stem: what the file of video number n is called, without its ending.
        fits: scripts for which this is false are passed over.
    """
    test, validation = videos // 5, videos // 10
    learning = _scripts("train", videos - test, seed, first, config, fits)
    sizes: dict[Part, int] = {"train": videos - test - validation, "validation": validation, "test": test}
    parts = [part for part, size in sizes.items() for _ in range(size)]
    scripts = [*learning, *_scripts("test", test, seed, first, config, fits)]
    return [Actor(n, stem(n), part, script) for n, (part, script) in enumerate(zip(parts, scripts, strict=True))]


def _scripts(
    split: Split, wanted: int, seed: int, first: int, config: WorldConfig, fits: Callable[[Script], bool]
) -> Iterator[Script]:
    return islice(filter(fits, (write_script(seed, number, config, split) for number in count(first))), wanted)

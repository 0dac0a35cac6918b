"""LSMDC: short clips of films, one event each, with a sentence of audio description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.wording import sentence
from hdvila.miniature.world import WorldConfig

CONFIG = WorldConfig(events=(1, 1))
_FIRST = 5_000_000
_A_FILM = 20  # clips
_APART = 90.0  # seconds from one clip of a film to the next
_FILES = {
    "train": "LSMDC16_annos_training.csv",
    "validation": "LSMDC16_annos_val.csv",
    "test": "LSMDC16_challenge_1000_publictect.csv",
}


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called by film, start and end in it."""
    found = cast(videos, seed, _FIRST, CONFIG, str)
    return [replace(actor, stem=f"{_film(actor)}_{'-'.join(_times(actor))}") for actor in found]


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """The lists of training, validation and test: parted by tabs, without header, times as aligned and as extracted.

    Some clips of validation have a second sentence.
    """
    lines: dict[str, list[str]] = {split: [] for split in _FILES}
    for actor in videos:
        rng = Random(f"hdvila lsmdc {seed} {actor.stem}")
        times = 2 * [",".join(time.replace(".", ":", 2).split(".")) for time in _times(actor)]
        for _ in range(2 if actor.split == "validation" and rng.random() < 0.3 else 1):
            said = sentence(actor.script.category, actor.script.events[0], rng)
            lines[actor.split].append("\t".join([actor.stem, *times, said]) + "\r\n")
    return {_FILES[split]: "".join(rows) for split, rows in lines.items()}


def _film(actor: Actor) -> str:
    film = actor.number // _A_FILM
    return f"{5001 + film}_Miniature_{film}"


def _times(actor: Actor) -> list[str]:
    start = 60 + actor.number % _A_FILM * _APART
    return [_stamp(start), _stamp(start + actor.script.length)]


def _stamp(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}.{whole // 60 % 60:02d}.{whole % 60:02d}.{thousandths:03d}"

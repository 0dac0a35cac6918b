"""TGIF-QA: four tasks about short clips of one event: an object shines, or repeats a step."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.table import as_table
from hdvila.miniature.benchmarks.wording import caption
from hdvila.miniature.questions import BADGE, PATTERN, questions_about
from hdvila.miniature.world import ActionMix, WorldConfig

CONFIG = WorldConfig(
    events=(1, 1),
    trimmed=4.0,
    actions=ActionMix(move=0.0, turn=0.0, repeat=0.2, order=0.0, cycle=0.4, tour=0.4),
)
_FIRST = 2_000_000
_OPTIONS = ["a1", "a2", "a3", "a4", "a5"]
_COLUMNS = {
    "action": ["gif_name", "question", *_OPTIONS, "answer", "vid_id", "key"],
    "transition": ["gif_name", "question", *_OPTIONS, "answer", "vid_id", "key"],
    "frameqa": ["gif_name", "question", "answer", "type", "vid_id", "key", "description"],
    "count": ["gif_name", "question", "answer", "vid_id", "key"],
}
_PREFIX = {"action": "ACTION", "transition": "TRANS", "frameqa": "FRAMEQA", "count": "COUNT"}
_OWN_TYPES = {PATTERN: "pattern", BADGE: "badge"}


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called as the GIFs of TGIF are; those of validation count as training, as TGIF-QA has no such split."""
    return cast(videos, seed, _FIRST, CONFIG, "tumblr_mini{:06d}o1_250".format)


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """Train_ and Test_ of action, transition, frameqa and count: parted by tabs, ``vid_id`` and ``key`` swapped.

    Types of frame questions are TGIF-QA's numbers, or the words ``pattern`` and ``badge``, which it does not have.
    """
    asked: dict[tuple[str, str], list[dict[str, Any]]] = {
        (part, task): [] for part in ("Train", "Test") for task in _COLUMNS
    }
    numbers = dict.fromkeys(_COLUMNS, 0)
    for actor in videos:
        part = "Test" if actor.split == "test" else "Train"
        event = actor.script.events[0]
        described = f"{caption(actor.script.category, event, Random(f'hdvila description {seed} {actor.stem}'))} ."
        for family, question in questions_about(event.truth()["attributes"], f"{seed} {actor.stem}"):
            task = family.removeprefix("tgif_")
            if task not in _COLUMNS or (task, event.action.kind) == ("action", "repeat"):
                continue  # one frame may show which step is repeated
            numbers[task] += 1
            row = question | {"gif_name": actor.stem, "vid_id": f"{_PREFIX[task]}{numbers[task]}", "key": actor.number}
            if task == "frameqa":
                row |= {"type": _OWN_TYPES.get(question["type"], question["type"]), "description": described}
            asked[part, task].append(row)
    return {
        f"{part}_{task}_question.csv": as_table(_COLUMNS[task], rows, "\t", "\r\n")
        for (part, task), rows in asked.items()
    }

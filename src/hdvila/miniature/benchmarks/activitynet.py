"""ActivityNet Captions: longer videos, a sentence for each event, with its times."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.names import youtube_id
from hdvila.miniature.benchmarks.table import as_json
from hdvila.miniature.benchmarks.wording import sentence
from hdvila.miniature.world import WorldConfig

CONFIG = WorldConfig(events=(4, 8))
_FIRST = 4_000_000


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called "v_" and eleven characters; those of validation count as training, the test is val_1."""
    return cast(videos, seed, _FIRST, CONFIG, _name)


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """train.json, and val_1.json and val_2.json, which are about the same videos in other words."""
    learning = [actor for actor in videos if actor.split != "test"]
    held_out = [actor for actor in videos if actor.split == "test"]
    return {
        "train.json": as_json(_captions(learning, f"{seed} 0")),
        "val_1.json": as_json(_captions(held_out, f"{seed} 1")),
        "val_2.json": as_json(_captions(held_out, f"{seed} 2")),
    }


def _captions(videos: Sequence[Actor], key: str) -> dict[str, Any]:
    """All but the first sentence of a video have spaces before them, as in the original."""
    result = {}
    for actor in videos:
        rng = Random(f"hdvila activitynet {key} {actor.stem}")
        said = [sentence(actor.script.category, event, rng) for event in actor.script.events]
        result[actor.stem] = {
            "duration": actor.script.length,
            "timestamps": [[event.start, event.end] for event in actor.script.events],
            "sentences": [said[0], *(f"  {text}" for text in said[1:])],
        }
    return result


def _name(number: int) -> str:
    return f"v_{youtube_id(f'activitynet {number}')}"

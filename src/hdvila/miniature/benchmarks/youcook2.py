"""YouCook2: longer videos whose steps, the events, are clips of their own, each with a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.names import youtube_id
from hdvila.miniature.benchmarks.table import as_json
from hdvila.miniature.benchmarks.wording import caption
from hdvila.miniature.world import WorldConfig

CONFIG = WorldConfig(events=(4, 6))
_FIRST = 6_000_000


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called by YouTube id; those of validation count as training, the test is what YouCook2 calls val."""
    return cast(videos, seed, _FIRST, CONFIG, lambda number: youtube_id(f"youcook2 {number}"))


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """yc2_train.json and yc2_val.json: "v_" before the ids, whole seconds, sentences without capital and full stop."""
    return {
        "yc2_train.json": as_json({f"v_{one.stem}": _steps(one, seed) for one in videos if one.split != "test"}),
        "yc2_val.json": as_json({f"v_{one.stem}": _steps(one, seed) for one in videos if one.split == "test"}),
    }


def _steps(actor: Actor, seed: int) -> dict[str, Any]:
    rng = Random(f"hdvila youcook2 {seed} {actor.stem}")
    events = actor.script.events
    return {
        "duration": actor.script.length,
        "timestamps": [[math.floor(event.start), math.ceil(event.end)] for event in events],
        "sentences": [caption(actor.script.category, event, rng) for event in events],
    }

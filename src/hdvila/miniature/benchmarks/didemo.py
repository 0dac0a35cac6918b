"""DiDeMo: videos of 25 to 30 seconds, a description for each event, its time in chunks of five seconds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from random import Random
from typing import Any

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.table import as_json
from hdvila.miniature.benchmarks.wording import caption
from hdvila.miniature.script import Event
from hdvila.miniature.world import WorldConfig

CONFIG = WorldConfig(events=(5, 6))
_FIRST = 3_000_000
_SHORTEST, _LONGEST = 25.0, 30.0
_CHUNK = 5.0
_ANNOTATORS = 4
_ENDINGS = (".mov", ".mp4", ".avi", ".MOV", ".3gp", "")
_FILES = {"train": "train_data.json", "validation": "val_data.json", "test": "test_data.json"}


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called as on Flickr: owner, number, key."""
    return cast(
        videos, seed, _FIRST, CONFIG, _name, lambda script: script.length <= _LONGEST and script.length > _SHORTEST
    )


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """train_data.json, val_data.json and test_data.json; entries stand in no order of their videos.

    Names have all kinds of endings, or none, whatever the file is. Four annotators give the chunks of a moment, one of
    them sees less of it.
    """
    entries: dict[str, list[dict[str, Any]]] = {split: [] for split in _FILES}
    number = 0
    for actor in videos:
        rng = Random(f"hdvila didemo {seed} {actor.stem}")
        name = actor.stem + rng.choice(_ENDINGS)
        for event in actor.script.events:
            entry = {
                "num_segments": math.ceil(actor.script.length / _CHUNK),
                "description": caption(actor.script.category, event, rng),
                "dl_link": "",
                "times": _times(event, rng),
                "video": name,
                "annotation_id": number,
            }
            entries[actor.split].append(entry)
            number += 1
    for split, listed in entries.items():
        Random(f"hdvila didemo {seed} {split}").shuffle(listed)
    return {name: as_json(entries[split]) for split, name in _FILES.items()}


def _times(event: Event, rng: Random) -> list[list[int]]:
    """The chunks that an event touches, both ends included, by each annotator."""
    first, last = int(event.start / _CHUNK), math.ceil(event.end / _CHUNK) - 1
    times = [[first, last] for _ in range(_ANNOTATORS)]
    middle = int((event.start + event.end) / 2 / _CHUNK)
    times[rng.randrange(_ANNOTATORS)] = [middle, middle]
    return times


def _name(number: int) -> str:
    key = hashlib.sha256(f"didemo {number}".encode()).hexdigest()
    return f"{10_000_000 + number}@N{number % 100:02d}_{int(key[:8], 16):010d}_{key[8:18]}"

"""Benchmarks of longer videos with a sentence and times for each event: DiDeMo, ActivityNet Captions, YouCook2."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from random import Random
from typing import Any

from hdvila.lab.benchmarks.files import as_json
from hdvila.lab.benchmarks.video_specs import Benchmark, VideoSpec, caption, sentence, youtube_id
from hdvila.miniature.script import Event
from hdvila.miniature.world import WorldConfig

__all__ = ["ACTIVITYNET", "DIDEMO", "YOUCOOK2"]

_CHUNK = 5.0  # seconds, DiDeMo's unit of time
_ANNOTATORS = 4
_ENDINGS = (".mov", ".mp4", ".avi", ".MOV", ".3gp", "")
_DIDEMO_FILES = {"train": "train_data.json", "validation": "val_data.json", "test": "test_data.json"}


def _flickr_name(number: int) -> str:
    """Owner, number and key, as videos of DiDeMo are named."""
    key = hashlib.sha256(f"didemo {number}".encode()).hexdigest()
    return f"{10_000_000 + number}@N{number % 100:02d}_{int(key[:8], 16):010d}_{key[8:18]}"


def _didemo(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """train_data.json, val_data.json and test_data.json, with entries in random order.

    A video's name has any ending, or none, whatever its file has. Four annotators give the chunks of a moment; one of
    them sees less of it.
    """
    entries: dict[str, list[dict[str, Any]]] = {split: [] for split in _DIDEMO_FILES}
    number = 0
    for video in videos:
        rng = Random(f"hdvila didemo {seed} {video.stem}")
        name = video.stem + rng.choice(_ENDINGS)
        for event in video.script.events:
            entry = {
                "num_segments": math.ceil(video.script.length / _CHUNK),
                "description": caption(video.script.category, event, rng),
                "dl_link": "",
                "times": _chunks(event, rng),
                "video": name,
                "annotation_id": number,
            }
            entries[video.split].append(entry)
            number += 1
    for split, listed in entries.items():
        Random(f"hdvila didemo {seed} {split}").shuffle(listed)
    return {name: as_json(entries[split]) for split, name in _DIDEMO_FILES.items()}


def _chunks(event: Event, rng: Random) -> list[list[int]]:
    """(first, last) chunk that an event touches, both included, from each annotator."""
    first, last = int(event.start / _CHUNK), math.ceil(event.end / _CHUNK) - 1
    times = [[first, last] for _ in range(_ANNOTATORS)]
    middle = int((event.start + event.end) / 2 / _CHUNK)
    times[rng.randrange(_ANNOTATORS)] = [middle, middle]
    return times


DIDEMO = Benchmark(
    first_script=3_000_000,
    stem=lambda number, script: _flickr_name(number),
    files=_didemo,
    config=WorldConfig(events=(5, 6)),
    fits=lambda script: 25.0 < script.length <= 30.0,
)


def _activitynet(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """train.json, and val_1.json and val_2.json, which describe the same videos in different words.

    Validation videos count as training; the test is val_1.
    """
    learning = [video for video in videos if video.split != "test"]
    held_out = [video for video in videos if video.split == "test"]
    return {
        "train.json": as_json(_timed_sentences(learning, f"{seed} 0")),
        "val_1.json": as_json(_timed_sentences(held_out, f"{seed} 1")),
        "val_2.json": as_json(_timed_sentences(held_out, f"{seed} 2")),
    }


def _timed_sentences(videos: Sequence[VideoSpec], key: str) -> dict[str, Any]:
    """As in the original, all sentences of a video but the first begin with spaces."""
    result = {}
    for video in videos:
        rng = Random(f"hdvila activitynet {key} {video.stem}")
        said = [sentence(video.script.category, event, rng) for event in video.script.events]
        result[video.stem] = {
            "duration": video.script.length,
            "timestamps": [[event.start, event.end] for event in video.script.events],
            "sentences": [said[0], *(f"  {text}" for text in said[1:])],
        }
    return result


ACTIVITYNET = Benchmark(
    first_script=4_000_000,
    stem=lambda number, script: f"v_{youtube_id(f'activitynet {number}')}",
    files=_activitynet,
    config=WorldConfig(events=(4, 8)),
)


def _youcook2(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """yc2_train.json and yc2_val.json: "v_" before the ids, whole seconds, sentences without capital and full stop.

    Validation videos count as training; the test is what YouCook2 calls val. Each event is a clip of its own.
    """
    return {
        "yc2_train.json": as_json({f"v_{one.stem}": _steps(one, seed) for one in videos if one.split != "test"}),
        "yc2_val.json": as_json({f"v_{one.stem}": _steps(one, seed) for one in videos if one.split == "test"}),
    }


def _steps(video: VideoSpec, seed: int) -> dict[str, Any]:
    rng = Random(f"hdvila youcook2 {seed} {video.stem}")
    events = video.script.events
    return {
        "duration": video.script.length,
        "timestamps": [[math.floor(event.start), math.ceil(event.end)] for event in events],
        "sentences": [caption(video.script.category, event, rng) for event in events],
    }


YOUCOOK2 = Benchmark(
    first_script=6_000_000,
    stem=lambda number, script: youtube_id(f"youcook2 {number}"),
    files=_youcook2,
    config=WorldConfig(events=(4, 6)),
)

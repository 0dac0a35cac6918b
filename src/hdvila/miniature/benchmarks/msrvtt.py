"""MSR-VTT with its 1k-A test, MSRVTT-QA and MSRVTT-MC, which are about the same videos: short, one event each."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.one_word import one_word_files
from hdvila.miniature.benchmarks.table import as_json, as_lines, as_table
from hdvila.miniature.benchmarks.wording import caption
from hdvila.miniature.world import WorldConfig

CONFIG = WorldConfig(events=(1, 1))
_FIRST = 1_000_000
_CAPTIONS = 20  # a video, as in MSR-VTT
_OPTIONS = 5
_SPLITS = {"train": "train", "validation": "validate", "test": "test"}


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called video0, video1, ..."""
    return cast(videos, seed, _FIRST, CONFIG, "video{}".format)


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """Name and text of each annotation file.

    MSRVTT_data.json with 20 captions a video; its test videos once more as pairs in MSRVTT_JSFUSION_test.csv; lists of
    training videos with (9k) and without (7k) those of validation; train, val and test of the questions; and a choice
    of five captions for each test video.
    """
    said = {actor.stem: _captions(actor, seed) for actor in videos}
    pairs = [
        {"key": f"ret{n}", "vid_key": f"msr{actor.number}", "video_id": actor.stem, "sentence": said[actor.stem][0]}
        for n, actor in enumerate(actor for actor in videos if actor.split == "test")
    ]
    return {
        "MSRVTT_data.json": as_json(_videodatainfo(videos, said, seed)),
        "MSRVTT_JSFUSION_test.csv": as_table(["key", "vid_key", "video_id", "sentence"], pairs),
        "MSRVTT_train.9k.csv": _list(actor for actor in videos if actor.split != "test"),
        "MSRVTT_train.7k.csv": _list(actor for actor in videos if actor.split == "train"),
        **one_word_files(videos, seed, lambda one: one.number, lambda one: {"category_id": one.script.category}),
        "msrvtt_mc_test.jsonl": as_lines(_choices([actor for actor in videos if actor.split == "test"], said, seed)),
    }


def _captions(actor: Actor, seed: int) -> list[str]:
    rng = Random(f"hdvila captions {seed} {actor.stem}")
    return [caption(actor.script.category, actor.script.events[0], rng) for _ in range(_CAPTIONS)]


def _videodatainfo(videos: Sequence[Actor], said: dict[str, list[str]], seed: int) -> dict[str, Any]:
    """Sentences stand in no order of their videos, as in the original."""
    listed = [
        {
            "category": actor.script.category,
            "url": "",
            "video_id": actor.stem,
            "start time": 0.0,
            "end time": actor.script.length,
            "split": _SPLITS[actor.split],
            "id": actor.number,
        }
        for actor in videos
    ]
    pairs = [(stem, text) for stem, texts in said.items() for text in texts]
    sentences = [{"video_id": stem, "sen_id": n, "caption": text} for n, (stem, text) in enumerate(pairs)]
    Random(f"hdvila sentences {seed}").shuffle(sentences)
    return {"info": {"description": "MSR-VTT in miniature"}, "videos": listed, "sentences": sentences}


def _list(chosen: Any) -> str:
    return as_table(["video_id"], ({"video_id": actor.stem} for actor in chosen))


def _choices(videos: Sequence[Actor], said: dict[str, list[str]], seed: int) -> list[dict[str, Any]]:
    """A caption of the video and four of other videos that it does not have itself."""
    records = []
    for number, actor in enumerate(videos):
        rng = Random(f"hdvila choice {seed} {actor.stem}")
        others = [other for other in videos if other is not actor]
        wrong: list[str] = []
        while len(wrong) < _OPTIONS - 1:
            text = rng.choice(said[rng.choice(others).stem])
            if text not in said[actor.stem] and text not in wrong:
                wrong.append(text)
        answer = rng.randrange(_OPTIONS)
        options = [*wrong[:answer], rng.choice(said[actor.stem]), *wrong[answer:]]
        records.append({"qid": number, "clip_name": actor.stem, "options": options, "answer": answer})
    return records

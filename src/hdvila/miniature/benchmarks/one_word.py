"""Open questions with one-word answers, in the records that MSRVTT-QA and MSVD-QA share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdvila.miniature.benchmarks.cast import Actor
from hdvila.miniature.benchmarks.table import as_json
from hdvila.miniature.questions import questions_about

_FILES = {"train": "train_qa.json", "validation": "val_qa.json", "test": "test_qa.json"}


def one_word_files(
    videos: Sequence[Actor], seed: int, number: Callable[[Actor], int], more: Callable[[Actor], Mapping[str, Any]]
) -> dict[str, str]:
    """train_qa.json, val_qa.json and test_qa.json, in the order of the videos; ids go on from one to the next.

    Args:
        number: of a video, by which questions name it.
        more: what else stands in its records.
    """
    asked: dict[str, list[dict[str, Any]]] = {split: [] for split in _FILES}
    counted = 0
    for actor in videos:
        event = actor.script.events[0].truth()
        for family, question in questions_about(event["attributes"], f"{seed} {actor.stem}"):
            if family == "msrvtt_qa":
                record = {"answer": question["answer"], **more(actor), "id": counted}
                asked[actor.split].append(record | {"question": question["question"], "video_id": number(actor)})
                counted += 1
    return {_FILES[split]: as_json(records) for split, records in asked.items()}

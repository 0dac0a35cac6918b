"""Benchmarks of questions about short clips, one event each: TGIF-QA and MSVD-QA.

MSRVTT-QA and MSVD-QA share a form, open questions with one-word answers (`one_word_files`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from hdvila.lab.benchmarks.files import as_json, as_table
from hdvila.lab.benchmarks.video_specs import Benchmark, VideoSpec, caption, youtube_id
from hdvila.miniature.questions import BADGE, PATTERN, questions_about
from hdvila.miniature.world import ActionMix, WorldConfig

__all__ = ["MSVD_QA", "TGIF_QA", "one_word_files"]

_OPTIONS = ["a1", "a2", "a3", "a4", "a5"]
_COLUMNS = {
    "action": ["gif_name", "question", *_OPTIONS, "answer", "vid_id", "key"],
    "transition": ["gif_name", "question", *_OPTIONS, "answer", "vid_id", "key"],
    "frameqa": ["gif_name", "question", "answer", "type", "vid_id", "key", "description"],
    "count": ["gif_name", "question", "answer", "vid_id", "key"],
}
_PREFIX = {"action": "ACTION", "transition": "TRANS", "frameqa": "FRAMEQA", "count": "COUNT"}
_OWN_TYPES = {PATTERN: "pattern", BADGE: "badge"}


def _tgif_qa(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """Train_ and Test_ of action, transition, frameqa and count: tab-separated, ``vid_id`` and ``key`` swapped.

    Types of frame questions are TGIF-QA's numbers, or the words ``pattern`` and ``badge``, which it does not have.
    Validation videos count as training, since TGIF-QA has no validation split.
    """
    asked: dict[tuple[str, str], list[dict[str, Any]]] = {
        (part, task): [] for part in ("Train", "Test") for task in _COLUMNS
    }
    numbers = dict.fromkeys(_COLUMNS, 0)
    for video in videos:
        part = "Test" if video.split == "test" else "Train"
        event = video.script.events[0]
        described = f"{caption(video.script.category, event, Random(f'hdvila description {seed} {video.stem}'))} ."
        for family, question in questions_about(event.truth()["attributes"], f"{seed} {video.stem}"):
            task = family.removeprefix("tgif_")
            if task not in _COLUMNS or (task, event.action.kind) == ("action", "repeat"):
                continue  # one frame may show which step is repeated
            numbers[task] += 1
            row = question | {"gif_name": video.stem, "vid_id": f"{_PREFIX[task]}{numbers[task]}", "key": video.number}
            if task == "frameqa":
                row |= {"type": _OWN_TYPES.get(question["type"], question["type"]), "description": described}
            asked[part, task].append(row)
    return {
        f"{part}_{task}_question.csv": as_table(_COLUMNS[task], rows, "\t", "\r\n")
        for (part, task), rows in asked.items()
    }


TGIF_QA = Benchmark(
    first_script=2_000_000,
    stem=lambda number, script: f"tumblr_mini{number:06d}o1_250",
    files=_tgif_qa,
    config=WorldConfig(
        events=(1, 1),
        trimmed=4.0,
        actions=ActionMix(move=0.0, turn=0.0, repeat=0.2, order=0.0, cycle=0.4, tour=0.4),
    ),
)

_QA_FILES = {"train": "train_qa.json", "validation": "val_qa.json", "test": "test_qa.json"}


def one_word_files(
    videos: Sequence[VideoSpec],
    seed: int,
    number: Callable[[VideoSpec], int],
    more: Callable[[VideoSpec], Mapping[str, Any]],
) -> dict[str, str]:
    """train_qa.json, val_qa.json and test_qa.json, in the order of the videos, with question ids counted across files.

    Args:
        number: the number by which questions refer to a video.
        more: further fields of a video's records.
    """
    asked: dict[str, list[dict[str, Any]]] = {split: [] for split in _QA_FILES}
    counted = 0
    for video in videos:
        event = video.script.events[0].truth()
        for family, question in questions_about(event["attributes"], f"{seed} {video.stem}"):
            if family == "msrvtt_qa":
                record = {"answer": question["answer"], **more(video), "id": counted}
                asked[video.split].append(record | {"question": question["question"], "video_id": number(video)})
                counted += 1
    return {_QA_FILES[split]: as_json(records) for split, records in asked.items()}


def _msvd_qa(videos: Sequence[VideoSpec], seed: int) -> dict[str, str]:
    """train_qa.json, val_qa.json, test_qa.json, and youtube_mapping.txt, which maps files to the videos' numbers."""
    mapping = "".join(f"{video.stem} vid{_from_one(video)}\n" for video in videos)
    return one_word_files(videos, seed, _from_one, lambda video: {}) | {"youtube_mapping.txt": mapping}


def _from_one(video: VideoSpec) -> int:
    return video.number + 1


def _youtube_clip(number: int) -> str:
    """YouTube id, first and last second, as clips of MSVD are named."""
    start = 7 * number % 300
    return f"{youtube_id(f'msvd {number}')}_{start}_{start + 5}"


MSVD_QA = Benchmark(
    first_script=7_000_000,
    stem=lambda number, script: _youtube_clip(number),
    files=_msvd_qa,
    config=WorldConfig(events=(1, 1)),
    most=1970,  # the videos of MSVD; readers recognise it by numbers up to this one
)

"""Small benchmarks in the original forms, with stores of noise: what fine-tuning and evaluating read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hdvila.store import CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "grey": (128, 128, 128), "white": (250,) * 3}
NAMES = tuple(COLOURS)


def colour_of(number: int) -> str:
    return NAMES[number % len(NAMES)]


def write_store(folder: Path, videos: dict[str, str], name: str = "store") -> None:
    """A clip of two seconds for each video, in noise of its colour."""
    times = np.arange(12) / 6
    with CorpusWriter(folder / name, hybrid_streams(6.0, 2.0)) as writer:
        for number, (video, colour) in enumerate(videos.items()):
            rng = np.random.default_rng(number)
            low, high = (
                (0.6 * np.array(COLOURS[colour]) + rng.integers(0, 90, (n, s, s, 3))).astype(np.uint8)
                for n, s in ((12, 18), (4, 72))
            )
            writer.add(Clip(video, video, 0.0, 2.0, ""), {"hr": Frames(high, times[::3]), "lr": Frames(low, times)})


def write_action(folder: Path, train: int = 40, test: int = 10) -> Path:
    """TGIF-QA's action questions: five colours, the right one is the clip's."""
    folder.mkdir(parents=True)
    for split, numbers in (("Train", range(train)), ("Test", range(train, train + test))):
        lines = ["gif_name\tquestion\ta1\ta2\ta3\ta4\ta5\tanswer\tvid_id\tkey"]
        for n in numbers:
            options = list(np.roll(NAMES, n % 3))
            answer = options.index(colour_of(n))
            lines.append("\t".join([f"gif_{n}", "what is it ?", *options, str(answer), f"ACTION{n}", str(n)]))
        (folder / f"{split}_action_question.csv").write_text("\n".join(lines) + "\n")
    write_store(folder, {f"gif_{n}": colour_of(n) for n in range(train + test)})
    return folder


def write_qa(folder: Path, train: int = 40, test: int = 10) -> Path:
    """MSRVTT-QA: the clip's colour; one training answer that nobody else gives, and one such question in the test."""
    folder.mkdir(parents=True)
    splits = {"train": range(train), "val": range(train, train + test), "test": range(train + test, train + 2 * test)}
    for split, numbers in splits.items():
        rows = [
            {"answer": colour_of(n), "id": n, "question": "what color is it?", "video_id": n, "category_id": 1}
            for n in numbers
        ]
        if split != "val":
            rows.append(
                {"answer": f"odd{split}", "id": 900 + len(rows), "question": "who is it?", "video_id": numbers[0]}
            )
        (folder / f"{split}_qa.json").write_text(json.dumps(rows))
    write_store(folder, {f"video{n}": colour_of(n) for n in range(train + 2 * test)})
    return folder


def write_didemo(folder: Path, train: int = 24, test: int = 8) -> Path:
    """DiDeMo: two descriptions a video."""
    folder.mkdir(parents=True)
    splits = {"train": range(train), "val": range(train, train + test), "test": range(train + test, train + 2 * test)}
    for split, numbers in splits.items():
        rows = [
            {
                "annotation_id": 2 * n + k,
                "description": f"a {colour_of(n)} thing {'abcdefgh'[n % 8]} {k}",
                "num_segments": 6,
                "times": [[k, k]] * 4,
                "video": f"{name_of(n)}.mov",
            }
            for n in numbers
            for k in (0, 1)
        ]
        (folder / f"{split}_data.json").write_text(json.dumps(rows))
    write_store(folder, {name_of(n): colour_of(n) for n in range(train + 2 * test)})
    return folder


def name_of(number: int) -> str:
    return f"1@N{number}_{number}"


def write_msrvtt_test(folder: Path, videos: int = 6) -> Path:
    """The 1,000-pair test of MSR-VTT, with fewer."""
    folder.mkdir(parents=True)
    rows = [f"ret{n},msr{n},video{n},a {colour_of(n)} thing {'abcdef'[n]} and the s" for n in range(videos)]
    (folder / "MSRVTT_JSFUSION_test.csv").write_text("\n".join(["key,vid_key,video_id,sentence", *rows]) + "\n")
    write_store(folder, {f"video{n}": colour_of(n) for n in range(videos)})
    return folder


def write_msrvtt_mc(folder: Path, videos: int = 6) -> Path:
    """MSRVTT-MC: five captions a video, on the store of `write_msrvtt_test`."""
    rows = [
        {
            "qid": n,
            "clip_name": f"video{n}",
            "options": [f"a {name} thing" for name in NAMES],
            "answer": NAMES.index(colour_of(n)),
        }
        for n in range(videos)
    ]
    (folder / "msrvtt_mc_test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder

"""Add a benchmark of your own, here a list of lines ``video<TAB>caption``: `hdvila evaluate` and recipes then know it.

A recipe file that imports this one can name it: ``--set data.benchmark.protocol=my-videos``.
"""

from pathlib import Path

from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Split
from hdvila.evaluate import register_protocol
from hdvila.evaluate.protocols import Protocol


def read(path: Path, split: Split) -> Annotations:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    videos = tuple(BenchmarkVideo(video) for video in dict.fromkeys(video for video, _ in rows))
    return Annotations(videos, tuple(Caption(str(n), video, text) for n, (video, text) in enumerate(rows)))


MY_VIDEOS = register_protocol(
    Protocol(
        name="my-videos",
        benchmark="my own videos, each with a caption",
        task="retrieval",
        files={"train": ("train.tsv",), "test": ("test.tsv",)},
        train_size=0,
        split="as I have cut it",
        captions="one line a caption",
        paragraphs="none",
        metric="r1",
        queries=0,
        gallery=0,
        chance=0.0,
        published=(),
        read=read,
    )
)

"""What the study trains and tests: the rows of ClipBERT's Tables 1 to 6 and its Figure 4 (Lei et al. 2021).

A row is a model that is fine-tuned in one way and tested with a number of clips. Rows of several tables that need the
same model share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "FULL",
    "OFFLINE",
    "QUICK",
    "ROWS",
    "STARTS",
    "TASKS",
    "TEST_CLIPS",
    "PaperRow",
    "SamplingScale",
    "SparseTuning",
    "StartName",
    "TableRow",
    "TaskName",
    "fine_tunings",
    "numbers_of_test_clips",
]

TaskName = Literal["retrieval", "questions"]
TASKS: tuple[TaskName, ...] = ("retrieval", "questions")

StartName = Literal["nothing", "words", "ResNet and words", "image-text"]
STARTS: tuple[StartName, ...] = ("nothing", "words", "ResNet and words", "image-text")
"""Weights that fine-tuning starts from: a transformer that has learned masked words (BERT's place), a ResNet that has
learned frames with sentences (the place of ImageNet, Kinetics and grid features), and image-text pre-training."""

TEST_CLIPS = 16
"""Of Tables 3 and 4."""
SIZE = 192
"""Pixels of the longer side of a frame, in the place of the paper's 448; the world is rendered at 216 x 144."""
_FIGURE_4 = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class SamplingScale:
    """The size of the study.

    Attributes:
        videos: of the pre-training corpus.
        benchmark_videos: of MSR-VTT in miniature.
        stage1: steps of HD-VILA's stage one, whose ResNet is a start.
        pretraining: steps on words alone, and on frames with words.
        tuning: steps of each fine-tuning.
        pairs: videos, and captions, of the retrieval test.
        seeds: runs of each fine-tuning.
    """

    videos: int
    benchmark_videos: int
    stage1: int
    pretraining: int
    tuning: int
    pairs: int
    seeds: int


FULL = SamplingScale(640, 3000, 550, 1000, 300, 200, 3)
QUICK = SamplingScale(160, 400, 150, 150, 40, 40, 1)


@dataclass(frozen=True, slots=True)
class SparseTuning:
    """How a model is fine-tuned. The defaults are the paper's: 1 clip of 1 frame, image-text pre-training, all trained.

    Attributes:
        size: pixels of the longer side.
        clips, frames: N_train and T.
        fusion: of the frames of a clip: mean, conv3d or conv2+1d.
        drawn: whether clips are random or uniform.
        consensus: over clips, in training and in the test.
        start: what it starts from.
        freeze: beginnings of the names of weights that stay as they are.
    """

    size: int = SIZE
    clips: int = 1
    frames: int = 1
    fusion: str = "mean"
    consensus: str = "mean"
    drawn: str = "random"
    start: StartName = "image-text"
    freeze: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of its folder and its rows: what differs from the defaults."""
        parts = [f"{self.clips}x{self.frames}"]
        parts += [f"L{self.size}"] if self.size != SIZE else []
        parts += [self.fusion] if self.fusion != "mean" else []
        parts += [self.consensus] if self.clips > 1 else []
        parts += ["uniform"] if self.drawn == "uniform" else []
        parts += [f"from {self.start}"] if self.start != "image-text" else []
        parts += [f"without {' '.join(self.freeze)}"] if self.freeze else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class PaperRow:
    """R@1, R@5, R@10 in percent and median rank of the paper's retrieval, and its accuracy on questions, in percent."""

    r1: float
    r5: float
    r10: float
    median: float
    questions: float

    def __str__(self) -> str:
        return f"{self.r1} / {self.r5} / {self.r10} / {self.median:g}; {self.questions}"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: a model, tested with so many clips, beside the paper's."""

    table: str
    name: str
    model: SparseTuning
    test_clips: int = 1
    paper: PaperRow | None = None


_BASE = SparseTuning()
_SIZES = {96: (224, (6.8, 24.4, 35.8, 20, 35.78)), 192: (448, (10.2, 28.6, 40.5, 17, 35.73)),
          256: (768, (11.0, 27.8, 40.9, 16, 35.73)), 320: (1000, (10.0, 28.4, 39.4, 18, 35.19))}  # fmt: skip
_FUSIONS: tuple[tuple[str, int, tuple[float, ...]], ...] = (
    ("mean", 1, (10.2, 28.6, 40.5, 17, 35.73)),
    ("mean", 2, (11.3, 31.7, 44.9, 14, 36.02)),
    ("mean", 4, (10.8, 30.0, 43.6, 14, 35.83)),
    ("mean", 8, (10.6, 32.5, 45.0, 13, 35.69)),
    ("mean", 16, (11.6, 33.9, 45.8, 13, 36.05)),
    ("conv3d", 2, (8.7, 27.3, 40.2, 17, 34.85)),
    ("conv3d", 16, (10.1, 28.9, 41.7, 16, 35.03)),
    ("conv2+1d", 2, (7.3, 24.1, 35.6, 22, 34.13)),
    ("conv2+1d", 16, (9.9, 27.3, 39.6, 17, 33.92)),
)
_CLIPS: tuple[tuple[str, int, tuple[float, ...]], ...] = (
    ("mean", 1, (12.7, 34.5, 48.8, 11, 36.24)),
    ("mean", 2, (13.3, 37.1, 50.6, 10, 35.94)),
    ("mean", 4, (14.0, 38.6, 51.6, 10, 35.40)),
    ("mean", 8, (13.4, 36.4, 49.7, 11, 35.76)),
    ("mean", 16, (15.2, 39.4, 53.1, 9, 35.33)),
    ("max", 2, (8.5, 28.7, 42.2, 14, 36.41)),
    ("max", 16, (12.5, 33.1, 46.8, 12, 36.25)),
    ("logsumexp", 2, (15.5, 38.4, 52.6, 9, 36.59)),
    ("logsumexp", 16, (17.4, 41.5, 55.5, 8, 36.16)),
)
_STARTS: tuple[tuple[str, StartName | None, tuple[float, ...]], ...] = (
    ("random; random", "nothing", (0.3, 0.4, 0.9, 506, 28.05)),
    ("random; BERT", "words", (0.0, 0.2, 0.7, 505, 31.72)),
    ("TSN of Kinetics; BERT", None, (5.7, 22.1, 33.1, 23, 35.40)),
    ("ImageNet; BERT", None, (7.2, 23.3, 35.6, 21, 35.01)),
    ("grid features; BERT", "ResNet and words", (7.4, 21.0, 30.7, 26, 35.27)),
    ("image-text pre-training of both", "image-text", (10.2, 28.6, 40.5, 17, 35.73)),
)
_FROZEN: tuple[tuple[str, tuple[str, ...], tuple[float, ...]], ...] = (
    ("neither", ("cnn.feature", "cnn.grid_encoder"), (8.0, 27.2, 38.9, 17, 35.78)),
    ("grid encoder", ("cnn.feature",), (9.0, 27.5, 39.4, 18, 35.50)),
    ("ResNet and grid encoder", (), (10.2, 28.6, 40.5, 17, 35.73)),
)
OFFLINE = SparseTuning(
    clips=16, consensus="logsumexp", drawn="uniform", start="ResNet and words", freeze=("cnn.feature",)
)
"""What the paper argues against: features of frames all over the video from a network that was trained for something
else, and a model on top of them."""


def _rows() -> tuple[TableRow, ...]:
    def one(table: str, name: str, model: SparseTuning, figures: tuple[float, ...] | None, clips: int = 1) -> TableRow:
        return TableRow(table, name, model, clips, PaperRow(*figures) if figures else None)

    rows = [one("1", f"{size} (paper: {theirs})", SparseTuning(size=size), p) for size, (theirs, p) in _SIZES.items()]
    rows += [one("2", f"{how}, T = {t}", SparseTuning(frames=t, fusion=how), p) for how, t, p in _FUSIONS]
    rows += [
        one("3", f"{how if n > 1 else 'none'}, N = {n}", SparseTuning(clips=n, consensus=how), p, TEST_CLIPS)
        for how, n, p in _CLIPS
    ]
    lse = "logsumexp"
    uniform = SparseTuning(clips=16, consensus=lse, drawn="uniform")
    rows += [
        one("4", "16 uniform", uniform, (15.5, 39.6, 55.0, 9, 35.88), 16),
        one("4", "1 random", _BASE, (12.7, 34.5, 48.8, 11, 36.24), 16),
        one("4", "2 random", SparseTuning(clips=2, consensus=lse), (15.5, 38.4, 52.6, 9, 36.59), 16),
        one("4", "4 random", SparseTuning(clips=4, consensus=lse), (15.7, 41.9, 55.3, 8, 36.67), 16),
        one("4", "16 uniform, features made before", OFFLINE, None, 16),
    ]
    rows += [
        TableRow("5", name, SparseTuning(start=start) if start else _BASE, paper=PaperRow(*p)) if start else
        TableRow("5", name, _BASE, 0, PaperRow(*p))
        for name, start, p in _STARTS
    ]  # fmt: skip
    rows += [one("6", name, SparseTuning(freeze=frozen), p) for name, frozen, p in _FROZEN]
    rows += [
        one("figure 4", f"T = {t}, {n} test clips", SparseTuning(frames=t), None, n) for t in (1, 2) for n in _FIGURE_4
    ]
    return tuple(rows)


ROWS = _rows()
"""Of all tables, in their order. A row of 0 test clips is the paper's alone: the miniature world has no Kinetics or
ImageNet."""


def fine_tunings() -> list[SparseTuning]:
    """Every model that a row needs, once, in the order of the tables."""
    return list(dict.fromkeys(row.model for row in ROWS if row.test_clips))


def numbers_of_test_clips(model: SparseTuning) -> list[int]:
    """The numbers of clips with which a model is tested."""
    return sorted({row.test_clips for row in ROWS if row.model == model and row.test_clips})

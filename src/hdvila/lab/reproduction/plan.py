"""What is trained and asked: the pre-trainings, the tasks, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass

from hdvila.miniature.world import ActionMix, Shares, WorldConfig

__all__ = [
    "CHOICE",
    "ENLARGED",
    "FULL",
    "LOW",
    "NONE",
    "ONE_CATEGORY",
    "OTHER_DATA",
    "QUICK",
    "STAGE1",
    "STAGE2",
    "TASKS",
    "WORLD",
    "DownstreamTask",
    "Pretraining",
    "Scale",
]


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the studies are.

    Attributes:
        videos: of each pre-training corpus.
        benchmark_videos: short videos of a benchmark.
        stage1, stage2: steps.
        tuning: part of a recipe's steps.
        seeds: training runs of everything.
        frame_videos, frame_steps: of the frame-selection study.
        frame_worlds: of it, by name.
    """

    videos: int
    benchmark_videos: int
    stage1: int
    stage2: int
    tuning: float
    seeds: int
    frame_videos: int
    frame_steps: int
    frame_worlds: tuple[str, ...]


WORLD = WorldConfig(
    Shares(phrase=0.1, object=0.5, colour=0.8, place=0.25, texture=0.9, mark=0.6, action=0.8),
    ActionMix(move=0.25, turn=0.1, repeat=0.1, order=0.05, cycle=0.25, tour=0.25),
)
"""What pre-training is shown and told: all kinds of action, those that TGIF-QA asks about among them."""

FULL = Scale(640, 3000, 700, 400, 1.0, 3, 1280, 700, ("balanced",))
QUICK = Scale(160, 400, 150, 100, 0.1, 1, 320, 150, ("balanced",))


@dataclass(frozen=True, slots=True)
class Pretraining:
    """A way of making the weights that fine-tuning starts from.

    Attributes:
        name: in tables.
        stage: 0 is random weights; 2 goes on from stage 1.
        categories: of the videos it learns from.
        streams: what it sees of them, and what fine-tuning and test see of theirs.
        enlarged: its HR frames are LR frames enlarged.
    """

    name: str
    stage: int
    categories: int = 15
    streams: str = "hybrid"
    enlarged: bool = False

    @property
    def words(self) -> str:
        """Behind "from"."""
        return self.name if self.stage else "nothing"

    @property
    def folder(self) -> str:
        return self.name.replace(" ", "-")


NONE = Pretraining("none", 0)
STAGE1 = Pretraining("stage one", 1)
STAGE2 = Pretraining("stage two", 2)
ONE_CATEGORY = Pretraining("one category", 1, categories=1)
LOW = Pretraining("low resolution", 1, streams="low")
ENLARGED = Pretraining("enlarged", 1, enlarged=True)
OTHER_DATA = (ONE_CATEGORY, LOW, ENLARGED)


@dataclass(frozen=True, slots=True)
class DownstreamTask:
    """A benchmark in small.

    Attributes:
        name: in tables.
        protocol: see `hdvila.evaluate.protocols`.
        folder: of `hdvila.lab.benchmarks`.
        recipe: that fine-tunes for it.
        starts: what fine-tuning begins with.
        variants: other ways of looking at the test (`preprocessing_variants.VARIANTS`).
        needs: those of them that take away what the answers rest on.
        segments: other numbers of segments at the test.
    """

    name: str
    protocol: str
    folder: str
    recipe: str
    starts: tuple[Pretraining, ...]
    variants: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    segments: tuple[int, ...] = ()


_RETRIEVAL = (NONE, STAGE1)
_ANSWERS = (NONE, STAGE1, STAGE2)
_TIME = ("shuffled", "one frame")
_VARIANTS = (*_TIME, "no detail")
TASKS = (
    DownstreamTask(
        "MSR-VTT", "msrvtt-1ka", "msrvtt", "miniature-msrvtt-retrieval", (*_RETRIEVAL, *OTHER_DATA),
        segments=(2, 4),
    ),
    DownstreamTask("DiDeMo", "didemo", "didemo", "miniature-didemo-retrieval", _RETRIEVAL, segments=(1, 2, 4)),
    DownstreamTask(
        "ActivityNet", "activitynet-val1", "activitynet", "miniature-activitynet-retrieval", _RETRIEVAL,
        segments=(1, 2, 4),
    ),
    DownstreamTask("MSRVTT-QA", "msrvtt-qa", "msrvtt", "miniature-msrvtt-qa", _ANSWERS),
    DownstreamTask(
        "TGIF action", "tgif-action", "tgif_qa", "miniature-tgif-action", _ANSWERS,
        variants=_VARIANTS, needs=_TIME,
    ),
    DownstreamTask(
        "TGIF transition", "tgif-transition", "tgif_qa", "miniature-tgif-transition", _ANSWERS,
        variants=_VARIANTS, needs=_TIME,
    ),
    DownstreamTask(
        "TGIF frame", "tgif-frameqa", "tgif_qa", "miniature-tgif-frameqa", _ANSWERS,
        variants=_VARIANTS, needs=("no detail",),
    ),
)  # fmt: skip
CHOICE = "MSRVTT-MC"
"""Asked of every model that is tuned on MSR-VTT: the nearest of five captions."""

"""What the studies train and test: pre-trainings, downstream tasks, and how much of each."""

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
    """The size of the studies.

    Attributes:
        videos: of each pre-training corpus.
        benchmark_videos: `videos` of `hdvila.lab.benchmarks.write_benchmarks`.
        stage1, stage2: steps of pre-training.
        tuning: fraction of a fine-tuning recipe's steps.
        seeds: training runs of each model.
        frame_videos, frame_steps, frame_worlds: videos, steps and worlds (by name) of the frame-selection study.
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
"""The world of pre-training: it has all kinds of action, also those that only TGIF-QA asks about."""

FULL = Scale(640, 3000, 700, 400, 1.0, 3, 1280, 700, ("balanced",))
QUICK = Scale(160, 400, 150, 100, 0.1, 1, 320, 150, ("balanced",))


@dataclass(frozen=True, slots=True)
class Pretraining:
    """One way to make the weights that fine-tuning starts from.

    Attributes:
        name: in tables.
        stage: 0 is random weights; 2 continues from stage 1.
        categories: of the training videos.
        streams: read in pre-training, and in fine-tuning and testing.
        enlarged: its HR frames are enlarged LR frames.
    """

    name: str
    stage: int
    categories: int = 15
    streams: str = "hybrid"
    enlarged: bool = False

    @property
    def words(self) -> str:
        """The name as it follows "from"."""
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
    """One benchmark in miniature, and how models are fine-tuned and tested on it.

    Attributes:
        name: in tables.
        protocol: a name of `hdvila.evaluate.protocols`.
        folder: a name of `hdvila.lab.benchmarks`.
        recipe: of its fine-tuning.
        starts: the weights that fine-tuning starts from.
        variants: preprocessing variants that it is tested with (`preprocessing_variants.VARIANTS`).
        needs: the variants that remove what the answers depend on.
        segments: further numbers of segments that it is tested with.
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
"""A further test of every model fine-tuned on MSR-VTT: the nearest of five captions."""

"""The results: a row for each test of a trained model; and filters that choose rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hdvila.lab.reproduction.plan import CHOICE, STAGE1, TASKS, DownstreamTask, Pretraining
from hdvila.recipes import get_recipe

__all__ = [
    "Row",
    "RowFilter",
    "plain",
    "pretrained",
    "segment_numbers",
    "task_names",
    "with_segments",
    "with_variant",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One test of one trained model.

    Attributes:
        task, start, seed: which model (`plan.DownstreamTask.name`, `plan.Pretraining.name`).
        look: the preprocessing variant (`preprocessing_variants.VARIANTS`), or "".
        segments: how many, where that is not the model's own number; else 0.
        score: R@1 from text to video, or accuracy, 0..1; `low` and `high` are its 95 % interval over queries.
        blind: the score without the video: by chance, or of the most frequent answer if that is higher.
        by_type: accuracy by kind of question.
        steps, seconds: of fine-tuning; of a killed and continued one, the seconds since it was continued.
        precision: of fine-tuning (`hdvila.nn.device`).
    """

    task: str
    start: str
    seed: int
    look: str
    segments: int
    score: float
    low: float
    high: float
    blind: float
    by_type: dict[str, float]
    steps: int
    seconds: float
    precision: str


RowFilter = Callable[[Row], bool]


def task_names(rows: Sequence[Row]) -> list[str]:
    """Names of the tasks that have rows, in the plan's order, MSRVTT-MC after MSR-VTT."""
    names = [
        name for task in TASKS for name in ((task.name, CHOICE) if task.protocol == "msrvtt-1ka" else (task.name,))
    ]
    return [name for name in names if any(row.task == name for row in rows)]


def pretrained(task: DownstreamTask) -> list[Pretraining]:
    """The starts of a task without random weights."""
    return [start for start in task.starts if start.stage]


def plain(task: str, start: Pretraining) -> RowFilter:
    """Tests of unchanged clips with the model's own number of segments."""
    return with_variant(task, start, "")


def with_variant(task: str, start: Pretraining, variant: str) -> RowFilter:
    """Tests of clips changed by a preprocessing variant, with the model's own number of segments."""
    return lambda row: (row.task, row.start, row.look, row.segments) == (task, start.name, variant, 0)


def with_segments(task: DownstreamTask, number: int) -> RowFilter:
    """Tests with so many segments; the plain ones have the model's own number."""
    these = (number, 0) if number == _own_segments(task) else (number,)
    return lambda row: (row.task, row.start, row.look) == (task.name, STAGE1.name, "") and row.segments in these


def segment_numbers(task: DownstreamTask) -> tuple[int, ...]:
    """The numbers of segments that a task is tested with."""
    return tuple(sorted({_own_segments(task), *task.segments}))


def _own_segments(task: DownstreamTask) -> int:
    benchmark = get_recipe(task.recipe).data.benchmark
    assert benchmark is not None
    return benchmark.segments

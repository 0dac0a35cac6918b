"""The results: a row for each test of a trained model, a line of ``results.jsonl``; and filters that choose rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hdvila.errors import UsageError
from hdvila.files import replacing
from hdvila.lab.reproduction.plan import CHOICE, STAGE1, TASKS, DownstreamTask, Pretraining
from hdvila.recipes import get_recipe

__all__ = [
    "Row",
    "RowFilter",
    "add_rows",
    "plain",
    "pretrained",
    "read_rows",
    "segment_numbers",
    "task_names",
    "with_segments",
    "with_variant",
]

RESULTS = "results.jsonl"


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


def read_rows(root: Path) -> list[Row]:
    """The rows of finished runs, in the order in which they were added.

    Raises:
        UsageError: a line is cut or not a row; the message names it.
    """
    file = root / RESULTS
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines() if file.exists() else [], start=1):
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{file}, line {number}: is not a row of a test ({error}); delete it and the lines before it of the "
                "same task, start and seed, and the same command tests that model again"
            ) from error
    return rows


def add_rows(root: Path, rows: Iterable[Row]) -> None:
    """Append rows to those that are there: all of them, or, if this call is killed, none.

    Raises:
        UsageError: as `read_rows`.
    """
    text = "".join(json.dumps(asdict(row)) + "\n" for row in (*read_rows(root), *rows))
    with replacing(root / RESULTS) as partial:
        partial.write_text(text, encoding="utf-8")


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

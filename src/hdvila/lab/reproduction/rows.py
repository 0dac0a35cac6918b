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
        task, start, seed: which model (`plan.Task.name`, `plan.Pretraining.name`).
        look: "" or how the clips were changed (`preprocessing_variants.VARIANTS`).
        segments: 0, or a number other than the model's own.
        score: R@1 from text to video, or accuracy, 0..1; `low` and `high` are its 95 % interval over queries.
        blind: what is had without looking: by chance, or by always giving the most frequent answer, if that is more.
        by_type: accuracy by kind of question.
        steps, seconds: of the training; seconds of its last part where it was killed and continued.
        precision: in which it computed (`hdvila.nn.precision`).
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
    """The tests of finished runs, in the order of the studies' jobs.

    Raises:
        UsageError: a line is cut or no row; says which.
    """
    file = root / RESULTS
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines() if file.exists() else [], start=1):
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{file}, line {number}: is no row of a test ({error}); delete it and the lines before it of the same "
                "task, start and seed, and the same command asks that model again"
            ) from error
    return rows


def add_rows(root: Path, rows: Iterable[Row]) -> None:
    """Put rows behind those that are there: all of them, or, if this is killed, none.

    Raises:
        UsageError: as `read_rows`.
    """
    text = "".join(json.dumps(asdict(row)) + "\n" for row in (*read_rows(root), *rows))
    with replacing(root / RESULTS) as partial:
        partial.write_text(text, encoding="utf-8")


RowFilter = Callable[[Row], bool]


def task_names(rows: Sequence[Row]) -> list[str]:
    """Of tasks that have rows, in the plan's order; the choice among captions stands behind their retrieval."""
    names = [
        name for task in TASKS for name in ((task.name, CHOICE) if task.protocol == "msrvtt-1ka" else (task.name,))
    ]
    return [name for name in names if any(row.task == name for row in rows)]


def pretrained(task: DownstreamTask) -> list[Pretraining]:
    """The starts of a task other than random weights."""
    return [start for start in task.starts if start.stage]


def plain(task: str, start: Pretraining) -> RowFilter:
    """The clips as they are, with the models' own number of segments."""
    return with_variant(task, start, "")


def with_variant(task: str, start: Pretraining, variant: str) -> RowFilter:
    """The clips changed by a preprocessing variant (`preprocessing_variants.VARIANTS`)."""
    return lambda row: (row.task, row.start, row.look, row.segments) == (task, start.name, variant, 0)


def with_segments(task: DownstreamTask, number: int) -> RowFilter:
    """The test with so many segments; the models' own number is that of the plain one."""
    these = (number, 0) if number == _own(task) else (number,)
    return lambda row: (row.task, row.start, row.look) == (task.name, STAGE1.name, "") and row.segments in these


def segment_numbers(task: DownstreamTask) -> tuple[int, ...]:
    """Of segments that it was tested with."""
    return tuple(sorted({_own(task), *task.segments}))


def _own(task: DownstreamTask) -> int:
    benchmark = get_recipe(task.recipe).data.benchmark
    assert benchmark is not None
    return benchmark.segments

"""Which rows a table or a finding is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hdvila.recipes import get_recipe
from hdvila.studies.reproduction.plan import CHOICE, STAGE1, TASKS, Pretraining, Task
from hdvila.studies.reproduction.rows import Row

__all__ = ["Test", "looked", "numbers", "plain", "pretrained", "task_names", "with_segments"]

Test = Callable[[Row], bool]


def task_names(rows: Sequence[Row]) -> list[str]:
    """Of tasks that have rows, in the plan's order; the choice among captions stands behind their retrieval."""
    names = [
        name for task in TASKS for name in ((task.name, CHOICE) if task.protocol == "msrvtt-1ka" else (task.name,))
    ]
    return [name for name in names if any(row.task == name for row in rows)]


def pretrained(task: Task) -> list[Pretraining]:
    """The starts of a task other than random weights."""
    return [start for start in task.starts if start.stage]


def plain(task: str, start: Pretraining) -> Test:
    """The clips as they are, with the models' own number of segments."""
    return looked(task, start, "")


def looked(task: str, start: Pretraining, look: str) -> Test:
    """The clips changed by a look (`looks.LOOKS`)."""
    return lambda row: (row.task, row.start, row.look, row.segments) == (task, start.name, look, 0)


def with_segments(task: Task, number: int) -> Test:
    """The test with so many segments; the models' own number is that of the plain one."""
    these = (number, 0) if number == _own(task) else (number,)
    return lambda row: (row.task, row.start, row.look) == (task.name, STAGE1.name, "") and row.segments in these


def numbers(task: Task) -> tuple[int, ...]:
    """Of segments that it was tested with."""
    return tuple(sorted({_own(task), *task.segments}))


def _own(task: Task) -> int:
    benchmark = get_recipe(task.recipe).data.benchmark
    assert benchmark is not None
    return benchmark.segments

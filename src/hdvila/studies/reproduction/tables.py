"""The rows of the studies as tables, and what of the paper's findings they agree with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from hdvila.evaluate.protocols import get_protocol
from hdvila.recipes import get_recipe
from hdvila.studies.reproduction.jobs import CHOICE
from hdvila.studies.reproduction.plan import (
    ENLARGED,
    LOW,
    NONE,
    ONE_CATEGORY,
    STAGE1,
    STAGE2,
    TASKS,
    Pretraining,
    Task,
)
from hdvila.studies.reproduction.rows import Row

__all__ = ["Finding", "findings", "sections"]

Test = Callable[[Row], bool]
SEEN = {
    STAGE1: "fifteen categories, high resolution",
    ONE_CATEGORY: "one category",
    LOW: "low resolution alone",
    ENLARGED: "low resolution enlarged",
}
UNKNOWN = "not in our sources"
ANSWERS = tuple(task.name for task in TASKS if STAGE2 in task.starts)
_CLEAR = {2: 6.31, 3: 2.92, 4: 2.35, 5: 2.13}
"""Seeds -> Student's t that chance exceeds in one of twenty cases, on one side."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the paper found, and what became of it here.

    Attributes:
        claim: in words.
        better, worse: means here, 0..1.
        by_seed: the difference, better minus worse, of every seed.
    """

    claim: str
    better: float
    worse: float
    by_seed: tuple[float, ...]

    @property
    def verdict(self) -> str:
        """``agrees`` where the mean difference points the paper's way by more than `_CLEAR` of its standard errors."""
        seeds = len(self.by_seed)
        if seeds < 2:
            return "one seed says nothing"
        lead, needed = mean(self.by_seed), _CLEAR.get(seeds, _CLEAR[5]) * stdev(self.by_seed) / sqrt(seeds)
        if lead > needed:
            return "agrees"
        if -lead > needed:
            return "the other way round"
        return "no clear difference"


def sections(rows: Sequence[Row]) -> dict[str, str]:
    """Name of a study -> its table in Markdown."""
    return {
        "state": _state(rows),
        "tasks": _tasks(rows),
        "data": _data(rows),
        "segments": _segments(rows),
        "rests": _rests(rows),
        "findings": _findings(rows),
    }


def findings(rows: Sequence[Row]) -> list[Finding]:
    """Every comparison for which both sides have been run."""
    compared = []
    for name in dict.fromkeys(row.task for row in rows):
        compared.append((f"{name}: pre-training helps", _plain(name, STAGE1), _plain(name, NONE)))
    for name in ANSWERS:
        compared.append((f"{name}: stage two is the better start", _plain(name, STAGE2), _plain(name, STAGE1)))
    for other, claim in (
        (ONE_CATEGORY, "fifteen categories teach more than one"),
        (LOW, "high resolution teaches more than low"),
        (ENLARGED, "high resolution teaches more than low resolution enlarged"),
    ):
        compared.append((f"MSR-VTT: {claim}", _plain("MSR-VTT", STAGE1), _plain("MSR-VTT", other)))
    for task in TASKS:
        if task.segments:
            fewest, *_, most = _numbers(task)
            claim = f"{task.name}: {most} segments at the test beat {fewest}"
            compared.append((claim, _at(task, most), _at(task, fewest)))
    found = [_finding(rows, *one) for one in compared]
    return [finding for finding in found if finding is not None]


def _finding(rows: Sequence[Row], claim: str, better: Test, worse: Test) -> Finding | None:
    ours = {row.seed: row.score for row in rows if better(row)}
    theirs = {row.seed: row.score for row in rows if worse(row)}
    seeds = sorted(ours.keys() & theirs.keys())
    if not seeds:
        return None
    differences = tuple(ours[seed] - theirs[seed] for seed in seeds)
    return Finding(claim, mean(ours[seed] for seed in seeds), mean(theirs[seed] for seed in seeds), differences)


def _plain(task: str, start: Pretraining) -> Test:
    return lambda row: (row.task, row.start, row.look, row.segments) == (task, start.name, "", 0)


def _at(task: Task, number: int) -> Test:
    """The test with so many segments; the models' own number is that of the plain one."""
    numbers = (number, 0) if number == _own(task) else (number,)
    return lambda row: (row.task, row.start, row.look) == (task.name, STAGE1.name, "") and row.segments in numbers


def _own(task: Task) -> int:
    benchmark = get_recipe(task.recipe).data.benchmark
    assert benchmark is not None
    return benchmark.segments


def _numbers(task: Task) -> tuple[int, ...]:
    """Of segments that it was tested with."""
    return tuple(sorted({_own(task), *task.segments}))


def _cell(rows: Sequence[Row], test: Test) -> str:
    """Mean and spread over seeds, in percent."""
    scores = [100 * row.score for row in rows if test(row)]
    if not scores:
        return ""
    return f"{mean(scores):.1f}" + (f" ± {stdev(scores):.1f}" if len(scores) > 1 else "")


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(line) + " |" for line in body)])


def _state(rows: Sequence[Row]) -> str:
    """Which run the tables are of."""
    if not rows:
        return "No run has filled the tables yet."
    seeds = len({row.seed for row in rows})
    models = len({(row.task, row.start, row.seed) for row in rows if row.task != CHOICE})
    fewest, most = min(row.steps for row in rows), max(row.steps for row in rows)
    return (
        f"The tables are of {len(rows)} tests of {models} models, with {seeds} seed{'s' if seeds > 1 else ''} and "
        f"{fewest}{f' to {most}' if most > fewest else ''} steps of fine-tuning."
    )


def _tasks(rows: Sequence[Row]) -> str:
    paper = {task.name: task.paper for task in TASKS} | {CHOICE: "97.1"}
    body = []
    for task in dict.fromkeys(row.task for row in rows):
        blind = next(row.blind for row in rows if row.task == task)
        cells = [_cell(rows, _plain(task, start)) for start in (NONE, STAGE1, STAGE2)]
        body.append([task, f"{100 * blind:.1f}", *cells, paper.get(task, "")])
    starts = [f"from {name}" for name in ("nothing", "stage one", "stage two")]
    return _table(["task", "chance or most frequent answer", *starts, "paper, real data"], body)


def _data(rows: Sequence[Row]) -> str:
    body = [
        [SEEN[start], _cell(rows, _plain("MSR-VTT", start)), _cell(rows, _plain(CHOICE, start)), UNKNOWN]
        for start in SEEN
    ]
    return _table(["pre-trained on", "MSR-VTT R@1", "MSRVTT-MC", "paper, real data"], body)


def _segments(rows: Sequence[Row]) -> str:
    tasks = [task for task in TASKS if task.segments]
    numbers = sorted({number for task in tasks for number in _numbers(task)})
    body = []
    for task in tasks:
        paper = f"{task.paper} with {get_protocol(task.protocol).test.segments}; others {UNKNOWN}"
        body.append([task.name, *(_cell(rows, _at(task, number)) for number in numbers), paper])
    return _table(["R@1 with segments:", *map(str, numbers), "paper, real data"], body)


def _rests(rows: Sequence[Row]) -> str:
    """The tasks about time and detail, looked at in other ways, from the last start each has."""
    body = []
    for task in (task for task in TASKS if task.looks):
        start = task.starts[-1].name
        these = [row for row in rows if (row.task, row.start) == (task.name, start)]
        kinds = sorted({kind for row in these for kind in row.by_type})
        body.append([task.name, *(_cell(these, _looked(look)) for look in ("", *task.looks))])
        if len(kinds) > 1:
            for kind in kinds:
                body.append([f"… {kind}", *(_kind_cell(these, look, kind) for look in ("", *task.looks))])
    return _table(["accuracy", "as it is", "frames shuffled", "one frame", "no detail in HR"], body)


def _looked(look: str) -> Test:
    return lambda row: row.look == look


def _kind_cell(rows: Sequence[Row], look: str, kind: str) -> str:
    shares = [100 * row.by_type[kind] for row in rows if row.look == look and kind in row.by_type]
    return f"{mean(shares):.1f}" if shares else ""


def _findings(rows: Sequence[Row]) -> str:
    body = [
        [
            finding.claim,
            f"{100 * finding.better:.1f} against {100 * finding.worse:.1f}",
            ", ".join(f"{100 * difference:+.1f}" for difference in finding.by_seed),
            f"**{finding.verdict}**",
        ]
        for finding in findings(rows)
    ]
    return _table(["claim", "here", "difference by seed", ""], body)

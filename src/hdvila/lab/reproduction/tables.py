"""The rows of the studies as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev

from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.protocols.published import hd_vila
from hdvila.lab.frame_selection.study import Result
from hdvila.lab.published import DATA, figures
from hdvila.lab.reproduction.findings import findings
from hdvila.lab.reproduction.plan import CHOICE, ENLARGED, LOW, NONE, ONE_CATEGORY, STAGE1, STAGE2, TASKS
from hdvila.lab.reproduction.rows import Row, RowFilter, plain, segment_numbers, task_names, with_segments, with_variant
from hdvila.models import get_system

__all__ = ["sections"]

SEEN = {
    STAGE1: ("fifteen categories, high resolution", "balanced, 720p"),
    ONE_CATEGORY: ("one category", "one category (HowTo), 720p"),
    LOW: ("low resolution alone (and fine-tuned and tested so)", "balanced, 360p"),
    ENLARGED: ("low resolution enlarged", "balanced, 360p enlarged to 720p"),
}
"""Pre-training -> its data here, and the paper's row of the same kind (`hdvila.lab.published.DATA`)."""


def sections(rows: Sequence[Row], frames: Sequence[Result] = ()) -> dict[str, str]:
    """Name of a study -> its table.

    Args:
        rows: of the downstream tasks.
        frames: of the frame-selection study: its findings. Its own table is in `hdvila.lab.frame_selection.tables`.
    """
    return {
        "state": _state(rows),
        "tasks": _tasks(rows),
        "data": _data(rows),
        "segments": _segments(rows),
        "rests": _rests(rows),
        "findings": _findings(rows, frames),
    }


def _cell(rows: Sequence[Row], test: RowFilter) -> str:
    return _mean_and_spread([row.score for row in rows if test(row)])


def _mean_and_spread(shares: Sequence[float]) -> str:
    """Mean and standard deviation over seeds, in percent; empty without shares."""
    if not shares:
        return ""
    return f"{100 * mean(shares):.1f}" + (f" ± {100 * stdev(shares):.1f}" if len(shares) > 1 else "")


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(line) + " |" for line in body)])


def _state(rows: Sequence[Row]) -> str:
    """Which run the tables come from."""
    if not rows:
        return "No run has filled the tables yet."
    seeds = len({row.seed for row in rows})
    models = len({(row.task, row.start, row.seed) for row in rows if row.task != CHOICE})
    fewest, most = min(row.steps for row in rows), max(row.steps for row in rows)
    return (
        f"The tables show {len(rows)} tests of {models} models, with {seeds} seed{'s' if seeds > 1 else ''} and "
        f"{fewest}{f' to {most}' if most > fewest else ''} steps of fine-tuning."
    )


def _tasks(rows: Sequence[Row]) -> str:
    paper = {task.name: _paper(task.protocol) for task in TASKS} | {CHOICE: _paper("msrvtt-mc")}
    body = []
    for task in task_names(rows):
        blind = next(row.blind for row in rows if row.task == task)
        cells = [_cell(rows, plain(task, start)) for start in (NONE, STAGE1, STAGE2)]
        body.append([task, f"{100 * blind:.1f}", *cells, paper.get(task, "")])
    starts = [f"from {name}" for name in ("nothing", "stage one", "stage two")]
    return _table(["task", "chance or most frequent answer", *starts, "paper, real data"], body)


def _data(rows: Sequence[Row]) -> str:
    body = [
        [here, *(_cell(rows, plain(task, start)) for task in ("MSR-VTT", CHOICE)), there, figures(DATA[there])]
        for start, (here, there) in SEEN.items()
    ]
    paper = [f"in {hd_vila(7)}", "its zero-shot MSR-VTT: R@1 / 5 / 10 / median"]
    return _table(["pre-trained on", "MSR-VTT R@1", "MSRVTT-MC", *paper], body)


def _paper(protocol: str) -> str:
    """The paper's R@1 or accuracy on the real benchmark: of v2, and of v1 where that differs."""
    rows = {row.who: row.values for row in get_protocol(protocol).published}
    metric, label = ("r1", "R@1 ") if "r1" in rows["HD-VILA"] else ("accuracy", "")
    now, before = (f"{100 * rows[who][metric]:.1f}" for who in ("HD-VILA", "HD-VILA (v1)"))
    return f"{label}{now}" + (f" (v1: {before})" if before != now else "")


def _segments(rows: Sequence[Row]) -> str:
    tasks = [task for task in TASKS if task.segments]
    columns = sorted({number for task in tasks for number in segment_numbers(task)})
    body = []
    for task in tasks:
        shown = get_system("hdvila").shown(task.protocol)
        assert shown is not None
        paper = f"{_paper(task.protocol)} with {shown.test.segments}; it prints no others"
        body.append([task.name, *(_cell(rows, with_segments(task, number)) for number in columns), paper])
    return _table(["R@1 with segments:", *map(str, columns), "paper, real data"], body)


def _rests(rows: Sequence[Row]) -> str:
    """The tasks about time and detail, tested with each preprocessing variant."""
    body = []
    for task, start in [(one, start) for one in TASKS if one.variants for start in one.starts]:
        tests = [with_variant(task.name, start, variant) for variant in ("", *task.variants)]
        body.append([f"{task.name} from {start.words}", *(_cell(rows, test) for test in tests)])
        kinds = sorted({kind for row in rows if any(test(row) for test in tests) for kind in row.by_type})
        if len(kinds) > 1:
            for kind in kinds:
                body.append([f"… {kind}", *(_kind_cell(rows, test, kind) for test in tests)])
    return _table(["accuracy", "as it is", "frames shuffled", "one frame", "no detail in HR"], body)


def _kind_cell(rows: Sequence[Row], test: RowFilter, kind: str) -> str:
    return _mean_and_spread([row.by_type[kind] for row in rows if test(row) and kind in row.by_type])


def _findings(rows: Sequence[Row], frames: Sequence[Result]) -> str:
    body = [
        [
            finding.whose,
            finding.claim,
            f"{100 * finding.better:.1f} against {100 * finding.worse:.1f}",
            ", ".join(f"{100 * difference:+.1f}" for difference in finding.by_seed),
            f"**{finding.verdict}**",
        ]
        for finding in findings(rows, frames)
    ]
    return _table(["whose", "claim", "here", "difference by seed", ""], body)

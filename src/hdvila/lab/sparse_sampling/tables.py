"""The study's results as the paper's tables, each row beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev

from hdvila.lab.sparse_sampling.plan import ROWS, TableRow, TaskName
from hdvila.lab.sparse_sampling.training import SamplingRow

__all__ = ["TITLES", "sections"]

TITLES = {
    "1": "size of the frames",
    "2": "frames of a clip, and their fusion",
    "3": "clips in training and their consensus, 16 clips in the test",
    "4": "which clips training sees, 16 clips in the test",
    "5": "initial weights (ResNet; transformer)",
    "6": "what is trained of the picture side",
    "figure 4": "clips in the test",
}


def sections(rows: Sequence[SamplingRow]) -> dict[str, str]:
    """Markdown by the name of its place in the page: ``table-1`` .. ``table-6``, ``figure-4`` and ``state``."""
    found = {}
    for table in TITLES:
        place = table.replace(" ", "-") if table.startswith("figure") else f"table-{table}"
        found[place] = _table([row for row in ROWS if row.table == table], rows)
    models = {(row.task, row.model, row.seed) for row in rows}
    seeds = len({row.seed for row in rows})
    found["state"] = (
        "No row has been trained yet: the figures below are the paper's alone."
        if not rows
        else f"The tables show {len(rows)} tests of {len(models)} models, with up to {seeds} seeds and "
        f"{max((row.steps for row in rows), default=0)} steps of fine-tuning."
    )
    return found


def _table(table: Sequence[TableRow], rows: Sequence[SamplingRow]) -> str:
    lines = [
        "| | R@1 | R@10 | median rank | questions | seeds | paper: R@1 / 5 / 10 / median; questions |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in table:
        ranked, asked = _tests("retrieval", line, rows), _tests("questions", line, rows)
        cells = [
            _percent([row.score for row in ranked]),
            _percent([row.r10 for row in ranked]),
            f"{mean(row.median for row in ranked):.1f}" if ranked else "",
            _percent([row.score for row in asked]),
            str(max(len(ranked), len(asked)) or ""),
            str(line.paper or ""),
        ]
        lines.append(f"| {line.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _tests(task: TaskName, line: TableRow, rows: Sequence[SamplingRow]) -> list[SamplingRow]:
    wanted = (task, line.model.name, line.test_clips)
    return [row for row in rows if (row.task, row.model, row.test_clips) == wanted]


def _percent(scores: Sequence[float]) -> str:
    if not scores:
        return ""
    spread = f" ± {100 * stdev(scores):.1f}" if len(scores) > 1 else ""
    return f"{100 * mean(scores):.1f}{spread}"

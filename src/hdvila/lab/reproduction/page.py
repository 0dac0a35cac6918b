"""The plot of the tasks, and tables and plots put into a page written by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from hdvila.errors import UsageError, require
from hdvila.files import replacing
from hdvila.lab.reproduction.plan import NONE, STAGE1, STAGE2
from hdvila.lab.reproduction.rows import Row, plain, task_names
from hdvila.pages import BLUE, INK, LINE, PALE, SOFT

__all__ = ["draw", "fill"]

ALT_TEXTS = {
    "tasks": "R@1 and accuracy of every task by its start, a dot for each seed, and the score without the video",
    "frames": "R@1 by choice of frames",
}
"""Alternative texts of the plots."""


def fill(page: Path, tables: Mapping[str, str], plots: Mapping[str, Path]) -> None:
    """Replace the text between ``<!-- NAME -->`` and ``<!-- end of NAME -->`` by the table of that name.

    A plot is copied into ``images/`` beside the page and shown above the table of its name.

    Raises:
        UsageError: the page is missing or lacks the marks of a table; nothing is written.
    """
    if not page.is_file():
        raise UsageError(f"{page}: there is no such page; name one with marks for each of {', '.join(tables)}")
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        marks = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end of {re.escape(name)} -->)", re.DOTALL)
        if not marks.search(text):
            raise UsageError(f"{page}: lacks the marks of a table: add <!-- {name} --> and <!-- end of {name} -->")
        shown = f"![{ALT_TEXTS[name]}](images/{plots[name].name})\n\n" if name in plots else ""
        text = marks.sub(lambda found: f"{found[1]}\n{shown}{table.strip()}\n\n{found[2]}", text)  # noqa: B023
    for plot in plots.values():
        (page.parent / "images").mkdir(exist_ok=True)
        shutil.copyfile(plot, page.parent / "images" / plot.name)
    with replacing(page) as partial:
        partial.write_text(text, encoding="utf-8")


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write a plot: a group of bars for each task, a bar for each start, a dot for each seed, a line at `Row.blind`.

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    require("matplotlib", extra="train")
    from matplotlib.figure import Figure

    tasks = task_names(rows)
    figure = Figure(figsize=(1.25 * len(tasks) + 1, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for place, task in enumerate(tasks):
        for number, (start, colour) in enumerate(((NONE, LINE), (STAGE1, PALE), (STAGE2, BLUE))):
            these = [100 * row.score for row in rows if plain(task, start)(row)]
            if these:
                at = place + 0.27 * (number - 1)
                axes.bar(at, mean(these), 0.25, color=colour, label=f"from {start.words}")
                axes.scatter([at] * len(these), these, color=INK, s=9, zorder=3)
        blind = 100 * next(row.blind for row in rows if row.task == task)
        axes.hlines(blind, place - 0.42, place + 0.42, color=SOFT, linewidth=1, linestyle=":")
    axes.set_xticks(range(len(tasks)), [task.replace(" ", "\n") for task in tasks])
    axes.set_ylabel("R@1 or accuracy, %")
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named, loc="outside upper right", ncols=3, frameon=False)
    figure.savefig(path, dpi=140)

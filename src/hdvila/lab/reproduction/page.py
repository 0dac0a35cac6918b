"""Tables and plots into a page that people write around them."""

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

__all__ = ["draw", "fill"]


PICTURES = {
    "tasks": "R@1 and accuracy of every task by its start, a dot for each seed, and what is had without looking",
    "frames": "R@1 by choice of frames",
}
"""What stands in their place for those who do not see them."""


def fill(page: Path, tables: Mapping[str, str], pictures: Mapping[str, Path]) -> None:
    """Replace what stands between ``<!-- NAME -->`` and ``<!-- end of NAME -->``, for every table.

    A picture goes into ``images/`` beside the page and stands above the table of its name (`PICTURES`).

    Raises:
        UsageError: the page is missing or has no such place.
    """
    if not page.is_file():
        raise UsageError(f"{page}: there is no such page; name one with a place for each of {', '.join(tables)}")
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        place = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end of {re.escape(name)} -->)", re.DOTALL)
        if not place.search(text):
            raise UsageError(f"{page}: has no place for a table: add <!-- {name} --> and <!-- end of {name} -->")
        shown = f"![{PICTURES[name]}](images/{pictures[name].name})\n\n" if name in pictures else ""
        text = place.sub(lambda found: f"{found[1]}\n{shown}{table.strip()}\n\n{found[2]}", text)  # noqa: B023
    for picture in pictures.values():
        (page.parent / "images").mkdir(exist_ok=True)
        shutil.copyfile(picture, page.parent / "images" / picture.name)
    with replacing(page) as partial:
        partial.write_text(text, encoding="utf-8")


def draw(rows: Sequence[Row], path: Path) -> None:
    """A group of bars for each task, a bar for each start, a dot for each seed, a line at `Row.blind`."""
    matplotlib = require("matplotlib", extra="train")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    tasks = task_names(rows)
    figure = Figure(figsize=(1.25 * len(tasks) + 1, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for place, task in enumerate(tasks):
        for number, (start, colour) in enumerate(((NONE, "#dfe3ea"), (STAGE1, "#b9c7e6"), (STAGE2, "#2b59c3"))):
            these = [100 * row.score for row in rows if plain(task, start)(row)]
            if these:
                at = place + 0.27 * (number - 1)
                axes.bar(at, mean(these), 0.25, color=colour, label=f"from {start.words}")
                axes.scatter([at] * len(these), these, color="#1c2230", s=9, zorder=3)
        blind = 100 * next(row.blind for row in rows if row.task == task)
        axes.hlines(blind, place - 0.42, place + 0.42, color="#667085", linewidth=1, linestyle=":")
    axes.set_xticks(range(len(tasks)), [task.replace(" ", "\n") for task in tasks])
    axes.set_ylabel("R@1 or accuracy, %")
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named, loc="outside upper right", ncols=3, frameon=False)
    figure.savefig(path, dpi=140)

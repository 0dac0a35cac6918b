"""A table of results as text: Markdown, LaTeX, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["CHANCE", "Column", "Row", "Table", "as_csv", "as_latex", "as_markdown", "cells"]

CHANCE = "chance"
"""The method of the row that guesses."""

_LATEX = {letter: "\\" + letter for letter in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A number of the record: where it stands there, where its interval, and how it is shown.

    Attributes:
        ends: the place of the interval; by default `intervals` beside the number.
        share: in percent.
        digits: behind the point.
    """

    label: str
    path: tuple[str, ...]
    ends: tuple[str, ...] = ()
    share: bool = True
    digits: int = 1

    @property
    def key(self) -> str:
        """What the column is called in CSV."""
        return "_".join(self.path)

    @property
    def interval(self) -> tuple[str, ...]:
        """Where the interval stands in the record."""
        return self.ends or (*self.path[:-1], "intervals", self.path[-1])


@dataclass(frozen=True, slots=True)
class Row:
    """A method and its numbers by column key.

    Attributes:
        ends: of the intervals, by column key.
        queries, gallery: here, and in the published test; a pair a protocol of the table, none where nobody says.
        source: where it was published.
        setting: in what it differs from the plain test, or how its method was trained.
    """

    method: str
    numbers: dict[str, float]
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    queries: tuple[tuple[int, int] | None, ...] = ()
    gallery: tuple[tuple[int, int] | None, ...] = ()
    source: str = ""
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one protocol, or of several that share a table; `gallery` is the label of that column."""

    name: str
    gallery: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def cells(table: Table) -> list[list[str]]:
    """Header and rows as text for people."""
    found = [["Method", *(column.label for column in table.columns), "Queries", table.gallery, "Source or setting"]]
    for row in table.rows:
        numbers = [_cell(column, row) for column in table.columns]
        said = "; ".join(filter(None, (row.source, row.setting)))
        found.append(
            [row.method, *numbers, *(" / ".join(map(_of, pairs)) for pairs in (row.queries, row.gallery)), said]
        )
    return found


def as_markdown(table: Table) -> str:
    """A table with its name above."""
    header, *rows = ([_marked(cell) for cell in row] for row in cells(table))
    rule = ["---", *("---:" for _ in header[1:-1]), "---"]
    lines = [f"| {' | '.join(row)} |" for row in (header, rule, *rows)]
    return "\n".join([f"**{_marked(table.name)}**", "", *lines, ""])


def as_latex(table: Table) -> str:
    """A tabular with its name in a comment."""
    header, *rows = (
        ["".join(_LATEX.get(letter, letter) for letter in _line(cell)) for cell in row] for row in cells(table)
    )
    layout = "l" + "r" * (len(header) - 2) + "l"
    lines = [" & ".join(row) + r" \\" for row in (header, *rows)]
    body = [lines[0], r"\hline", *lines[1:]]
    return "\n".join([f"% {_line(table.name)}", rf"\begin{{tabular}}{{{layout}}}", *body, r"\end{tabular}", ""])


def as_csv(tables: Sequence[Table]) -> str:
    """One table for all protocols, which share none; shares are fractions, ends of intervals have their own columns."""
    keys = list(dict.fromkeys(column.key for table in tables for column in table.columns))
    names = [name for key in keys for name in (key, f"{key}_low", f"{key}_high")]
    sizes = "queries", "full_queries", "gallery", "full_gallery"
    text = io.StringIO()
    writer = csv.DictWriter(text, ["protocol", "method", *names, *sizes, "setting", "source"], lineterminator="\n")
    writer.writeheader()
    for table in tables:
        for row in table.rows:
            ends = {
                f"{key}_{end}": pair[at] for key, pair in row.ends.items() for at, end in enumerate(("low", "high"))
            }
            words = {"protocol": table.name, "method": row.method, "setting": row.setting, "source": row.source}
            counts = [
                number for pairs in (row.queries, row.gallery) for number in (pairs[0] if pairs else ()) or ("", "")
            ]
            writer.writerow({**words, **dict(zip(sizes, counts, strict=True)), **row.numbers, **ends})
    return text.getvalue()


def _cell(column: Column, row: Row) -> str:
    if column.key not in row.numbers:
        return ""
    digits = 2 if row.method == CHANCE else column.digits

    def shown(value: float) -> str:
        return f"{100 * value if column.share else value:.{digits}f}"

    ends = row.ends.get(column.key)
    interval = f" [{shown(ends[0])}, {shown(ends[1])}]" if ends else ""
    return shown(row.numbers[column.key]) + interval


def _of(pair: tuple[int, int] | None) -> str:
    if pair is None:
        return "-"
    here, full = pair
    if here == full:
        return f"{here:,}"
    return f"{here:,} of {full:,}" if here < full else f"{here:,} (test: {full:,})"


def _marked(text: str) -> str:
    """One line that Markdown shows as it stands, in a cell."""
    line = _line(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join("\\" + letter if letter in "\\`*|" else letter for letter in line)


def _line(text: str) -> str:
    return " ".join(text.split())

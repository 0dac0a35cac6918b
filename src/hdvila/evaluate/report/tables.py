"""Tables of results: join those of several protocols, and write them as Markdown, LaTeX or CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

__all__ = ["CHANCE", "Column", "Table", "TableRow", "as_csv", "as_latex", "as_markdown", "join_tables", "text_cells"]

CHANCE = "chance"
"""The method of the row of random guesses."""

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
    """A column: which metric of the record it shows, and how.

    Attributes:
        label: the header.
        path: the keys that lead to the metric in the record.
        ends: the keys that lead to its interval; by default `intervals` beside the metric.
        share: whether it is shown in percent.
        digits: after the decimal point.
    """

    label: str
    path: tuple[str, ...]
    ends: tuple[str, ...] = ()
    share: bool = True
    digits: int = 1

    @property
    def key(self) -> str:
        """The name of the column in CSV."""
        return "_".join(self.path)

    @property
    def interval(self) -> tuple[str, ...]:
        """The keys that lead to the interval in the record."""
        return self.ends or (*self.path[:-1], "intervals", self.path[-1])


@dataclass(frozen=True, slots=True)
class TableRow:
    """A method and its metrics.

    Attributes:
        method: the name of the row.
        numbers: by column key.
        ends: of the intervals, by column key.
        queries, gallery: how many here and in the published test, a pair for each protocol of the table;
            None: unknown.
        source: where it was published; empty for a record.
        setting: how it differs from the plain test, or how the method was trained.
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
    rows: tuple[TableRow, ...]


def join_tables(title: str, shared: str, parts: Sequence[tuple[str, str, Table]]) -> Table:
    """Join the tables of several protocols, a column for each, as papers print the tasks of TGIF-QA.

    Published rows are joined where method, source and setting are the same. Records are joined where the
    method is the same after the protocol's name in it (the recipe's name has it) is replaced by `shared`,
    unless a protocol has several of that method. Numbers of queries are listed for every protocol, in the
    order of the columns.

    Args:
        title: of the joined table.
        shared: what the protocols share (`Protocol.table`).
        parts: name, label of the column, and table of each protocol, in the order of the columns.
    """
    columns = [_column_of(column, name, label) for name, label, table in parts for column in table.columns]
    first = [column for column in columns if column.label in {label for _, label, _ in parts}]
    records: Counter[tuple[str, str]] = Counter(
        (name, row.method.replace(name, shared)) for name, _, table in parts for row in table.rows if _is_record(row)
    )
    several = {method for (_, method), number in records.items() if number > 1}
    found: dict[tuple[str, ...], _JoinedRow] = {}
    for name, _, table in parts:
        for number, row in enumerate(table.rows):
            method = row.method.replace(name, shared) if _is_record(row) else row.method
            apart = (name, str(number)) if _is_record(row) and method in several else ()
            key = (method, row.source, row.setting if row.source else "", *apart)
            while name in found.get(key, _JoinedRow("")).rows:  # chance, where records have several
                key = (*key, "")
            found.setdefault(key, _JoinedRow(row.method if apart else method)).rows[name] = row
    rows = [_join_row(one, parts) for one in found.values()]
    rows.sort(key=lambda row: (row.method == CHANCE, bool(row.source)))  # stable: records, published rows, chance
    others = [column for column in columns if column not in first]
    return Table(title, parts[0][2].gallery, (*first, *others), tuple(rows))


@dataclass(slots=True)
class _JoinedRow:
    """The rows of one method, by protocol."""

    method: str
    rows: dict[str, TableRow] = field(default_factory=dict)


def _is_record(row: TableRow) -> bool:
    return not row.source and row.method != CHANCE


def _column_of(column: Column, protocol: str, label: str) -> Column:
    """A column of a protocol in the joined table; that of its main metric has the protocol's label."""
    main = len(column.path) == 1
    return replace(column, label=label if main else f"{label}, {column.label}", path=(protocol, *column.path))


def _join_row(joined: _JoinedRow, parts: Sequence[tuple[str, str, Table]]) -> TableRow:
    rows = joined.rows
    numbers = {f"{name}_{key}": value for name, row in rows.items() for key, value in row.numbers.items()}
    ends = {f"{name}_{key}": pair for name, row in rows.items() for key, pair in row.ends.items()}
    settings = {label: rows[name].setting for name, label, _ in parts if name in rows}
    if len(set(settings.values())) == 1:
        setting = next(iter(settings.values()))
    else:
        setting = "; ".join(f"{label}: {text}" for label, text in settings.items() if text)
    queries, gallery = (
        tuple((getattr(rows[name], what) or (None,))[0] if name in rows else None for name, _, _ in parts)
        for what in ("queries", "gallery")
    )
    source = next(iter(rows.values())).source
    if not any(row.queries for row in rows.values()):
        return TableRow(joined.method, numbers, ends, source=source, setting=setting)
    return TableRow(joined.method, numbers, ends, queries, gallery, source, setting)


def text_cells(table: Table) -> list[list[str]]:
    """The header and the rows as readable text."""
    found = [["Method", *(column.label for column in table.columns), "Queries", table.gallery, "Source or setting"]]
    for row in table.rows:
        numbers = [_cell(column, row) for column in table.columns]
        note = "; ".join(filter(None, (row.source, row.setting)))
        sizes = (" / ".join(map(_size, pairs)) for pairs in (row.queries, row.gallery))
        found.append([row.method, *numbers, *sizes, note])
    return found


def as_markdown(table: Table) -> str:
    """The table in Markdown, with its name above."""
    header, *rows = ([_escape_markdown(cell) for cell in row] for row in text_cells(table))
    rule = ["---", *("---:" for _ in header[1:-1]), "---"]
    lines = [f"| {' | '.join(row)} |" for row in (header, rule, *rows)]
    return "\n".join([f"**{_escape_markdown(table.name)}**", "", *lines, ""])


def as_latex(table: Table) -> str:
    """The table as a LaTeX tabular, with its name in a comment."""
    header, *rows = (
        ["".join(_LATEX.get(letter, letter) for letter in _one_line(cell)) for cell in row] for row in text_cells(table)
    )
    layout = "l" + "r" * (len(header) - 2) + "l"
    lines = [" & ".join(row) + r" \\" for row in (header, *rows)]
    body = [lines[0], r"\hline", *lines[1:]]
    return "\n".join([f"% {_one_line(table.name)}", rf"\begin{{tabular}}{{{layout}}}", *body, r"\end{tabular}", ""])


def as_csv(tables: Sequence[Table]) -> str:
    """All tables in one CSV; shares are fractions, and the ends of intervals have columns of their own."""
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


def _cell(column: Column, row: TableRow) -> str:
    if column.key not in row.numbers:
        return ""
    digits = 2 if row.method == CHANCE else column.digits

    def shown(value: float) -> str:
        return f"{100 * value if column.share else value:.{digits}f}"

    ends = row.ends.get(column.key)
    interval = f" [{shown(ends[0])}, {shown(ends[1])}]" if ends else ""
    return shown(row.numbers[column.key]) + interval


def _size(pair: tuple[int, int] | None) -> str:
    if pair is None:
        return "-"
    here, full = pair
    if here == full:
        return f"{here:,}"
    return f"{here:,} of {full:,}" if here < full else f"{here:,} (test: {full:,})"


def _escape_markdown(text: str) -> str:
    """The text on one line, escaped for a Markdown cell."""
    line = _one_line(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join("\\" + letter if letter in "\\`*|" else letter for letter in line)


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""Records of evaluations as tables, a table for each protocol, with the published rows beside."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from hdvila.errors import UsageError
from hdvila.evaluate.record import Record

__all__ = ["Format", "tabulate"]

Format = Literal["markdown", "latex", "csv"]


@dataclass(frozen=True, slots=True)
class _Column:
    """A number of the record: where it stands there, and whether it is a share, shown in percent."""

    label: str
    path: tuple[str, ...]
    share: bool = True

    @property
    def key(self) -> str:
        return "_".join(self.path)


@dataclass(frozen=True, slots=True)
class _Row:
    """A method and its numbers by column key; `ends` of their intervals; `gallery`: here, and in the full test."""

    method: str
    source: str
    numbers: dict[str, float]
    ends: dict[str, tuple[float, float]]
    gallery: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    gallery: str
    columns: tuple[_Column, ...]
    rows: tuple[_Row, ...]


_FORTH, _BACK = "text_to_video", "video_to_text"
_RETRIEVAL = (
    *(_Column(f"R@{k}", (_FORTH, f"r{k}")) for k in (1, 5, 10, 50)),
    _Column("Median", (_FORTH, "median_rank"), share=False),
    _Column("Mean", (_FORTH, "mean_rank"), share=False),
    *(_Column(f"V2T R@{k}", (_BACK, f"r{k}")) for k in (1, 5, 10)),
)
_COUNT = _Column("Squared error", ("mean_squared_error",), share=False)
_ACCURACY = _Column("Accuracy", ("accuracy",))
_CHANCE = "chance"


def tabulate(records: Sequence[Record], form: Format) -> str:
    """The records as text: a table for each protocol, in the order of their first record; CSV has one for all.

    Records stand above the published rows of their protocol. Cells have the 95 % interval after the number. Shares are
    percent in Markdown and LaTeX and fractions in CSV.

    Raises:
        UsageError: no records, or an unknown form.
    """
    if not records:
        raise UsageError("there are no records to tabulate: name files that hdvila evaluate has written")
    if form not in get_args(Format):
        raise UsageError(f"the format {form!r} is unknown: choose one of {', '.join(get_args(Format))}")
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.protocol, []).append(record)
    tables = [_table(name, group) for name, group in groups.items()]
    if form == "csv":
        return _csv(tables)
    return "\n".join((_markdown if form == "markdown" else _latex)(table) for table in tables)


def _table(name: str, records: Sequence[Record]) -> _Table:
    published = {row["who"]: row for record in records for row in record.published}
    columns = _columns(records)
    rows = [_ours(record, columns) for record in records]
    rows += [_theirs(row, columns) for row in published.values()]
    metric = (_FORTH, "r1") if records[0].task == "retrieval" else (records[0].metric,)
    chances = {record.chance for record in records}
    rows += [_Row(_CHANCE, "", {"_".join(metric): chance}, {}) for chance in sorted(chances)]
    shown = tuple(column for column in columns if any(column.key in row.numbers for row in rows))
    return _Table(name, "Gallery" if records[0].task == "retrieval" else "Choices", shown, tuple(rows))


def _columns(records: Sequence[Record]) -> tuple[_Column, ...]:
    if records[0].task == "retrieval":
        extra = dict.fromkeys(name for record in records for name in record.extra or {})
        more = (_Column(f"R@1, {name.replace('_', ' ')}", ("extra", name, _FORTH, "r1")) for name in extra)
        return (*_RETRIEVAL, *more)
    kinds = dict.fromkeys(kind for record in records for kind in record.accuracy_by_type or {})
    by_type = (_Column(kind, ("accuracy_by_type", kind)) for kind in kinds)
    first = (_COUNT, _ACCURACY) if records[0].task == "count" else (_ACCURACY,)
    return (*first, *by_type)


def _ours(record: Record, columns: Sequence[_Column]) -> _Row:
    whole = record.to_dict()
    numbers, ends = {}, {}
    for column in columns:
        value = _at(whole, column.path)
        if value is not None:
            numbers[column.key] = float(value)
        interval = _at(whole, (*column.path[:-1], "intervals", column.path[-1]))
        if interval is not None:
            ends[column.key] = (float(interval[0]), float(interval[1]))
    return _Row(record.method, "", numbers, ends, (record.gallery, record.full_gallery))


def _theirs(row: dict[str, Any], columns: Sequence[_Column]) -> _Row:
    keys = {column.path[-1]: column.key for column in reversed(columns) if column.path[0] not in (_BACK, "extra")}
    numbers = {keys[name]: float(value) for name, value in row["values"].items() if name in keys}
    return _Row(row["who"], row["source"], numbers, {})


def _at(values: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(values, dict) or name not in values:
            return None
        values = values[name]
    return values


def _cells(table: _Table) -> list[list[str]]:
    """Header and rows as text for people."""
    cells = [["Method", *(column.label for column in table.columns), table.gallery, "Source"]]
    for row in table.rows:
        numbers = [_cell(column, row) for column in table.columns]
        here, full = row.gallery or (0, 0)
        gallery = f"{here:,}" if here == full else f"{here:,} of {full:,}"
        cells.append([row.method, *numbers, gallery if row.gallery else "", row.source])
    return cells


def _cell(column: _Column, row: _Row) -> str:
    if column.key not in row.numbers:
        return ""

    digits = 2 if row.method == _CHANCE or column is _COUNT else 1

    def shown(value: float) -> str:
        return f"{100 * value if column.share else value:.{digits}f}"

    ends = row.ends.get(column.key)
    interval = f" [{shown(ends[0])}, {shown(ends[1])}]" if ends else ""
    return shown(row.numbers[column.key]) + interval


def _markdown(table: _Table) -> str:
    header, *rows = ([cell.replace("|", "\\|") for cell in row] for row in _cells(table))
    rule = ["---", *("---:" for _ in header[1:-1]), "---"]
    lines = [f"| {' | '.join(row)} |" for row in (header, rule, *rows)]
    return "\n".join([f"**{table.name}**", "", *lines, ""])


def _latex(table: _Table) -> str:
    header, *rows = ([_escaped(cell) for cell in row] for row in _cells(table))
    layout = "l" + "r" * (len(header) - 2) + "l"
    lines = [" & ".join(row) + r" \\" for row in (header, *rows)]
    body = [lines[0], r"\hline", *lines[1:]]
    return "\n".join([f"% {table.name}", rf"\begin{{tabular}}{{{layout}}}", *body, r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    return "".join("\\" + letter if letter in "&%$#_{}" else letter for letter in text)


def _csv(tables: Sequence[_Table]) -> str:
    keys = list(dict.fromkeys(column.key for table in tables for column in table.columns))
    names = [name for key in keys for name in (key, f"{key}_low", f"{key}_high")]
    text = io.StringIO()
    fixed = ["protocol", "method"], ["gallery", "full_gallery", "source"]
    writer = csv.DictWriter(text, [*fixed[0], *names, *fixed[1]], lineterminator="\n")
    writer.writeheader()
    for table in tables:
        for row in table.rows:
            ends = {
                f"{key}_{end}": pair[at] for key, pair in row.ends.items() for at, end in enumerate(("low", "high"))
            }
            words = {"protocol": table.name, "method": row.method, "source": row.source}
            gallery = dict(zip(fixed[1], row.gallery or (), strict=False))
            writer.writerow({**words, **gallery, **row.numbers, **ends})
    return text.getvalue()

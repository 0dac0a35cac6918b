"""Tables of several protocols as one, as papers print the tasks of TGIF-QA: a column a protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hdvila.evaluate.forms import CHANCE, Column, Row, Table

__all__ = ["joined"]

Part = tuple[str, str, Table]
"""A protocol, its column, and its own table."""


@dataclass(slots=True)
class _Parts:
    """The rows of one method, by protocol."""

    method: str
    rows: dict[str, Row] = field(default_factory=dict)


def joined(title: str, shared: str, parts: Sequence[Part]) -> Table:
    """One table out of those of several protocols.

    Published rows are one where method, source and setting are the same; records where the method is, once the name of
    the protocol in it (that of a recipe has it) gives way to `shared`, and no protocol has several of it. A number of
    queries stands there for every protocol, in the order of the columns.

    Args:
        title: of the table.
        shared: what the protocols share (`Protocol.table`).
        parts: in the order of the columns.
    """
    columns = [_placed(column, name, label) for name, label, table in parts for column in table.columns]
    first = [column for column in columns if column.label in {label for _, label, _ in parts}]
    ours: Counter[tuple[str, str]] = Counter(
        (name, _common(row, name, shared)) for name, _, table in parts for row in table.rows if _is_ours(row)
    )
    several = {method for (_, method), number in ours.items() if number > 1}
    found: dict[tuple[str, ...], _Parts] = {}
    for name, _, table in parts:
        for number, row in enumerate(table.rows):
            method = _common(row, name, shared) if _is_ours(row) else row.method
            apart = (name, str(number)) if _is_ours(row) and method in several else ()
            key = (method, row.source, row.setting if row.source else "", *apart)
            while name in found.get(key, _Parts("")).rows:  # chance, where records have several
                key = (*key, "")
            found.setdefault(key, _Parts(row.method if apart else method)).rows[name] = row
    rows = [_one(one, parts) for one in found.values()]
    rows.sort(key=lambda row: (row.method == CHANCE, bool(row.source)))  # stable: records, published rows, chance
    others = [column for column in columns if column not in first]
    return Table(title, parts[0][2].gallery, (*first, *others), tuple(rows))


def _is_ours(row: Row) -> bool:
    return not row.source and row.method != CHANCE


def _common(row: Row, protocol: str, shared: str) -> str:
    return row.method.replace(protocol, shared)


def _placed(column: Column, protocol: str, label: str) -> Column:
    """A column of a protocol's own table among those of others: the number of the whole has the protocol's label."""
    whole = len(column.path) == 1
    return replace(column, label=label if whole else f"{label}, {column.label}", path=(protocol, *column.path))


def _one(whole: _Parts, parts: Sequence[Part]) -> Row:
    rows = whole.rows
    numbers = {f"{name}_{key}": value for name, row in rows.items() for key, value in row.numbers.items()}
    ends = {f"{name}_{key}": pair for name, row in rows.items() for key, pair in row.ends.items()}
    settings = {label: rows[name].setting for name, label, _ in parts if name in rows}
    alike = len(set(settings.values())) == 1
    said = next(iter(settings.values())) if alike else "; ".join(f"{a}: {b}" for a, b in settings.items() if b)
    some = next(iter(rows.values()))
    counted = any(row.queries for row in rows.values())
    queries, gallery = (
        tuple((getattr(rows[name], what) or (None,))[0] if name in rows else None for name, _, _ in parts)
        for what in ("queries", "gallery")
    )
    return Row(whole.method, numbers, ends, queries if counted else (), gallery if counted else (), some.source, said)

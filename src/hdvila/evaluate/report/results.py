"""Tabulate records of evaluations beside published rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from hdvila.annotations.synthetic import CHANNEL
from hdvila.errors import UsageError
from hdvila.evaluate.protocols import PROTOCOLS
from hdvila.evaluate.record import PublishedRow, Record, published_rows, short_identity
from hdvila.evaluate.report.tables import (
    CHANCE,
    Column,
    Table,
    TableRow,
    as_csv,
    as_latex,
    as_markdown,
    join_tables,
    text_cells,
)

__all__ = ["Format", "comparison_cells", "reranking_in_words", "setting_of", "table_title", "tabulate"]

Format = Literal["markdown", "latex", "csv"]

_FORWARD, _BACKWARD = "text_to_video", "video_to_text"
_RETRIEVAL = (
    *(Column(f"R@{k}", (_FORWARD, f"r{k}")) for k in (1, 5, 10, 50)),
    Column("Median", (_FORWARD, "median_rank"), share=False),
    Column("Mean", (_FORWARD, "mean_rank"), share=False),
    *(Column(f"V2T R@{k}", (_BACKWARD, f"r{k}")) for k in (1, 5, 10)),
)
_COUNT = Column("Squared error", ("mean_squared_error",), share=False, digits=2)
_ACCURACY = Column("Accuracy", ("accuracy",))


def tabulate(records: Sequence[Record], form: Format) -> str:
    """Tabulate records, a table for each protocol in the order of their first record; CSV has one table.

    Protocols that papers print together (`Protocol.table`), such as TGIF-QA's action, transition and frame,
    are columns of one table. Records of synthetic videos have tables of their own, without published rows.

    Records are above the published rows of their protocol, each with its number of queries and with
    `setting_of`. Where several have the same method, `short_identity` is added to its name. The number in a
    cell is followed by its 95 % interval. Shares are percent in Markdown and LaTeX, and fractions in CSV.

    Raises:
        UsageError: no records, or an unknown format.
    """
    if not records:
        raise UsageError("there are no records to tabulate: give files that hdvila evaluate has written")
    if form not in get_args(Format):
        raise UsageError(f"the format {form!r} is unknown: choose one of {', '.join(get_args(Format))}")
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(table_title(record), []).append(record)
    tables = [_table(name, group) for name, group in groups.items()]
    if form == "csv":
        return as_csv(tables)
    joined = _join_shared(tables, [group[0] for group in groups.values()])
    return "\n".join((as_markdown if form == "markdown" else as_latex)(table) for table in joined)


def comparison_cells(record: Record) -> list[list[str]]:
    """The table of one record as text: the header, the record (before re-ranking too), the published rows, chance."""
    return text_cells(_table(table_title(record), [record]))


def table_title(record: Record) -> str:
    """The title of the record's table: its protocol, with "synthetic" for synthetic videos."""
    return f"{record.protocol}, {CHANNEL}" if record.synthetic else record.protocol


def setting_of(record: Record) -> str:
    """How a record differs from the plain test, so that its metrics cannot be compared directly; or empty."""
    store, sampling = (_at(record.recipe, (name,)) for name in ("store", "sampling"))
    chosen_on, kept = (_at(record.recipe, ("training", f"validate.{name}")) for name in ("on", "keep"))
    whole = record.queries if record.synthetic else record.full_queries
    fewer = record.split == "test" and record.queries < whole and not record.missing
    differences = (
        f"{record.split} split, not the test" if record.split != "test" else "",
        "" if record.split_told else "split not told by the file's name",
        "fewer queries than the published test has" if fewer else "",
        "more queries than the published test has" if record.queries > whole else "",
        "questions built by rule, not the papers' draws" if record.built else "",
        f"{len(record.missing):,} video{'s' if len(record.missing) > 1 else ''} missing" if record.missing else "",
        f"ties {record.tie_rule}" if record.tie_rule != "pessimistic" else "",
        f"videos of {store}" if store not in (None, "store") else "",
        _training(record),
        f"{sampling} sampling" if sampling not in (None, "standard") else "",
        reranking_in_words(record),
        "checkpoint chosen on the test" if chosen_on == "official-test" and kept != "last" else "",
    )
    return "; ".join(one for one in differences if one)


def reranking_in_words(record: Record) -> str:
    """How many hits were re-ranked, and what that changes in R@1 of either direction; empty where none were."""
    first = _at(record.recipe, ("reranking", "first"))
    if first is None:
        return ""
    if record.before_reranking is None:  # a record of an earlier version
        return f"first {first:,} re-ranked"
    whole = record.to_dict()
    changes = []
    for name, way in (("R@1", _FORWARD), ("V2T R@1", _BACKWARD)):
        new, plain, change = (
            _at(whole, (*path, way, "r1")) for path in ((), ("before_reranking",), ("before_reranking", "difference"))
        )
        ends = _at(whole, ("before_reranking", "difference", way, "intervals", "r1"))
        between = f" [{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]" if ends else ""
        changes.append(f"{name} {100 * plain:.1f} to {100 * new:.1f}, {100 * change:+.1f}{between}")
    return f"first {first:,} re-ranked: {'; '.join(changes)}"


def _training(record: Record) -> str:
    """What the model was fine-tuned on, unless that is just the training split of the protocol."""
    if record.checkpoint is None:
        return ""
    if record.fine_tuned is None:
        return "training unknown"
    trainings = list(dict.fromkeys(record.fine_tuned))
    if trainings == [record.protocol]:
        return ""
    return f"fine-tuned on {', then '.join(trainings)}" if trainings else "not fine-tuned"


def _join_shared(tables: Sequence[Table], records: Sequence[Record]) -> list[Table]:
    """Join the tables of protocols that share one; `records` has a record of each table."""
    groups: dict[tuple[str, bool], dict[str, Table]] = {}
    for table, record in zip(tables, records, strict=True):
        protocol = PROTOCOLS.get(record.protocol)
        name = protocol.table if protocol else ""
        groups.setdefault((name or record.protocol, record.synthetic), {})[record.protocol] = table
    order = list(PROTOCOLS)
    found: list[Table] = []
    for (name, synthetic), group in groups.items():
        if len(group) == 1:
            found += group.values()
            continue
        members = sorted(group, key=order.index)
        title = ", ".join([*members, *([CHANNEL] if synthetic else [])])
        found.append(join_tables(title, name, [(one, PROTOCOLS[one].column, group[one]) for one in members]))
    return found


def _published(records: Sequence[Record]) -> Sequence[PublishedRow]:
    """The protocol's current rows, which may differ from those in records; else those of the records."""
    protocol = PROTOCOLS.get(records[0].protocol)
    if protocol is None or not any(record.published for record in records):
        return list({row["who"]: row for record in records for row in record.published}.values())
    return published_rows(protocol)


def _table(name: str, records: Sequence[Record]) -> Table:
    columns = _columns(records)
    methods = Counter(record.method for record in records)
    rows = [row for one in records for row in _record_rows(one, columns, alone=methods[one.method] == 1)]
    rows += [_published_row(row, columns) for row in _published(records)]
    metric = (_FORWARD, "r1") if records[0].task == "retrieval" else (records[0].metric,)
    chances = {record.chance for record in records}
    rows += [TableRow(CHANCE, {"_".join(metric): chance}) for chance in sorted(chances)]
    shown = tuple(column for column in columns if any(column.key in row.numbers for row in rows))
    return Table(name, "Gallery" if records[0].task == "retrieval" else "Choices", shown, tuple(rows))


def _columns(records: Sequence[Record]) -> tuple[Column, ...]:
    if records[0].task == "retrieval":
        extra = dict.fromkeys(name for record in records for name in record.extra or {})
        more = (Column(f"R@1, {name.replace('_', ' ')}", ("extra", name, _FORWARD, "r1")) for name in extra)
        return (*_RETRIEVAL, *more)
    kinds = dict.fromkeys(kind for record in records for kind in record.accuracy_by_type or {})
    by_type = (Column(kind, ("accuracy_by_type", kind), ("intervals_by_type", kind)) for kind in kinds)
    first = (_COUNT, _ACCURACY) if records[0].task == "count" else (_ACCURACY,)
    return (*first, *by_type)


def _record_rows(record: Record, columns: Sequence[Column], *, alone: bool) -> Iterator[TableRow]:
    """The row of a record, and below a re-ranked one that of the plain result."""
    queries, gallery = (record.queries, record.full_queries), (record.gallery, record.full_gallery)
    if record.synthetic:  # no published test to compare sizes with
        queries, gallery = (record.queries, record.queries), (record.gallery, record.gallery)
    digits = "" if alone else short_identity(record)
    whole = record.to_dict()
    rows = [(record.method, whole, setting_of(record))]
    if record.before_reranking is not None:
        recipe = {name: value for name, value in (record.recipe or {}).items() if name != "reranking"}
        setting = "; ".join(filter(None, (setting_of(replace(record, recipe=recipe)), "before re-ranking")))
        rows.append((record.before_reranking["method"], whole["before_reranking"], setting))
    for name, values, setting in rows:
        numbers, ends = {}, {}
        for column in columns:
            value, interval = _at(values, column.path), _at(values, column.interval)
            if value is not None:
                numbers[column.key] = float(value)
            if interval is not None:
                ends[column.key] = (float(interval[0]), float(interval[1]))
        method = f"{name} ({digits})" if digits else name
        yield TableRow(method, numbers, ends, (queries,), (gallery,), setting=setting)


def _published_row(row: PublishedRow, columns: Sequence[Column]) -> TableRow:
    keys = {column.path[-1]: column.key for column in reversed(columns) if column.path[0] not in (_BACKWARD, "extra")}
    numbers = {keys[name]: float(value) for name, value in row["values"].items() if name in keys}
    return TableRow(row["who"], numbers, source=row["source"], setting=row.get("setting", ""))


def _at(values: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(values, dict) or name not in values:
            return None
        values = values[name]
    return values

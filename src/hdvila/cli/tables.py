"""Tables on stdout: as JSON lines, drawn to the terminal's width, or as plain text for a pipe."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hdvila.cli.console import emit, escape_unencodable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["emit_markdown", "emit_table", "fitting"]

_CELL = re.compile(r" ?((?:\\.|[^|\\])*?) ?\|")
_NAME, _REMARK, _GAP = 34, 44, 3
"""Largest width of the first and of the last column before they wrap, and the gap between columns, in characters."""


def emit_table(
    records: Sequence[Mapping[str, object]], json: bool, columns: Mapping[str, str], rows: Sequence[Sequence[str]]
) -> None:
    """Write results to stdout: as JSON lines, as a table of the terminal's width, or in a pipe as aligned lines.

    Args:
        records: the results for JSON.
        columns: the names of the columns, each with its alignment, ``left`` or ``right``.
        rows: the results for a person, a cell for each column.
    """
    if json:
        for record in records:
            emit(record, True)
    elif rows and sys.stdout.isatty():
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name, side in columns.items():
            # Numbers and times are never wrapped; long texts share the remaining width and wrap.
            table.add_column(name, justify=side, no_wrap=side == "right", overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*map(_as_text, row))
        _screen().print(table)
    else:
        from rich.cells import cell_len

        widths = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
        for row in rows:
            line = ""
            for cell, width, side in zip(row, widths, columns.values(), strict=True):
                blanks = " " * (width - cell_len(cell))
                line += f"{blanks}{cell}  " if side == "right" else f"{cell}{blanks}  "
            emit({}, False, line.rstrip())


def emit_markdown(text: str, asked: bool = False) -> None:
    """Write text with Markdown tables to stdout: the tables drawn to the terminal's width, split into several if they
    are wider (`fitting`); unchanged if `asked`, and in a pipe."""
    if asked or not sys.stdout.isatty():
        emit({}, False, text.rstrip("\n"))
        return
    from rich.markdown import Markdown

    screen = _screen()
    for is_table, lines in itertools.groupby(text.splitlines(), lambda line: line.startswith("|")):
        if is_table:
            for part in fitting(list(lines), screen.width):
                screen.print(Markdown(part))
        else:
            screen.print(_as_text("\n".join(lines)))


def fitting(lines: Sequence[str], width: int) -> list[str]:
    """A Markdown table split into parts of `width` characters, or unchanged if it fits or has no numbers.

    Each part has the first column, which names the rows, and some of the others. The last column, a remark on the row,
    is in the first part; further parts have only rows with values. Columns of numbers are those aligned to the right.

    Args:
        lines: header, rule and rows, each in bars.
        width: of the terminal.
    """
    header, rule, *body = rows = [_CELL.findall(line.removeprefix("|")) for line in lines]
    widths = [max(len(row[place]) for row in rows if row is not rule) for place in range(len(header))]
    numbers = range(1, len(header) - 1)
    if sum(widths) + _GAP * len(widths) <= width or not numbers or not all(rule[n].endswith(":") for n in numbers):
        return ["\n".join(lines)]
    parts: list[list[int]] = [[]]
    room = whole = width - min(widths[0], _NAME) - _GAP
    room -= min(widths[-1], _REMARK) + _GAP
    for place in numbers:
        if parts[-1] and widths[place] + _GAP > room:
            parts.append([])
            room = whole
        parts[-1].append(place)
        room -= widths[place] + _GAP
    found = []
    for part in parts:
        shown = [0, *part, *([len(header) - 1] if part is parts[0] else [])]
        said = [row for row in body if part is parts[0] or any(row[place] for place in part)]
        found.append("\n".join(f"| {' | '.join(row[place] for place in shown)} |" for row in (header, rule, *said)))
    return found


def _screen() -> Console:
    from rich.console import Console

    escape_unencodable(sys.stdout)
    return Console(file=sys.stdout, highlight=False)


def _as_text(cell: str) -> Text:
    """Literal text: file names may look like rich's markup."""
    from rich.text import Text

    return Text(cell.encode("utf-8", "backslashreplace").decode("utf-8"))

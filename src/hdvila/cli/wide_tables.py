"""Markdown tables of numbers that are wider than the terminal, as several that fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["fitting"]

_CELL = re.compile(r" ?((?:\\.|[^|\\])*?) ?\|")
_NAME, _REMARK, _GAP = 34, 44, 3
"""Signs that the first and the last column get at most before they wrap, and those between two columns."""


def fitting(lines: Sequence[str], width: int) -> list[str]:
    """A Markdown table in parts of `width` signs, or as it is where it fits or holds no numbers.

    Each part has the first column, which names the rows, and some of the others. The last column, what is to be known
    of a row, stands in the first part; the further ones have only the rows that say something there. Numbers are what
    is aligned to the right.

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

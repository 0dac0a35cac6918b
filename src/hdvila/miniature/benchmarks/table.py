"""Texts of files: JSON, and tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def as_json(content: Any) -> str:
    return json.dumps(content) + "\n"


def as_lines(records: Iterable[Mapping[str, Any]]) -> str:
    """An object a line."""
    return "".join(json.dumps(record) + "\n" for record in records)


def as_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], delimiter: str = ",", end: str = "\n") -> str:
    """Delimited text with a header; keys that are no column are left out."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

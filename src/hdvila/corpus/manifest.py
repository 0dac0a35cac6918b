"""Manifests: a list of videos as CSV (with a header) or JSON lines.

Columns: ``id`` (default: the path without its ending), ``path`` relative to the manifest or ``url``, ``transcript``,
and what goes into the corpus as it stands: ``category``, ``channel``, ``license``, ``language``. Others are ignored.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from hdvila.errors import UsageError

ATTRIBUTES = ("category", "channel", "license", "language")
_COLUMNS = ("id", "path", "url", "transcript", *ATTRIBUTES)


def read_manifest(path: Path) -> list[dict[str, str]]:
    """The rows of a manifest: only known columns that are not empty; every row has an ``id``.

    Raises:
        UsageError: the kind is unknown, a line cannot be read, or a row names no video; names the line.
    """
    rows = []
    for line, raw in _lines(path):
        row = {name: str(raw[name]) for name in _COLUMNS if raw.get(name) not in (None, "")}
        if "id" not in row and "path" in row:
            row["id"] = str(PurePosixPath(row["path"]).with_suffix(""))
        if "id" not in row:
            raise UsageError(f"{path}, line {line}: has neither id nor path; give each video one of them")
        rows.append(row)
    return rows


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, row) for each row."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is no UTF-8 text ({error.reason}); a manifest is a .csv or .jsonl file") from error
    if path.suffix.lower() == ".csv":
        reader = csv.DictReader(text.splitlines())
        if not set(reader.fieldnames or ()) & {"id", "path"}:
            raise UsageError(f"{path}: its first line names neither 'id' nor 'path'; begin with a line of column names")
        for row in reader:
            yield reader.line_num, row
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{path}, line {number}: is no JSON ({error}); one object a line") from error
            if not isinstance(row, dict):
                raise UsageError(f"{path}, line {number}: is {type(row).__name__}, not an object; one object a line")
            yield number, row
    else:
        raise UsageError(f"{path}: is no folder, .csv or .jsonl; name one of these")

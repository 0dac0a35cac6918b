"""Manifests: a list of videos as a table (CSV or TSV, with a header), JSON lines or Parquet.

Cells are separated by commas, semicolons, tabs or bars, whichever gives the most known columns. Texts are in UTF-8 or
UTF-16. Backslashes in paths count as slashes if no file has such a name.

Columns: ``id`` (default: the path without its ending), ``path`` relative to the folder of the videos and/or ``url``,
``transcript`` (also a path), and attributes that the corpus keeps: ``category``, ``channel``, ``license``,
``language``, ``url``. The steps of a build add ``duration`` (seconds). JSON lines and Parquet may have ``clip``: given
bounds, in the form of HD-VILA-100M (`hdvila.corpus.sources.hd_vila_100m`), whose own list is such a manifest, with
``video_id`` for ``id``. Other columns are ignored.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hdvila.corpus.sources.video import as_text
from hdvila.errors import StoreError, UsageError
from hdvila.files import replacing
from hdvila.text.formats.decode import decode
from hdvila.text.formats.time_values import parse_seconds
from hdvila.writing import drop_surrogates

ATTRIBUTES = ("category", "channel", "license", "language", "url")
_TEXTS = ("id", "path", "transcript", *ATTRIBUTES)
_CLIP = pa.list_(pa.struct([("clip_id", pa.string()), ("span", pa.list_(pa.string()))]))
_SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXTS), ("duration", pa.float64()), ("clip", _CLIP)])
_KINDS = ".csv, .tsv, .jsonl or .parquet"
_KNOWN = frozenset({*_SCHEMA.names, "video_id"})
_PATHS = "path", "transcript"
_TABLES = {".csv": ",", ".tsv": "\t"}
_DELIMITERS = ",;\t|"


def read_manifest(path: Path) -> list[dict[str, Any]]:
    """The rows of a manifest: known columns that are not empty; every row has an ``id``.

    Values are text, except ``duration`` (float) and ``clip`` (as it is). A row has ``wrong``, the reason, if a value is
    not text, a duration is not a number, an id has more than one line, or a line is not JSON.

    Raises:
        UsageError: the kind is unknown, the file cannot be read, or a row names no video; gives the line.
    """
    rows = []
    for line, raw in _lines(path):
        if isinstance(raw, str):
            rows.append({"id": f"line {line}", "wrong": f"line {line}: {raw}"})
            continue
        row: dict[str, Any] = {name: str(raw[name]) for name in _TEXTS if raw.get(name) not in (None, "")}
        row |= {name: drop_surrogates(row[name]) for name in row if name not in _PATHS}
        odd = [name for name in row if isinstance(raw[name], bool | list | dict)]
        if "id" not in row and raw.get("video_id") not in (None, ""):
            row["id"] = drop_surrogates(str(raw["video_id"]))
        if "id" not in row and "path" in row:
            row["id"] = as_text(os.path.splitext(PurePosixPath(row["path"].replace("\\", "/")))[0])
        if "id" not in row:
            raise UsageError(f"{path}, line {line}: has neither id nor path; give each video one of them")
        if as_text(row["id"]) != row["id"]:
            row["id"] = as_text(row["id"])
            odd.append("id")
        if odd:
            row["wrong"] = (
                f"line {line}: {odd[0]} {raw.get(odd[0], row['id'])!r} is not a line of text; correct that row"
            )
        if raw.get("duration") not in (None, ""):
            if (duration := parse_seconds(raw["duration"])) is None:
                row["wrong"] = f"line {line}: duration {raw['duration']!r} is not a number of seconds; correct that row"
            else:
                row["duration"] = duration
        if raw.get("clip") is not None:
            row["clip"] = raw["clip"]
        rows.append(row)
    return rows


def write_manifest(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as `read_manifest` gives them, in the kind that the name ends in; replaces the file atomically.

    Raises:
        UsageError: the kind is unknown, or cannot hold clips.
        StoreError: it cannot be written.
    """
    kind = check_kind(path)
    if kind in _TABLES and any("clip" in row for row in rows):
        raise UsageError(f"{path}: a {kind} cannot hold the bounds of clips; name a .jsonl or .parquet")
    if kind != ".jsonl" and (
        odd := [row["id"] for row in rows if any(drop_surrogates(row.get(n, "")) != row.get(n, "") for n in _PATHS)]
    ):
        raise UsageError(f"{path}: the file of {odd[0]} has a name that is not text; name a .jsonl, or rename the file")
    with replacing(path, kind=StoreError) as partial:
        if kind == ".parquet":
            pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], _SCHEMA), partial)
        elif kind in _TABLES:
            with partial.open("w", encoding="utf-8", newline="") as stream:
                names = [name for name in _SCHEMA.names if name != "clip"]
                writer = csv.DictWriter(stream, names, delimiter=_TABLES[kind])
                writer.writeheader()
                writer.writerows(rows)
        else:
            with partial.open("w", encoding="utf-8") as stream:
                stream.writelines(map(_json_line, rows))


def _json_line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, ensure_ascii=False)
    return (line if drop_surrogates(line) == line else json.dumps(row)) + "\n"  # bytes of a name that are not text


def check_kind(path: Path) -> str:
    """The kind of a manifest by its name.

    Raises:
        UsageError: the kind is unknown.
    """
    kind = path.suffix.lower().replace("ndjson", "jsonl")
    if kind not in (*_TABLES, ".jsonl", ".parquet"):
        raise UsageError(f"{path}: a manifest is a {_KINDS}; name one of these")
    return kind


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """(line number, row) for each row; instead of a row the reason, if a line among others is not one."""
    kind = check_kind(path)
    if kind == ".parquet":
        yield from enumerate(_parquet_rows(path), start=1)
        return
    decoded = decode(path.read_bytes())
    if decoded.notes or "\ufffd" in decoded.text:
        why = "; ".join(decoded.notes) or "some bytes are not letters"
        raise UsageError(f"{path}: is not text in UTF-8 ({why}); save it in UTF-8 or UTF-16")
    text = decoded.text
    if kind in _TABLES:
        yield from _csv_rows(path, text)
        return
    found = [(number, _object(line)) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if found and not any(isinstance(row, dict) for _, row in found):
        number, wrong = found[0]
        raise UsageError(f"{path}, line {number}: {wrong}")
    yield from found


def _object(line: str) -> dict[str, Any] | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"is not JSON ({error}); write one object per line"
    return row if isinstance(row, dict) else f"is {type(row).__name__}, not an object; write one object per line"


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    whole, text = text, text.lstrip("\r\n")
    before = whole[: len(whole) - len(text)].count("\n")
    told, _, rest = text.partition("\n")
    if told.lower().startswith("sep="):  # as spreadsheets write it
        text, before = rest, before + 1
    reader = max(
        (_table(text, sign) for sign in _DELIMITERS), key=lambda table: len(_KNOWN & set(table.fieldnames or ()))
    )
    try:
        if not set(reader.fieldnames or ()) & {"id", "video_id", "path"}:
            raise UsageError(f"{path}: its first line names neither 'id' nor 'path'; begin with a line of column names")
        for row in reader:
            if not any(row.values()):
                continue
            if reader.reader.dialect.delimiter != "," and row.get("duration"):
                row["duration"] = row["duration"].replace(",", ".")
            yield before + reader.line_num, row
    except csv.Error as error:
        raise UsageError(
            f"{path}, line {reader.line_num}: cannot be read as CSV ({error}); correct that line"
        ) from error


def _table(text: str, delimiter: str) -> csv.DictReader[str]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    with suppress(csv.Error):  # reading the rows raises it again
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    return reader


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            rows: list[dict[str, Any]] = file.read([n for n in file.schema_arrow.names if n in _KNOWN]).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path}: is not a readable Parquet file ({error}); write it again") from error
    return rows

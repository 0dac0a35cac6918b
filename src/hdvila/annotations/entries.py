"""Read annotation files: JSON, JSON lines and tables, with or without gzip.

An `Entry` knows its file and line, so that every error can name them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdvila.errors import UsageError, reason_of, some_of
from hdvila.writing import drop_surrogates

__all__ = [
    "Entry",
    "entry_of",
    "extension",
    "fields_of",
    "find_beside",
    "first_fields",
    "json_object",
    "listed",
    "read_cells",
    "read_entries",
    "read_json",
    "read_lines",
    "read_text",
]

_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table or of JSON lines, an element of a JSON list, or a value of a JSON object.

    Attributes:
        where: the file and the line or element, as error messages begin.
        values: the fields by column or key.
    """

    where: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """The field as text, stripped, with single spaces for line breaks and other whitespace.

        Raises:
            UsageError: the field is missing or is not text.
        """
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.error(f"{name!r} is {value!r}, but must be text")
        return " ".join(str(value).split())

    def number(self, name: str, kind: type[float] = float) -> float:
        """The field as a number of `kind` (int or float), also where a table has it in digits.

        Raises:
            UsageError: the field is missing or is not such a number.
        """
        value = self.get(name)
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise ValueError
            if kind(value) != float(value):
                raise ValueError
            return kind(value)
        except (ValueError, OverflowError):
            wanted = "whole number" if kind is int else "number"
            raise self.error(f"{name!r} is {value!r}, but must be a {wanted}") from None

    def get(self, name: str) -> Any:
        """The field as it is.

        Raises:
            UsageError: the field is missing.
        """
        if name not in self.values:
            raise self.error(f"there is no {name!r}, only {some_of([repr(name) for name in self.values])}")
        return self.values[name]

    def error(self, why: str) -> UsageError:
        """The error that says what is wrong with this entry, and where it is."""
        return UsageError(f"{self.where}: {why}; fix it, or use the file as it was released")


def entry_of(where: str, value: Any) -> Entry:
    """An entry from a JSON value.

    Raises:
        UsageError: the value is not an object.
    """
    if not isinstance(value, dict):
        raise UsageError(f"{where}: is {value!r:.60}, but must be an object; give another file")
    return Entry(where, value)


def find_beside(folder: Path, name: str) -> Path | None:
    """The file of this name in a folder, packed with gzip or not."""
    return next((file for file in (folder / name, folder / f"{name}.gz") if file.is_file()), None)


def extension(path: Path) -> str:
    """The extension in lower case, such as ``.json``; of ``a.json.gz`` that before ``.gz``."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def read_text(path: Path) -> str:
    """Read a whole file as text, decompressed.

    Raises:
        UsageError: the file is missing or damaged, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise UsageError(f"{path}: cannot be read as text ({reason_of(error)}); give another file") from error


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UsageError: the file cannot be read or is not JSON.
    """
    return _parsed(f"{path}", read_text(path))


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one for any other file.

    Raises:
        UsageError: it cannot be read.
    """
    whole = read_json(path) if extension(path) == ".json" else None
    return whole if isinstance(whole, dict) else {}


def listed(path: Path, whole: Mapping[str, Any], name: str) -> list[Entry]:
    """The objects of a list in the JSON object of a file.

    Raises:
        UsageError: it has no such list of objects.
    """
    values = Entry(str(path), whole).get(name)
    if not isinstance(values, list):
        raise UsageError(f"{path}: {name!r} is {values!r:.60}, but must be a list; give the file as it was released")
    return [entry_of(f"{path}, {name}, entry {number}", value) for number, value in enumerate(values, start=1)]


def read_lines(path: Path) -> list[tuple[str, Any]]:
    """Read (where, value) from every line of a JSON-lines file that is not empty.

    Raises:
        UsageError: the file cannot be read, or a line is not JSON.
    """
    numbered = enumerate(read_text(path).split("\n"), start=1)
    places = [(f"{path}, line {number}", line) for number, line in numbered if line.strip()]
    return [(where, _parsed(where, line)) for where, line in places]


def read_cells(path: Path) -> list[tuple[str, list[str]]]:
    """Read (where, cells) from every line of a table that is not empty, including the header.

    Cells are separated by tabs if the first line has one, else by commas. Quotes have a meaning only with
    commas: tab-separated files have them inside words.

    Raises:
        UsageError: the file cannot be read, or quotes do not close.
    """
    text = read_text(path)
    tabs = "\t" in text.split("\n", 1)[0]
    source = io.StringIO(text, newline="")
    if tabs:
        reader = csv.reader(source, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(source, strict=True)
    cells = []
    try:
        for row in reader:
            if row:
                cells.append((f"{path}, line {reader.line_num}", row))
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: is not a table ({error}); fix the line") from error
    return cells


def read_entries(path: Path, columns: Sequence[str] = ()) -> list[Entry]:
    """Read the lines of a JSON-lines file or of a table, or the elements of a JSON list.

    Args:
        path: ends in .json, .jsonl or .ndjson, or is a table.
        columns: the names of the columns of a table without a header.

    Raises:
        UsageError: the file cannot be read, or a line does not have as many cells as the header.
    """
    if extension(path) in _LINES:
        return [entry_of(where, value) for where, value in read_lines(path)]
    if extension(path) == ".json":
        whole = read_json(path)
        if not isinstance(whole, list):
            raise UsageError(
                f"{path}: must have a list of objects, but has a {type(whole).__name__}; give another file"
            )
        return [entry_of(f"{path}, entry {number}", value) for number, value in enumerate(whole, start=1)]
    lines = read_cells(path)
    header = list(columns) or [name.strip() for name in (lines[0][1] if lines else [])]
    rows = lines if columns else lines[1:]
    for where, cells in rows:
        if len(cells) != len(header):
            raise UsageError(f"{where}: {len(cells)} cells, expected {len(header)} ({', '.join(header)})")
    return [Entry(where, dict(zip(header, cells, strict=True))) for where, cells in rows]


def fields_of(path: Path) -> frozenset[str]:
    """The field names of the first entry of a file, or the keys of a JSON object; empty where there are none.

    Raises:
        UsageError: the file cannot be read.
    """
    if extension(path) == ".json":
        return first_fields(read_json(path))
    if extension(path) in _LINES:
        first = next((_parsed(f"{path}, line 1", line) for line in read_text(path).split("\n") if line.strip()), None)
    else:
        lines = read_cells(path)
        first = dict.fromkeys(name.strip() for name in lines[0][1]) if lines else None
    return frozenset(first) if isinstance(first, dict) else frozenset()


def first_fields(whole: Any) -> frozenset[str]:
    """`fields_of` a JSON file that is read already."""
    first = whole[0] if isinstance(whole, list) and whole else whole
    return frozenset(first) if isinstance(first, dict) else frozenset()


def _parsed(where: str, text: str) -> Any:
    try:
        return _clean(json.loads(text)) if "\\u" in text else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: is not JSON ({error}); fix it, or give another file") from error


def _clean(value: Any) -> Any:
    """Drop lone surrogates from all texts of the value: JSON can encode half a character."""
    if isinstance(value, str):
        return drop_surrogates(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return {drop_surrogates(name): _clean(one) for name, one in value.items()} if isinstance(value, dict) else value

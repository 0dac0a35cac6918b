"""The containers of annotation files: JSON, JSON lines, tables; packed with gzip or not.

A `Row` knows where it stands, so that whoever finds something wrong in it can say where.
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

__all__ = ["Row", "fields_of", "form", "read_cells", "read_json", "read_lines", "read_rows", "read_text"]

_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Row:
    """A record of an annotation file.

    Attributes:
        where: the file and the line or entry, as an error message says it.
        values: by column or key.
    """

    where: str
    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """The field as words, without spaces around them and with single spaces for line breaks and the like.

        Raises:
            UsageError: it is not there, or no text.
        """
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.refuse(f"{name!r} is {value!r}, where text must stand")
        return " ".join(str(value).split())

    def number(self, name: str, kind: type[float] = float) -> float:
        """The field as a number of `kind` (int or float), which a table writes in digits.

        Raises:
            UsageError: it is not there, or no such number.
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
            raise self.refuse(f"{name!r} is {value!r}, where a {wanted} must stand") from None

    def get(self, name: str) -> Any:
        """The field as it stands.

        Raises:
            UsageError: it is not there.
        """
        if name not in self.values:
            raise self.refuse(f"there is no {name!r}, only {some_of([repr(name) for name in self.values])}")
        return self.values[name]

    def refuse(self, why: str) -> UsageError:
        """The error that says what is wrong here."""
        return UsageError(f"{self.where}: {why}; mend the line or take the file as its authors gave it out")


def form(path: Path) -> str:
    """The ending that says what is inside: that before ``.gz``, in small letters."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def read_text(path: Path) -> str:
    """The whole file, unpacked.

    Raises:
        UsageError: it is not there, is damaged or is no text in UTF-8.
    """
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise UsageError(f"{path}: cannot be read as text ({reason_of(error)}); name another file") from error


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        UsageError: the file cannot be read or is no JSON.
    """
    return _parsed(f"{path}", read_text(path))


def read_lines(path: Path) -> list[tuple[str, Any]]:
    """(where, value) of every line of a JSON-lines file that is not empty.

    Raises:
        UsageError: the file cannot be read, or a line is no JSON.
    """
    numbered = enumerate(read_text(path).split("\n"), start=1)
    places = [(f"{path}, line {number}", line) for number, line in numbered if line.strip()]
    return [(where, _parsed(where, line)) for where, line in places]


def read_cells(path: Path) -> list[tuple[str, list[str]]]:
    """(where, cells) of every line of a table that is not empty, the header too.

    Cells are parted by tabs if the first line holds one, by commas otherwise. Quotes mean something only with commas:
    tab-separated files have them in the middle of their words.

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
        raise UsageError(f"{path}, line {reader.line_num}: is no table ({error}); mend the line") from error
    return cells


def read_rows(path: Path, columns: Sequence[str] = ()) -> list[Row]:
    """The records of a file: lines of JSON, entries of a JSON list, lines of a table.

    Args:
        path: ends in .json, .jsonl, .ndjson, or is a table.
        columns: of a table without header.

    Raises:
        UsageError: the file cannot be read, or a line has not as many cells as the header.
    """
    if form(path) in _LINES:
        return [_row(where, value) for where, value in read_lines(path)]
    if form(path) == ".json":
        whole = read_json(path)
        if not isinstance(whole, list):
            raise UsageError(f"{path}: holds no list of records but a {type(whole).__name__}; name another file")
        return [_row(f"{path}, entry {number}", value) for number, value in enumerate(whole, start=1)]
    lines = read_cells(path)
    header = list(columns) or [name.strip() for name in (lines[0][1] if lines else [])]
    rows = lines if columns else lines[1:]
    for where, cells in rows:
        if len(cells) != len(header):
            raise UsageError(f"{where}: {len(cells)} cells, where {len(header)} must stand ({', '.join(header)})")
    return [Row(where, dict(zip(header, cells, strict=True))) for where, cells in rows]


def fields_of(path: Path) -> frozenset[str]:
    """The names that the first record of a file has; of a JSON object its keys. Empty where there are none.

    Raises:
        UsageError: the file cannot be read.
    """
    if form(path) == ".json":
        whole = read_json(path)
        first = whole[0] if isinstance(whole, list) and whole else whole
    elif form(path) in _LINES:
        first = next((_parsed(f"{path}, line 1", line) for line in read_text(path).split("\n") if line.strip()), None)
    else:
        lines = read_cells(path)
        first = dict.fromkeys(name.strip() for name in lines[0][1]) if lines else None
    return frozenset(first) if isinstance(first, dict) else frozenset()


def _parsed(where: str, text: str) -> Any:
    try:
        return _clean(json.loads(text)) if "\\u" in text else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: is no JSON ({error}); mend it, or name another file") from error


def _clean(value: Any) -> Any:
    """The value with all its texts clean: JSON can write half a character."""
    if isinstance(value, str):
        return drop_surrogates(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return {drop_surrogates(name): _clean(one) for name, one in value.items()} if isinstance(value, dict) else value


def _row(where: str, value: Any) -> Row:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: holds {value!r:.60}, where a record must stand; name another file")
    return Row(where, value)

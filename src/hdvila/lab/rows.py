"""The rows of a study, a line of ``results.jsonl`` each. They are added whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from hdvila.errors import UsageError
from hdvila.miniature.folder import as_lines, write_text

__all__ = ["add_rows", "check_steps", "read_rows"]

RESULTS = "results.jsonl"

AnyRow = TypeVar("AnyRow")


def read_rows(root: Path, kind: type[AnyRow]) -> list[AnyRow]:
    """The rows of finished runs, dataclasses of this kind, in the order in which they were added.

    Raises:
        UsageError: a line is cut or not such a row; the message names it.
    """
    file = root / RESULTS
    rows = []
    for number, line in enumerate(_lines(file), start=1):
        try:
            rows.append(kind(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{file}, line {number}: is not a row of a test ({error}); delete it and the other lines of the same "
                "model, and the same command tests that model again"
            ) from error
    return rows


def add_rows(root: Path, rows: Iterable[Any]) -> None:
    """Append rows to those that are there: all of them, or, if this call is killed, none."""
    file = root / RESULTS
    before = "".join(line + "\n" for line in _lines(file))
    write_text(file, before + as_lines(map(asdict, rows)))


def check_steps(root: Path, model: str, found: int, wanted: int) -> None:
    """Check that a row is of a run with so many steps, also where the rows were copied into a new folder.

    Raises:
        UsageError: it is not.
    """
    if found != wanted:
        raise UsageError(
            f"{root / RESULTS}: holds {model} after {found} steps, not {wanted}; choose another folder, or repeat the "
            "options that it was made with"
        )


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

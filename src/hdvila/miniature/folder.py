"""A folder that one process writes into at a time, and that remembers what it was made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from hdvila.errors import StoreError, UsageError
from hdvila.files import exclusive, replacing
from hdvila.miniature.world import WorldConfig


def only_writer(folder: Path) -> AbstractContextManager[None]:
    """Hold the lock of a folder, which is made.

    Raises:
        StoreError: another process holds it, or the folder cannot be written.
    """
    return exclusive(folder / ".writing", StoreError, "another process is rendering into this folder: wait or end it")


def claim(file: Path, wanted: dict[str, Any], what: str) -> None:
    """Write `wanted` into `file`, or see that this is what stands there: the folder is that of the same arguments.

    Raises:
        UsageError: it holds `what` of others.
        StoreError: the file is damaged.
    """
    if not file.exists():
        write_text(file, json.dumps(wanted, indent=1) + "\n")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StoreError(f"{file} is damaged ({error}); remove the folder and render again") from error
    if isinstance(found.get("config"), dict):
        found["config"] = _with_defaults(found["config"])
    different = [key for key in wanted if found.get(key) != wanted[key]]
    if different:
        raise UsageError(
            f"{file.parent} holds {what} of another {', '.join(different)}; "
            "render into another folder, or repeat the options that it was made with"
        )


def _with_defaults(config: dict[str, Any]) -> dict[str, Any]:
    """Settings with those that were not there yet when the world was begun."""
    known = WorldConfig().to_dict()
    return known | config | {part: known[part] | config.get(part, {}) for part in ("shares", "actions")}


def write_text(path: Path, text: str) -> None:
    """Write a text file that is never seen half-written."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def as_lines(records: Iterable[Mapping[str, Any]]) -> str:
    """JSON lines: an object a line."""
    return "".join(json.dumps(record) + "\n" for record in records)

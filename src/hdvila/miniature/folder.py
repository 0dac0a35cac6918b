"""Folders that one process writes to at a time and that record the arguments they were made with; text files."""

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
    """Hold the lock of a folder; the folder is created.

    Raises:
        StoreError: another process holds it, or the folder cannot be written.
    """
    return exclusive(
        folder / ".writing", StoreError, "another process is rendering into this folder; wait for it, or stop it"
    )


def claim(file: Path, wanted: dict[str, Any], what: str) -> None:
    """Write the arguments `wanted` to `file`, or check that the file holds the same ones. Its folder is there.

    Raises:
        UsageError: it holds other ones, so the folder has `what` of other arguments; the message names them.
        StoreError: the file is damaged.
    """
    wanted = json.loads(json.dumps(wanted))  # tuples are lists, as in the file
    if not file.exists():
        write_text(file, json.dumps(wanted, indent=1) + "\n")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StoreError(f"{file} is damaged ({error}); delete the folder and start again") from error
    if isinstance(found.get("config"), dict):
        found["config"] = _with_defaults(found["config"])
    different = [key for key in wanted if found.get(key) != wanted[key]]
    if different:
        raise UsageError(
            f"{file.parent} holds {what} of another {', '.join(different)}; "
            "choose another folder, or repeat the options that it was made with"
        )


def _with_defaults(config: dict[str, Any]) -> dict[str, Any]:
    """Settings from a file, with defaults for those that did not exist when it was written."""
    known = WorldConfig().to_dict()
    return known | config | {part: known[part] | config.get(part, {}) for part in ("shares", "actions")}


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, with line feeds on every system."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def as_lines(records: Iterable[Mapping[str, Any]]) -> str:
    """The text of a JSON lines file, an object a line."""
    return "".join(json.dumps(record) + "\n" for record in records)

"""``hdvila library``: what a library holds, and taking files out of it; where the library is, of all commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.errors import UsageError

if TYPE_CHECKING:
    from hdvila.search.index import FileReport
    from hdvila.search.library import Library

__all__ = ["LIBRARY", "app", "library_at", "some_library"]

app = typer.Typer(add_completion=False, no_args_is_help=True)

LIBRARY = typer.Option(
    None,
    "--library",
    "--into",
    metavar="LIBRARY",
    help="The library, a folder; default: HDVILA_LIBRARY, or one place in your data folder.",
)
_JSON = typer.Option(False, "--json", help="One object a file.")


@app.callback()
def library() -> None:
    """What a library holds, and taking files out of it."""


@app.command()
def show(library: Path | None = LIBRARY, json: bool = _JSON) -> None:
    """List the files of a library: unchanged, failed, or missing where they are not there at the moment."""
    opened = some_library(library)
    reports = opened.files()
    _emit(reports, json)
    clips = sum(report.clips for report in reports)
    model = opened.model() or "that was given in memory"
    held = f"{console.counted(len(reports), 'file')}, {console.counted(clips, 'clip')}"
    console.reporter().note(f"{console.short(opened.path)}: {held}; model {model}")


@app.command()
def forget(
    places: list[Path] = typer.Argument(..., metavar="FILE|FOLDER...", help="Files, or folders with all their files."),
    library: Path | None = LIBRARY,
    json: bool = _JSON,
) -> None:
    """Take files out of a library, whether they are still there or not. The videos themselves are left alone."""
    _emit(some_library(library).forget(places), json)


@app.command()
def prune(library: Path | None = LIBRARY, json: bool = _JSON) -> None:
    """Take out of a library all files that are not there any more. First make sure that all disks are mounted."""
    removed = some_library(library).prune()
    _emit(removed, json)
    if not removed:
        console.reporter().note("all files of the library are there")


def _emit(reports: Iterable[FileReport], json: bool) -> None:
    for report in reports:
        console.emit(report.to_dict(), json, console.file_line(report.status, report.clips, report.file, report.reason))


def library_at(named: Path | None) -> Path:
    """Where the library is: as named, else ``HDVILA_LIBRARY``, else the user's own one place."""
    if named is None and (variable := os.environ.get("HDVILA_LIBRARY")):
        return Path(variable).expanduser()
    return named or _data_folder() / "hdvila" / "library"


def some_library(named: Path | None) -> Library:
    """The library, which must be there.

    Raises:
        UsageError: it is not.
    """
    from hdvila.search.library import open_library

    opened = open_library(library_at(named))
    if not opened.exists:
        place = "" if named is None else f" --library {named}"
        raise UsageError(
            f"{console.short(opened.path)}: there is no such library: make one with "
            f"hdvila index FOLDER{place} --model MODEL"
        )
    return opened


def _data_folder() -> Path:
    """Where programs keep a user's data on this system."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")

"""``hdvila index``, ``search`` and ``library``: libraries of one's own videos."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.cli.tables import emit_table
from hdvila.errors import UsageError

if TYPE_CHECKING:
    from hdvila.search.index import FileReport
    from hdvila.search.library import Library
    from hdvila.types import Moment

index_app = typer.Typer(add_completion=False)
search_app = typer.Typer(add_completion=False)
app = typer.Typer(add_completion=False, no_args_is_help=True)

LIBRARY = typer.Option(
    None,
    "--library",
    "--into",
    metavar="LIBRARY",
    help="The library, a folder; default: HDVILA_LIBRARY, or one place in your data folder.",
)
_JSON = typer.Option(False, "--json", help="One object a file.")


@index_app.command()
def index(
    places: list[Path] = typer.Argument(
        ..., metavar="FOLDER...", help="Folders of videos, with their subfolders, or single files."
    ),
    library: Path | None = LIBRARY,
    model: str | None = typer.Option(
        None, "--model", help="A model folder, checkpoint or hub name; default: that of the library."
    ),
    precision: str = console.PRECISION,
    json: bool = typer.Option(False, "--json", help="One object a file."),
) -> None:
    """Make videos searchable. Only new and changed files are read; moved ones are recognised, and files that are gone
    are removed, unless a whole folder is empty or gone."""
    from hdvila.search.library import open_library

    def show(report: FileReport) -> None:
        line = console.file_line(report.status, report.clips, report.file, report.reason)
        console.emit(report.to_dict(), json, line)

    reporter = console.reporter()
    opened = open_library(library_at(library))
    named = None if model is None else console.model_name(model)
    wanted = console.precision_name(precision)
    reports = opened.index(places, named, precision=wanted, reporter=reporter, each=show)
    count = Counter(report.status for report in reports)
    clips = sum(report.clips for report in reports)
    summary = ", ".join(f"{number} {status}" for status, number in sorted(count.items())) or "no videos"
    where = ", ".join(map(str, places[:3])) + ", ..." * (len(places) > 3)
    reporter.note(f"{where}: {summary}; {console.counted(clips, 'clip')}")
    if count["missing"]:
        option = "" if library is None else f" --library {library}"
        reporter.note(
            f"{count['missing']} missing: their folders are empty or gone (is a disk not mounted?), so their clips are "
            f"kept; hdvila library prune{option} removes them"
        )
    lost = [place for place in places if not os.path.lexists(place)]
    for place in lost:
        reporter.note(f"{place}: is not there at the moment")
    console.finish(count["failed"] + len(lost))


@search_app.command()
def search(
    words: list[str] = typer.Argument(..., metavar="WORDS...", help="What the moment shows, or what is said in it."),
    library: Path | None = LIBRARY,
    k: int = typer.Option(10, "-k", min=1, help="How many hits."),
    json: bool = typer.Option(False, "--json", help="One object a hit."),
) -> None:
    """Find the moments that match your words, seen or said, best first."""
    opened = some_library(library)
    notes = console.reporter()
    hits = opened.search(" ".join(words), k, reporter=notes)
    emit_table(
        [_record(rank, hit) for rank, hit in enumerate(hits, 1)],
        json,
        {"": "right", "from": "right", "to": "right", "seen": "right", "said": "right", "file": "left", "text": "left"},
        [_row(rank, hit) for rank, hit in enumerate(hits, 1)],
    )
    if not hits:
        option = "" if library is None else f" --library {library}"
        notes.note(f"{console.short(opened.path)} holds no clips yet: hdvila index FOLDER{option}")
    if lost := sum(not os.path.lexists(hit.file) for hit in hits):
        notes.note(f"the files of {lost} of these are not there at the moment: is a disk not mounted?")


def _record(rank: int, hit: Moment) -> dict[str, object]:
    return {
        "rank": rank,
        "file": hit.file,
        "start": round(hit.start, 3),
        "end": round(hit.end, 3),
        "score": round(hit.score, 5),
        "text": hit.text,
        "channels": {name: round(value, 5) for name, value in hit.channels.items()},
        "confident": hit.confident,
        "copies": list(hit.copies),
    }


def _row(rank: int, hit: Moment) -> list[str]:
    seen, said = hit.channels.get("picture"), hit.channels.get("speech")
    more = f" (and {len(hit.copies)} copies: {', '.join(map(console.short, hit.copies))})" if hit.copies else ""
    return [
        str(rank),
        _clock(hit.start),
        _clock(hit.end),
        "" if seen is None else f"{seen:+.2f}",
        "" if said is None else f"{said:.0%}",
        console.short(hit.file) + more.replace("1 copies", "1 copy"),
        hit.text,
    ]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


@app.callback()
def library() -> None:
    """List the files of a library, and remove files from it."""


@app.command()
def show(library: Path | None = LIBRARY, json: bool = _JSON) -> None:
    """List the files of a library: unchanged, failed, or missing if they do not exist at the moment."""
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
    """Remove files from a library, whether they still exist or not. The videos themselves are not touched."""
    _emit(some_library(library).forget(places), json)


@app.command()
def prune(library: Path | None = LIBRARY, json: bool = _JSON) -> None:
    """Remove all files that no longer exist from a library. First make sure that all disks are mounted."""
    removed = some_library(library).prune()
    _emit(removed, json)
    if not removed:
        console.reporter().note("all files of the library exist")


def _emit(reports: Iterable[FileReport], json: bool) -> None:
    for report in reports:
        console.emit(report.to_dict(), json, console.file_line(report.status, report.clips, report.file, report.reason))


def library_at(named: Path | None) -> Path:
    """The path of the library: as given, else ``HDVILA_LIBRARY``, else the default in the user's data folder."""
    if named is None and (variable := os.environ.get("HDVILA_LIBRARY")):
        return Path(variable).expanduser()
    return named or _data_folder() / "hdvila" / "library"


def some_library(named: Path | None) -> Library:
    """The library, which must exist.

    Raises:
        UsageError: it does not.
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
    """The folder for a user's data on this system."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")

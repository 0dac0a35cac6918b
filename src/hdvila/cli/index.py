"""``hdvila index``: make videos searchable."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.cli.library import LIBRARY, library_at

if TYPE_CHECKING:
    from hdvila.search.index import FileReport

app = typer.Typer(add_completion=False)


@app.command()
def index(
    places: list[Path] = typer.Argument(
        ..., metavar="FOLDER...", help="Where the videos are, folders in it too; also single files."
    ),
    library: Path | None = LIBRARY,
    model: str | None = typer.Option(
        None, "--model", help="A model folder, checkpoint or hub name; default: the one that the library has."
    ),
    precision: str = console.PRECISION,
    json: bool = typer.Option(False, "--json", help="One object a file."),
) -> None:
    """Make videos searchable: only new and changed files are read, moved ones are known again, and those that are gone
    are taken out, unless a whole folder is empty or gone."""
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
            f"{count['missing']} missing: their folders are empty or not there (is a disk not mounted?), so their "
            f"clips are kept; hdvila library prune{option} takes them out"
        )
    lost = [place for place in places if not os.path.lexists(place)]
    for place in lost:
        reporter.note(f"{place}: is not there at the moment")
    console.finish(count["failed"] + len(lost))

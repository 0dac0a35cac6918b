"""``hdvila index``: make the videos of a folder searchable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console

if TYPE_CHECKING:
    from hdvila.search.library import FileReport

app = typer.Typer(add_completion=False)


@app.command()
def index(
    folder: Path = typer.Argument(
        ..., metavar="FOLDER", help="Where the videos are; folders in it are looked through too."
    ),
    into: Path = typer.Option(..., "--into", help="The library: a folder, made if it is not there."),
    model: str = typer.Option(
        ..., "--model", callback=console.model_name, help="A model folder, checkpoint or hub name."
    ),
    json: bool = typer.Option(False, "--json", help="One object a file."),
) -> None:
    """Make the videos of a folder searchable: only new and changed files, and those that are gone are taken out."""
    from hdvila.search.library import open_library

    def show(report: FileReport) -> None:
        clips = f"{report.clips:>5} clips" if report.clips else " " * 11
        reason = f"  ({report.reason})" if report.reason else ""
        console.emit(report.to_dict(), json, f"{report.status:<10}{clips}  {report.file}{reason}")

    reporter = console.reporter()
    reports = open_library(into).index(folder, model, reporter=reporter, each=show)
    count = Counter(report.status for report in reports)
    clips = sum(report.clips for report in reports)
    summary = ", ".join(f"{number} {status}" for status, number in sorted(count.items())) or "no videos"
    reporter.note(f"{folder}: {summary}; {clips} clips")
    console.finish(count["failed"])

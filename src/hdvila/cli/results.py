"""``hdvila results``: records of evaluations as a table, with the published rows beside."""

from __future__ import annotations

from pathlib import Path

import typer

from hdvila.cli.console import emit, emit_markdown

app = typer.Typer(add_completion=False)


@app.command()
def results(
    files: list[Path] = typer.Argument(
        ..., metavar="RECORD...", help="Records that hdvila evaluate has written, or folders of them."
    ),
    form: str | None = typer.Option(
        None, "--format", help="markdown, latex or csv; default: drawn at a terminal, markdown in a pipe."
    ),
    json: bool = typer.Option(False, "--json", help="The records themselves, one object each."),
) -> None:
    """Tabulate records, a table for each protocol: the numbers with their intervals, and what has been published."""
    from hdvila.evaluate.record import read_records
    from hdvila.evaluate.report.results import tabulate

    found = [read_records(file) for file in files]
    records = [record for some, _ in found for record in some]
    for why in (one for _, odd in found for one in odd):
        typer.echo(f"left out: {why}", err=True)
    if json:
        for record in records:
            emit(record.to_dict(), json)
    else:
        table = tabulate(records, form or "markdown")  # type: ignore[arg-type]
        emit_markdown(table, asked=form is not None)

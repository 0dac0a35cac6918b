"""``hdvila results``: records of evaluations as tables beside published rows; and the text of a single evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hdvila.cli.console import emit
from hdvila.cli.tables import emit_markdown
from hdvila.errors import some_of

if TYPE_CHECKING:
    from hdvila.evaluate.record import Record
    from hdvila.evaluate.retrieval import RetrievalReport

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
    """Tabulate records, a table for each protocol: the numbers with their intervals, beside published ones."""
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


def record_lines(record: Record) -> str:
    """A record as text: its size, its row beside published ones, and notes on re-ranking, missing videos and ties."""
    from hdvila.evaluate.report.results import reranking_in_words, tabulate

    what = ("query", "queries") if record.task == "retrieval" else ("question", "questions")
    part = record.queries != record.full_queries and not record.synthetic
    whole = f"; the published test has {record.full_queries:,}" if part else ""
    lines = [
        f"{_many(record.queries, *what)} about {_many(record.videos, 'video', 'videos')}{whole}; 95 % intervals",
        tabulate([record], "markdown"),
    ]
    if reranked := reranking_in_words(record):
        lines.append(reranked)
    if record.missing:
        lines.append(
            f"missing: {_many(len(record.missing), 'video', 'videos')} ({some_of(record.missing)}); the numbers cover "
            f"the other {record.videos:,}; the record names all (--json, or the file of --into)"
        )
    if record.ties:
        lines.append(f"ties: {record.ties:,} queries, rule {record.tie_rule}")
    if record.out_of_vocabulary:
        lost = record.out_of_vocabulary
        lines.append(
            f"outside the vocabulary: the answers of {lost['questions']:,} questions ({lost['answers']:,} answers)"
        )
    if record.most_frequent is not None:
        lines.append(f"always the most frequent answer: {record.most_frequent:.1%}")
    return "\n".join([*lines, *(f"note: {note}" for note in record.notes)])


def _many(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _ranks(name: str, row: Mapping[str, Any], after: str = "", sign: str = "") -> str:
    recalls = "".join(f"{row[key]:>{sign}8.1%}" for key in ("r1", "r5", "r10", "r50"))
    return f"{name:<15}{recalls}{row['median_rank']:>{sign}9.1f}{row['mean_rank']:>{sign}9.1f}{after}"


def corpus_lines(report: RetrievalReport) -> str:
    """Retrieval on a corpus as text: protocol, gallery, both directions, chance."""
    gallery = report.text_to_video.gallery
    lines = [
        report.protocol,
        f"{report.queries} queries, gallery {gallery}, chance R@1 {1 / gallery:.2%}",
        f"{'':<15}{'R@1':>8}{'R@5':>8}{'R@10':>8}{'R@50':>8}{'median':>9}{'mean':>9}{'ties':>7}",
    ]
    for name, row in (("text to video", report.text_to_video), ("video to text", report.video_to_text)):
        lines.append(_ranks(name, row.to_dict(), f"{row.ties:>7}"))
    if (before := report.before_reranking) is not None:
        lines.append("before re-ranking:")
        lines += [_ranks("text to video", before["text_to_video"]), _ranks("video to text", before["video_to_text"])]
        change = before["difference"]
        lines.append("difference by re-ranking:")
        lines.append(_ranks("text to video", change["text_to_video"], sign="+"))
        lines.append(_ranks("video to text", change["video_to_text"], sign="+"))
    lines.append(f"{'chance':<15}" + "".join(f"{min(1.0, k / gallery):>8.1%}" for k in (1, 5, 10, 50)))
    if report.missing:
        lines.append(f"left out, without speech: {len(report.missing)} clips")
    return "\n".join(lines)

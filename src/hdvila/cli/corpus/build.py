"""``hdvila corpus build``: every step in one command."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hdvila.cli import console
from hdvila.cli.corpus.options import (
    CLIPS,
    CLUSTER,
    CORPUS,
    EXCLUDE,
    FRAMES,
    HEIGHT,
    JSON,
    LANGUAGE,
    LIKE,
    RETRY,
    ROOT,
    SEED,
    SOURCE,
    WORKERS,
    corpus_options,
    takes,
)
from hdvila.cli.corpus.records import (
    category_line,
    emit_contaminated,
    emit_failures,
    emit_remarks,
    sentence_line,
    sentence_record,
    step_line,
    step_record,
)

if TYPE_CHECKING:
    from hdvila.corpus import BuildReport


@takes(*CLIPS, *FRAMES)
def build(
    source: Path = SOURCE,
    into: Path = CORPUS,
    root: Path | None = ROOT,
    min_height: int = HEIGHT,
    language: str = LANGUAGE,
    exclude: list[Path] = EXCLUDE,
    exclude_like: list[Path] = LIKE,
    hours_per_category: float | None = typer.Option(
        None, "--hours-per-category", help="A category with more is sampled; default: no cap (paper: 30000)."
    ),
    seed: int = SEED,
    downloads: Path | None = typer.Option(
        None, "--fetch-into", help="Fetch videos with only a url into this folder (yt-dlp); default: fetch nothing."
    ),
    retry_failed: bool = RETRY,
    workers: int | None = WORKERS,
    cluster: str | None = CLUSTER,
    json: bool = JSON,
    **shape: Any,
) -> None:
    """Cut videos into clips with text. Repeat the command to continue after a kill; stored videos are left alone."""
    from hdvila.corpus import build_corpus

    choice = {
        "root": root,
        "min_height": min_height,
        "language": language,
        "exclude": exclude,
        "exclude_like": exclude_like,
        "hours_per_category": hours_per_category,
        "seed": seed,
        "downloads": downloads,
    }
    options = corpus_options({**choice, **shape, "workers": workers, "cluster": cluster}, into)
    report = build_corpus(source, into, options=options, retry_failed=retry_failed, reporter=console.reporter())
    emit_failures(report.failures, json)
    emit_remarks(report.remarked, json)
    emit_contaminated(report.contaminated, json)
    console.emit(_whole(into, report), json, "\n".join(_lines(into, report)))
    console.finish(report.failed + len(report.contaminated))


def _whole(into: Path, report: BuildReport) -> dict[str, object]:
    return {
        "corpus": str(into),
        "videos": report.videos,
        "added": report.added,
        "unchanged": report.unchanged,
        "changed": report.changed,
        "failed": report.failed,
        "left_out": report.left_out,
        "contaminated": len(report.contaminated),
        "clips": report.clips,
        "hours": report.hours,
        "steps": list(map(step_record, report.steps)),
        "sentences": sentence_record(report.sentences),
        "categories": [asdict(row) for row in report.categories],
    }


def _lines(into: Path, report: BuildReport) -> list[str]:
    from hdvila.pages import length_of_time

    videos = f"{report.videos} video{'s' * (report.videos != 1)}"
    last = (
        f"{into}: {console.counted(report.clips, 'clip')}, {length_of_time(report.hours)}; of {videos} "
        f"{report.added} added, {report.unchanged} unchanged, {report.failed} failed, {report.left_out} left out"
    )
    steps = [*map(step_line, report.steps), sentence_line(report.sentences)]
    lines = [*steps, *map(category_line, report.categories), last]
    if report.changed:
        lines.append(f"{report.changed} of the failed stay as they were cut, from other files than the source has now")
    if report.contaminated:
        number = len(report.contaminated)
        what = "1 video is" if number == 1 else f"{number} videos are"
        lines.append(f"{what} in the corpus and should not be: see contaminated in {into / 'stats.json'}")
    return lines

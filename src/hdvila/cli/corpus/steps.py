"""The steps of ``hdvila corpus build`` as commands: a list of videos in, a list out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.cli.corpus.options import EXCLUDE, HEIGHT, JSON, LANGUAGE, LIKE, LIST, RETRY, ROOT, SEED, SOURCE, WORKERS
from hdvila.cli.corpus.records import category_line, emit_failures, emit_remarks, step_line, step_record
from hdvila.errors import UsageError

if TYPE_CHECKING:
    from hdvila.corpus import CategoryHours, Failure, SourceVideo


def collect(source: Path = SOURCE, into: Path = LIST, root: Path | None = ROOT, json: bool = JSON) -> None:
    """List the videos of a folder or list. Paths in the list are relative to its own folder, or else to --root."""
    from hdvila.corpus import collect as step

    videos, failures = step(source, root)
    _finish_step("collect", len(videos) + len(failures), videos, failures, into, _below(source, root, into), json)


def fetch(
    source: Path = SOURCE,
    into: Path = LIST,
    downloads: Path = typer.Option(..., "--fetch-into", help="The folder that the videos go into."),
    language: str = LANGUAGE,
    min_height: int = HEIGHT,
    retry_failed: bool = RETRY,
    json: bool = JSON,
) -> None:
    """Fetch the videos of a list that have only a url (yt-dlp). Paths in the new list are relative to --fetch-into."""
    from hdvila.corpus import collect as list_videos
    from hdvila.corpus import fetch as step
    from hdvila.corpus.failures import read_failures
    from hdvila.corpus.sources.fetch import youtube_dl

    videos, failures = list_videos(source, downloads, downloads)
    if retry_failed:
        again = {failure.video for failure in read_failures(into.parent, _failures_name(into))}
        videos = [video for video in videos if video.video_id in again or video.path.exists()]
    fetched, lost = step(
        videos,
        youtube_dl(language, min_height),
        language=None if language == "any" else language,
        reporter=console.reporter(),
    )
    came = len(videos) + len(failures)
    _finish_step("fetch", came, fetched, [*failures, *lost], into, downloads, json)


def exclude_videos(
    source: Path = SOURCE,
    into: Path = LIST,
    root: Path | None = ROOT,
    exclude: list[Path] = EXCLUDE,
    exclude_like: list[Path] = LIKE,
    json: bool = JSON,
) -> None:
    """Leave out the videos of test sets: by id, out of the annotation files of any protocol, and by what they show."""
    from hdvila.corpus import ExcludedIds, LookAlikes
    from hdvila.corpus import collect as list_videos
    from hdvila.corpus import exclude as step

    videos, failures = list_videos(source, root)
    came = len(videos) + len(failures)
    videos, named = step(videos, ExcludedIds(exclude))
    seen: list[Failure] = []
    if exclude_like:
        look_alikes = LookAlikes.of(exclude_like, console.reporter())
        videos, seen = look_alikes.exclude(videos, reporter=console.reporter())
    _finish_step("exclude", came, videos, [*failures, *named, *seen], into, _below(source, root, into), json)


def filter_step(
    source: Path = typer.Argument(..., metavar="SOURCE", help="A folder or list of videos, one video, or a corpus."),
    into: Path = typer.Option(..., "--into", help="The list to write: .csv, .jsonl or .parquet; of a corpus a corpus."),
    root: Path | None = ROOT,
    min_height: int | None = typer.Option(
        None, "--min-height", help="Pixels that the short side of a video must have; default: 720, of a corpus any."
    ),
    language: str | None = typer.Option(
        None,
        "--language",
        help="Language of the words, detected in the text: en, de, ..., any; default: en, of a corpus any.",
    ),
    category: list[str] = typer.Option([], "--category", help="Of a corpus: videos of this category; repeat it."),
    exclude: list[Path] = EXCLUDE,
    workers: int | None = WORKERS,
    json: bool = JSON,
) -> None:
    """Keep videos that can be read to their end, are large enough, and have words of the wanted language. Of a corpus:
    copy the videos that are wanted into a new one."""
    from hdvila.cli.corpus.reshape import emit_reshaped, is_corpus
    from hdvila.corpus import CorpusOptions, filter_corpus, filter_videos
    from hdvila.corpus import collect as list_videos

    if is_corpus(source):
        chosen = filter_corpus(
            source,
            into,
            categories=category,
            language=language or "any",
            min_height=min_height or 0,
            exclude=exclude,
            reporter=console.reporter(),
        )
        emit_reshaped([chosen], json)
        return
    if category or exclude:
        given = "--category" if category else "--exclude"
        raise UsageError(f"{given}: is for a corpus, and {source} is not one; see hdvila corpus exclude and balance")
    least = 720 if min_height is None else min_height
    options = CorpusOptions(min_height=least, language=language or "en", workers=workers)
    videos, failures = list_videos(source, root, language=options.track)
    kept, lost = filter_videos(videos, options, reporter=console.reporter())
    came = len(videos) + len(failures)
    _finish_step("filter", came, kept, [*failures, *lost], into, _below(source, root, into), json)


def balance_step(
    source: Path = SOURCE,
    into: Path = LIST,
    root: Path | None = ROOT,
    hours: float = typer.Option(30_000.0, "--hours-per-category", help="A category with more is sampled."),
    seed: int = SEED,
    json: bool = JSON,
) -> None:
    """Keep at most this many hours of each category: a random sample, which the order of the videos does not change."""
    from hdvila.corpus import balance as step
    from hdvila.corpus import collect as list_videos

    videos, failures = list_videos(source, root)
    kept, lost, categories = step(videos, hours, seed)
    came = len(videos) + len(failures)
    _finish_step("balance", came, kept, [*failures, *lost], into, _below(source, root, into), json, categories)


def _below(source: Path, root: Path | None, into: Path) -> Path:
    """The folder that paths of a new list are relative to: as named, else its own if the videos are in it."""
    if root is not None:
        return root
    videos = source if source.is_dir() else source.parent
    return into.parent if videos.resolve().is_relative_to(into.parent.resolve()) else videos


def _failures_name(into: Path) -> str:
    return f"{into.stem}.failures.parquet"


def _finish_step(
    step: str,
    came: int,
    videos: list[SourceVideo],
    failures: list[Failure],
    into: Path,
    root: Path,
    json: bool,
    categories: Iterable[CategoryHours] = (),
) -> None:
    """Write the list and the table of failures beside it, and emit the result of the step."""
    from hdvila.corpus import write_videos
    from hdvila.corpus.failures import summarise, write_failures

    write_videos(into, videos, root)
    write_failures(into.parent, failures, _failures_name(into))
    emit_failures(failures, json)
    emit_remarks(videos, json)
    steps = summarise(came, failures, [step])
    failed = sum(failure.is_fault for failure in failures)
    whole = {
        "list": str(into),
        "root": str(root),
        "videos": came,
        "kept": len(videos),
        "failed": failed,
        "steps": list(map(step_record, steps)),
        "categories": [asdict(row) for row in categories],
    }
    hint = "" if root.resolve() == into.parent.resolve() else f"; its paths are relative to {root}: give --root {root}"
    lines = [*map(step_line, steps), *map(category_line, categories), f"{into}: {len(videos)} of {came} videos{hint}"]
    console.emit(whole, json, "\n".join(lines))
    console.finish(failed)

"""``hdvila corpus``: from transcribed videos to training clips, in one command or step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from hdvila.cli import console, corpus_describe

if TYPE_CHECKING:
    from hdvila.corpus import BuildReport, CategoryHours, Failure, SourceVideo, StepSummary
    from hdvila.media import Form

app = typer.Typer(
    help="From transcribed videos to training clips. Each step takes a folder or a list of videos (.csv, .jsonl, "
    ".parquet) and writes such a list for the next; build takes them all.",
    add_completion=False,
    no_args_is_help=True,
)

_SOURCE = typer.Argument(..., metavar="SOURCE", help="A folder of videos with subtitles, or a list of videos.")
_LIST = typer.Option(..., "--into", help="The list to write: .csv, .jsonl or .parquet.")
_ROOT = typer.Option(None, "--root", help="Where the videos of a list lie; default: beside it. Nothing else is read.")
_HEIGHT = typer.Option(720, "--min-height", help="Lines on the short side that a video must have.")
_LANGUAGE = typer.Option("en", "--language", help="Of the words, told by the text: en, de, ...; any: take all.")
_EXCLUDE = typer.Option([], "--exclude", help="Annotations or ids of a test set whose videos are left out; repeat it.")
_LIKE = typer.Option([], "--exclude-like", help="A video or folder whose near-duplicates are left out; repeat it.")
_SEED = typer.Option(0, "--seed", help="Of the sample.")
_RETRY = typer.Option(False, "--retry-failed", help="Take only the videos that the table of failures lists.")
_FORM = typer.Option("jpeg", "--form", help="Of stored pictures: jpeg, or h264: far smaller, slower to read.")
_CLUSTER = typer.Option(None, "--cluster", help="Cut on the Ray cluster at this address; auto: that of this machine.")
_WORKERS = typer.Option(None, "--workers", help="Processes; default: one for each core.")
_JSON = typer.Option(False, "--json", help="One object a video that was left out, and one for the whole.")


@app.command()
def build(
    source: Path = _SOURCE,
    into: Path = typer.Option(..., "--into", help="The corpus: a folder, made if it is not there."),
    root: Path | None = _ROOT,
    min_height: int = _HEIGHT,
    language: str = _LANGUAGE,
    exclude: list[Path] = _EXCLUDE,
    exclude_like: list[Path] = _LIKE,
    hours_per_category: float | None = typer.Option(
        None, "--hours-per-category", help="A category with more is sampled; default: all is taken (paper: 30000)."
    ),
    seed: int = _SEED,
    downloads: Path | None = typer.Option(
        None, "--fetch-into", help="Fetch videos with only a url into this folder (yt-dlp); default: fetch nothing."
    ),
    retry_failed: bool = _RETRY,
    form: str = _FORM,
    workers: int | None = _WORKERS,
    cluster: str | None = _CLUSTER,
    json: bool = _JSON,
) -> None:
    """Cut videos into clips with text. Killed and started again, it goes on; videos that are there are left alone."""
    from hdvila.corpus import CorpusOptions, build_corpus

    options = CorpusOptions(
        min_height=min_height,
        language=language,
        exclude=tuple(exclude),
        exclude_like=tuple(exclude_like),
        hours_per_category=hours_per_category,
        seed=seed,
        root=root,
        downloads=downloads,
        form=cast("Form", form),
        workers=workers,
        cluster=cluster,
    )
    report = build_corpus(source, into, options=options, retry_failed=retry_failed, reporter=console.reporter())
    _emit_failures(report.failures, json)
    console.emit(_whole(into, report), json, "\n".join(_lines(into, report)))
    console.finish(report.failed)


@app.command()
def collect(source: Path = _SOURCE, into: Path = _LIST, root: Path | None = _ROOT, json: bool = _JSON) -> None:
    """List the videos of a folder or list. The paths in the list are those below the folder of the videos (--root)."""
    from hdvila.corpus import collect as step

    videos, failures = step(source, root)
    _finish_step("collect", len(videos) + len(failures), videos, failures, into, _below(source, root), json)


@app.command()
def fetch(
    source: Path = _SOURCE,
    into: Path = _LIST,
    downloads: Path = typer.Option(..., "--fetch-into", help="The folder that the videos go into."),
    language: str = _LANGUAGE,
    min_height: int = _HEIGHT,
    retry_failed: bool = _RETRY,
    json: bool = _JSON,
) -> None:
    """Fetch the videos of a list that have only a url (yt-dlp). The paths in the new list are below --fetch-into."""
    from hdvila.corpus import collect as list_videos
    from hdvila.corpus import fetch as step
    from hdvila.corpus.failures import read_failures
    from hdvila.corpus.fetch import youtube_dl

    videos, failures = list_videos(source, downloads, downloads)
    if retry_failed:
        again = {failure.video for failure in read_failures(into.parent, _failures_name(into))}
        videos = [video for video in videos if video.video_id in again or video.path.exists()]
    fetched, lost = step(videos, youtube_dl(language, min_height), reporter=console.reporter())
    came = len(videos) + len(failures)
    _finish_step("fetch", came, fetched, [*failures, *lost], into, downloads, json)


@app.command(name="exclude")
def exclude_videos(
    source: Path = _SOURCE,
    into: Path = _LIST,
    root: Path | None = _ROOT,
    exclude: list[Path] = _EXCLUDE,
    exclude_like: list[Path] = _LIKE,
    json: bool = _JSON,
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
    _finish_step("exclude", came, videos, [*failures, *named, *seen], into, _below(source, root), json)


@app.command(name="filter")
def filter_step(
    source: Path = _SOURCE,
    into: Path = _LIST,
    root: Path | None = _ROOT,
    min_height: int = _HEIGHT,
    language: str = _LANGUAGE,
    workers: int | None = _WORKERS,
    json: bool = _JSON,
) -> None:
    """Keep videos that can be read to their end, are large enough, and have words of the wanted language."""
    from hdvila.corpus import CorpusOptions, filter_videos
    from hdvila.corpus import collect as list_videos

    options = CorpusOptions(min_height=min_height, language=language, workers=workers)
    videos, failures = list_videos(source, root)
    kept, lost = filter_videos(videos, options, reporter=console.reporter())
    came = len(videos) + len(failures)
    _finish_step("filter", came, kept, [*failures, *lost], into, _below(source, root), json)


@app.command(name="balance")
def balance_step(
    source: Path = _SOURCE,
    into: Path = _LIST,
    root: Path | None = _ROOT,
    hours: float = typer.Option(30_000.0, "--hours-per-category", help="A category with more is sampled."),
    seed: int = _SEED,
    json: bool = _JSON,
) -> None:
    """Keep at most so many hours of each category, a random sample that does not depend on the order of the videos."""
    from hdvila.corpus import balance as step
    from hdvila.corpus import collect as list_videos

    videos, failures = list_videos(source, root)
    kept, lost, categories = step(videos, hours, seed)
    came = len(videos) + len(failures)
    _finish_step("balance", came, kept, [*failures, *lost], into, _below(source, root), json, categories)


@app.command(name="list")
def list_clips(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A corpus folder."),
    into: Path = typer.Option(..., "--into", help="The .jsonl to write."),
    json: bool = typer.Option(False, "--json", help="One object for the whole."),
) -> None:
    """List the clips of a corpus in the form of HD-VILA-100M: ids, urls and time spans."""
    from hdvila.corpus import write_hd_vila_100m

    videos = write_hd_vila_100m(corpus, into)
    console.emit({"list": str(into), "videos": videos}, json, f"{into}: {videos} videos")


@app.command()
def transcript(
    file: Path = typer.Argument(..., metavar="FILE", help="A subtitle file, or a video with a subtitle track."),
    words: bool = typer.Option(False, "--words", help="Timed words instead of sentences."),
    json: bool = typer.Option(False, "--json", help="One object a sentence or word."),
) -> None:
    """The sentences of a transcript, or its words, with their times."""
    from hdvila.text import read_transcript, split_sentences

    said = read_transcript(file)
    if words:
        for word in said.words:
            record = {"start": word.start, "end": word.end, "word": word.text, "timed_by": word.timed_by}
            console.emit(_rounded(record), json, f"{word.start:9.3f} {word.end:9.3f}  {word.text}")
    else:
        for sentence in split_sentences(said):
            record = {"start": sentence.start, "end": sentence.end, "text": sentence.text}
            console.emit(_rounded(record), json, f"{sentence.start:9.3f} {sentence.end:9.3f}  {sentence.text}")


def _rounded(record: dict[str, object]) -> dict[str, object]:
    """Times to the millisecond, as subtitle files have them."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in record.items()}


def _below(source: Path, root: Path | None) -> Path:
    """The folder that the paths of a list are relative to."""
    return root or (source if source.is_dir() else source.parent)


def _failures_name(into: Path) -> str:
    return f"{into.stem}.failures.parquet"


def _emit_failures(failures: Iterable[Failure], json: bool) -> None:
    for failure in failures:
        console.emit(asdict(failure), json, f"left out at {failure.step}: {failure.video}: {failure.reason}")


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
    """Write the list and the table of failures beside it, and say what came of the step."""
    from hdvila.corpus import write_videos
    from hdvila.corpus.failures import WANTED, summarise, write_failures

    write_videos(into, videos, root)
    write_failures(into.parent, failures, _failures_name(into))
    _emit_failures(failures, json)
    steps = summarise(came, failures, [step])
    failed = sum(failure.step not in WANTED for failure in failures)
    whole = {
        "list": str(into),
        "videos": came,
        "kept": len(videos),
        "failed": failed,
        "steps": list(map(_step_record, steps)),
        "categories": [asdict(row) for row in categories],
    }
    lines = [*map(_step_line, steps), *map(_category_line, categories), f"{into}: {len(videos)} of {came} videos"]
    console.emit(whole, json, "\n".join(lines))
    console.finish(failed)


def _whole(into: Path, report: BuildReport) -> dict[str, object]:
    return {
        "corpus": str(into),
        "videos": report.videos,
        "added": report.added,
        "unchanged": report.unchanged,
        "failed": report.failed,
        "left_out": report.left_out,
        "clips": report.clips,
        "hours": report.hours,
        "steps": list(map(_step_record, report.steps)),
        "categories": [asdict(row) for row in report.categories],
    }


def _lines(into: Path, report: BuildReport) -> list[str]:
    last = (
        f"{into}: {report.clips} clips, {report.hours:.2f} h; of {report.videos} videos {report.added} added, "
        f"{report.unchanged} unchanged, {report.failed} failed, {report.left_out} left out"
    )
    return [*map(_step_line, report.steps), *map(_category_line, report.categories), last]


def _step_record(step: StepSummary) -> dict[str, object]:
    return {"step": step.step, "in": step.came_in, "out": step.came_out, "reasons": step.reasons}


def _step_line(step: StepSummary) -> str:
    why = "".join(f"\n{'':12}{count:>8}  {reason}" for reason, count in step.reasons.items())
    return f"{step.step:<12}{step.came_in:>8} in {step.came_out:>8} out{why}"


def _category_line(row: CategoryHours) -> str:
    return f"{row.category}: {row.hours:.2f} h in {row.videos} videos, kept {row.hours_kept:.2f} h in {row.videos_kept}"


corpus_describe.register(app)

"""``hdvila corpus``: from transcribed videos to training clips, and a look at what a transcript says."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from hdvila.cli import console

app = typer.Typer(help="From transcribed videos to training clips.", add_completion=False, no_args_is_help=True)


@app.command()
def build(
    source: Path = typer.Argument(..., metavar="SOURCE", help="A folder of videos with subtitles, or a manifest."),
    into: Path = typer.Option(..., "--into", help="The corpus: a folder, made if it is not there."),
    min_height: int = typer.Option(720, "--min-height", help="Lines on the short side that a video must have."),
    workers: int | None = typer.Option(None, "--workers", help="Processes; default: one for each core."),
    json: bool = typer.Option(False, "--json", help="One object a video that failed, and one for the whole."),
) -> None:
    """Cut videos into clips with text. Killed and started again, it goes on; videos that are there are left alone."""
    from hdvila.corpus import CorpusOptions, build_corpus

    options = CorpusOptions(min_height=min_height, workers=workers)
    report = build_corpus(source, into, options=options, reporter=console.reporter())
    for failure in report.failures:
        console.emit(asdict(failure), json, f"failed at {failure.step}: {failure.video}: {failure.reason}")
    whole = {
        "corpus": str(into),
        "videos": report.videos,
        "added": report.added,
        "unchanged": report.unchanged,
        "failed": len(report.failures),
        "clips": report.clips,
        "hours": report.hours,
    }
    console.emit(
        whole,
        json,
        f"{into}: {report.clips} clips, {report.hours:.2f} h; of {report.videos} videos {report.added} added, "
        f"{report.unchanged} unchanged, {len(report.failures)} failed",
    )
    console.finish(len(report.failures))


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

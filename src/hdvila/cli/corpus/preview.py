"""``hdvila corpus describe``, ``show`` and ``list``: a corpus in numbers, as a page of clips, and as a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from hdvila.cli import console
from hdvila.errors import UsageError


def describe(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A folder that `hdvila corpus build` made."),
    model: str | None = typer.Option(None, "--model", help="Also measure how well words and frames agree, by a model."),
    json: bool = typer.Option(False, "--json", help="The numbers as one object."),
) -> None:
    """Write numbers, report, datasheet, dataset card and Croissant file of a corpus into it."""
    _check(corpus)
    from hdvila.corpus.describe import describe as describe_corpus
    from hdvila.pages import length_of_time

    stats = describe_corpus(corpus, scorer=_load(model), scorer_name=_name(model), reporter=console.reporter())
    clips, videos = console.counted(stats["clips"], "clip"), console.counted(stats["videos"], "video")
    counts = f"{clips} of {videos}, {length_of_time(stats['hours'])}"
    console.emit(stats, json, f"{corpus}: {counts}; see {corpus / 'report.html'}")


def show(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A folder that `hdvila corpus build` made."),
    into: Path | None = typer.Option(None, "--into", help="The HTML file; default: CORPUS/clips.html."),
    sample: int = typer.Option(40, "--sample", min=1, help="Number of clips, drawn at random."),
    seed: int = typer.Option(0, "--seed", help="Of the draw."),
    model: str | None = typer.Option(None, "--model", help="A model that scores how well words and frames agree."),
    json: bool = typer.Option(False, "--json", help="One object with the file's name."),
) -> None:
    """Write a page of clips with their frames and words, which shows whether they agree."""
    _check(corpus)
    from hdvila.corpus.preview import show as show_corpus

    target = into or corpus / "clips.html"
    file = show_corpus(corpus, target, sample=sample, seed=seed, scorer=_load(model), reporter=console.reporter())
    console.emit({"page": str(file)}, json, str(file))


def _check(corpus: Path) -> None:
    if not corpus.is_dir():
        raise UsageError(f"{corpus}: there is no such corpus; make one with hdvila corpus build")


def _load(model: str | None) -> Any:
    """The model that scores, if one is named."""
    if model is None:
        return None
    from hdvila.hub import load_model, pick_device

    return load_model(console.model_name(model), device=pick_device())


def _name(model: str | None) -> str:
    """The name of a model in what is published: that of its folder, without the path."""
    return (Path(model).resolve().name if Path(model).exists() else model) if model else ""


def list_clips(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A corpus folder."),
    into: Path = typer.Option(..., "--into", help="The .jsonl to write."),
    json: bool = typer.Option(False, "--json", help="One object for the whole."),
) -> None:
    """List the clips of a corpus in the form of HD-VILA-100M: ids, urls and time spans."""
    from hdvila.corpus import write_hd_vila_100m

    videos = write_hd_vila_100m(corpus, into)
    console.emit({"list": str(into), "videos": videos}, json, f"{into}: {console.counted(videos, 'video')}")

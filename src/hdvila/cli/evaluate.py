"""``hdvila evaluate``: retrieval numbers of a model on the clips of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli.console import emit, model_name, reporter
from hdvila.errors import UsageError

if TYPE_CHECKING:
    from hdvila.evaluate.retrieval import RetrievalReport

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    model: str = typer.Option(..., "--model", callback=model_name, help="A model folder, checkpoint or hub name."),
    corpus: Path = typer.Option(..., "--corpus", help="The corpus whose clips are the queries and the gallery."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Retrieval numbers of a model on the clips of a corpus: words to clips, and clips to words."""
    from hdvila.evaluate.retrieval import evaluate_retrieval
    from hdvila.hub import load_model
    from hdvila.store.reader import Corpus

    if not corpus.is_dir():
        raise UsageError(f"{corpus}: there is no such corpus: make one with hdvila corpus build")
    clips = Corpus(corpus)
    report = evaluate_retrieval(load_model(model), clips, reporter=reporter())
    emit({"model": model, "corpus": str(corpus), **report.to_dict()}, json, _table(report))


def _table(report: RetrievalReport) -> str:
    gallery = report.text_to_video.gallery
    lines = [
        report.protocol,
        f"{report.queries} queries, gallery {gallery}, chance R@1 {1 / gallery:.2%}",
        f"{'':<15}{'R@1':>8}{'R@5':>8}{'R@10':>8}{'R@50':>8}{'median':>9}{'mean':>9}{'ties':>7}",
    ]
    for name, row in (("text to video", report.text_to_video), ("video to text", report.video_to_text)):
        recalls = "".join(f"{value:>8.1%}" for value in (row.r1, row.r5, row.r10, row.r50))
        lines.append(f"{name:<15}{recalls}{row.median_rank:>9.1f}{row.mean_rank:>9.1f}{row.ties:>7}")
    lines.append(f"{'chance':<15}" + "".join(f"{min(1.0, k / gallery):>8.1%}" for k in (1, 5, 10, 50)))
    if report.missing:
        lines.append(f"left out, nothing is said in them: {len(report.missing)} clips")
    return "\n".join(lines)

"""``hdvila prepare``: prepares the videos of a benchmark for training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console

if TYPE_CHECKING:
    from hdvila.annotations.records import Annotations
    from hdvila.evaluate.protocols import Protocol
    from hdvila.progress import Reporter

app = typer.Typer(add_completion=False)


@app.command()
def prepare(
    protocols: list[str] = typer.Argument(
        ..., metavar="PROTOCOL...", help="A benchmark (see hdvila protocols), or several that share their videos."
    ),
    videos: Path = typer.Option(..., "--videos", help="The folder of its files, found by name, or an LMDB of them."),
    data: Path = typer.Option(Path(), "--data", help="The folder of its annotation files; the store is created in it."),
    official: bool = typer.Option(False, "--official", help="Resize as the official code does, into store-official."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Only videos in the table of failures."),
    workers: int | None = typer.Option(None, "--workers", help="Processes; default: one per core.", min=1),
    json: bool = typer.Option(False, "--json", help="One object for each failed video, and one for all."),
) -> None:
    """Store the videos of all splits whose annotations exist. The same command continues a killed one.

    The tasks of TGIF-QA, each with its own videos, are prepared together: hdvila prepare tgif-action tgif-frameqa ...
    """
    from hdvila.corpus.prepare import Preparation
    from hdvila.corpus.prepare import prepare as prepare_videos
    from hdvila.data.source import OFFICIAL_STORE, STORE
    from hdvila.errors import UsageError
    from hdvila.evaluate.protocols import get_protocol
    from hdvila.models.registry import systems

    chosen = [get_protocol(name) for name in dict.fromkeys(protocols)]
    names = [asked.name for asked in chosen]
    system = next((one for one in systems() if all(map(one.shown, names))), next(systems()))
    gifs = _all_gifs(chosen)
    reporter = console.reporter()
    splits = [found for protocol in chosen for found in _annotations(protocol, data, reporter)]
    texts: dict[str, str] = {}
    for caption in (caption for split in splits for caption in split.captions):
        texts.setdefault(caption.video_id, caption.text)
    parts = [part for split in splits for part in split.videos]
    if any(part.media == "image" for part in parts):
        if official:
            raise UsageError("--official: is the preparation of videos, and these are images; leave it out")
        preparation = Preparation.of_images()
    else:
        cutter = system.released_streams(gifs) if official else None
        preparation = Preparation.of(system.streams_for(names), cutter)
    store = data / (OFFICIAL_STORE if official else STORE)
    report = prepare_videos(
        parts,
        videos,
        store,
        preparation=preparation,
        texts=texts,
        retry_failed=retry_failed,
        workers=workers,
        reporter=reporter,
    )
    for failure in report.failures:
        if json:
            console.emit(asdict(failure), json)
        else:
            reporter.note(f"{failure.video}: {failure.reason}")
    counts = {"videos": report.videos, "added": report.added, "unchanged": report.unchanged}
    failed = len(report.failures)
    line = f"{store}: of {report.videos} videos {report.added} added, {report.unchanged} unchanged, {failed} failed"
    console.emit({"store": str(store), **counts, "failed": failed}, json, line)
    console.finish(failed)


def _all_gifs(protocols: Sequence[Protocol]) -> bool:
    """Whether their videos are GIFs.

    Raises:
        UsageError: some are and some are not, so they belong to two benchmarks.
    """
    from hdvila.errors import UsageError

    gifs = [protocol.name.startswith("tgif-") for protocol in protocols]
    if any(gifs) and not all(gifs):
        names = ", ".join(protocol.name for protocol in protocols)
        raise UsageError(f"{names} do not share their videos: prepare them one by one, each with its own --data")
    return all(gifs)


def _annotations(protocol: Protocol, data: Path, reporter: Reporter) -> list[Annotations]:
    """The annotations of every split whose file exists.

    Raises:
        UsageError: no file exists, or one is damaged.
    """
    from hdvila.errors import UsageError
    from hdvila.evaluate.protocols import find_annotations

    found: list[Annotations] = []
    missing: list[UsageError] = []
    for split in protocol.files:
        try:
            file = find_annotations(protocol, data, split)
        except UsageError as error:
            missing.append(error)
        else:
            found.append(protocol.read(file, split))
    if not found:
        raise missing[-1]
    for why in missing:
        reporter.note(str(why))
    return found

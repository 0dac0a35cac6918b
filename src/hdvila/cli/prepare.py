"""``hdvila prepare``: prepares the videos of a benchmark for training and evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console

if TYPE_CHECKING:
    from hdvila.annotations.records import Annotations
    from hdvila.evaluate.protocols import Protocol
    from hdvila.media import FrameStream
    from hdvila.models.system import System
    from hdvila.progress import Reporter
    from hdvila.store.layout import Stream

app = typer.Typer(add_completion=False)


@app.command()
def prepare(
    protocols: list[str] = typer.Argument(
        ..., metavar="PROTOCOL...", help="A benchmark (see hdvila protocols), or several that share their videos."
    ),
    videos: Path = typer.Option(..., "--videos", help="The folder of its files, found by name, or an LMDB of them."),
    data: Path = typer.Option(Path(), "--data", help="The folder of its annotation files; the store is created in it."),
    system: str | None = typer.Option(
        None, "--system", help="Whose streams to store; default: the store's own, else hdvila's."
    ),
    store: str | None = typer.Option(None, "--store", metavar="NAME", help="The store's folder in DATA."),
    official: bool = typer.Option(False, "--official", help="Resize as the official code does, into store-official."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Only videos in the table of failures."),
    workers: int | None = typer.Option(None, "--workers", help="Processes; default: one per core.", min=1),
    json: bool = typer.Option(False, "--json", help="One object for each failed video, and one for all."),
) -> None:
    """Store the videos of all splits whose annotations exist. The same command continues a killed one.

    A store holds the streams of one system; another system gets a store of its own (--store NAME).

    The tasks of TGIF-QA, each with its own videos, are prepared together: hdvila prepare tgif-action tgif-frameqa ...
    """
    from hdvila.annotations.merge import first_captions
    from hdvila.corpus.prepare import Preparation
    from hdvila.corpus.prepare import prepare as prepare_videos
    from hdvila.data.source import OFFICIAL_STORE, STORE
    from hdvila.errors import UsageError
    from hdvila.evaluate.protocols import get_protocol

    chosen = [get_protocol(name) for name in dict.fromkeys(protocols)]
    gifs = _all_gifs(chosen)
    into = data / (store or (OFFICIAL_STORE if official else STORE))
    reporter = console.reporter()
    splits = [found for protocol in chosen for found in _annotations(protocol, data, reporter)]
    parts = [part for split in splits for part in split.videos]
    if any(part.media == "image" for part in parts):
        if official:
            raise UsageError("--official: is the preparation of videos, and these are images; leave it out")
        preparation = Preparation.of_images()
    else:
        reader, streams = _streams(system, [protocol.name for protocol in chosen], into)
        preparation = Preparation(streams, reader.released_streams(gifs) if official else None)
    report = prepare_videos(
        parts,
        videos,
        into,
        preparation=preparation,
        texts=first_captions(splits),
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
    line = f"{into}: of {report.videos} videos {report.added} added, {report.unchanged} unchanged, {failed} failed"
    console.emit({"store": str(into), **counts, "failed": failed}, json, line)
    console.finish(failed)


def _streams(given: str | None, protocols: list[str], store: Path) -> tuple[System, Mapping[str, FrameStream]]:
    """A system, and the streams that it reads of videos for these protocols.

    Where none is given, it is the one whose streams the store holds, else the first that knows the protocols.

    Raises:
        UsageError: there is no such system, it does not know the protocols, or the store holds other streams.
    """
    from hdvila.corpus.options import stored_streams
    from hdvila.errors import StoreError, UsageError
    from hdvila.models.registry import default_system, get_system, systems
    from hdvila.store import Corpus
    from hdvila.store.layout import described

    held: Mapping[str, Stream] = {}
    with suppress(StoreError):  # there is no store yet, or the writer says what is wrong with it
        held = Corpus(store).streams
    system = default_system(protocols) if given is None else get_system(given)
    if given is None and held:
        known = (one for one in systems() if all(map(one.shown, protocols)))
        system = next((one for one in known if stored_streams(one.streams_for(protocols)) == held), system)
    streams = system.streams_for(protocols)
    if held and stored_streams(streams) != held:
        raise UsageError(
            f"{store}: holds {described(held)}, and {system.name} is to have {described(stored_streams(streams))}: "
            f"make it a store of its own with --store {store.name}-{system.name}"
        )
    return system, streams


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

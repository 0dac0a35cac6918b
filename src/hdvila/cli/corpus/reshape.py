"""``hdvila corpus split``, ``merge`` and ``upgrade``: new corpora from whole videos of others, old ones made new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.cli.corpus.options import SEED
from hdvila.errors import UsageError

if TYPE_CHECKING:
    from hdvila.corpus import Reshaped

__all__ = ["emit_reshaped", "is_corpus", "merge", "split", "upgrade"]


def split(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="The corpus to split; it is not changed."),
    into: Path = typer.Option(..., "--into", help="The folder of the parts."),
    shares: list[str] = typer.Option(
        ["train=0.9", "test=0.1"],
        "--share",
        metavar="NAME=SHARE",
        help="A part, its share of the videos; repeat it.",
    ),
    seed: int = SEED,
    json: bool = typer.Option(False, "--json", help="One object a part."),
) -> None:
    """Split a corpus by whole videos, so that no training video is in the test.

    A video's part depends on its id and the seed alone: a corpus that has grown splits as before. Repeat the
    command to continue after a kill.
    """
    from hdvila.corpus import split_corpus

    emit_reshaped(split_corpus(corpus, into, _shares(shares), seed=seed, reporter=console.reporter()), json)


def merge(
    corpora: list[Path] = typer.Argument(..., metavar="CORPUS...", help="Two or more, alike in their settings."),
    into: Path = typer.Option(..., "--into", help="The new corpus."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Put the videos of several corpora into one. Repeat the command to continue after a kill."""
    from hdvila.corpus import merge_corpora

    emit_reshaped([merge_corpora(corpora, into, reporter=console.reporter())], json)


def upgrade(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A corpus of this version or an earlier one."),
    json: bool = typer.Option(False, "--json", help="One object."),
) -> None:
    """Bring a corpus of an earlier version up to the present format: its shards stay as they are. Repeat the
    command to continue after a kill."""
    from hdvila.store import upgrade_corpus

    clips = upgrade_corpus(corpus)
    record = {"corpus": str(corpus), "clips": clips}
    console.emit(record, json, f"{corpus}: {console.counted(clips, 'clip')} in the present format")


def is_corpus(path: Path) -> bool:
    """Whether a folder holds a corpus rather than videos."""
    from hdvila.store.layout import CLIPS, MANIFEST, SHARDS

    return any((path / name).is_file() for name in (MANIFEST, CLIPS)) and (path / SHARDS).is_dir()


def emit_reshaped(made: Sequence[Reshaped], json: bool) -> None:
    """What was written, a corpus a line."""
    from hdvila.pages import length_of_time

    for one in made:
        record = {"corpus": str(one.corpus), "videos": one.videos, "clips": one.clips, "hours": one.hours}
        of = f"{console.counted(one.clips, 'clip')} of {console.counted(one.videos, 'video')}"
        line = f"{one.corpus}: {of}, {length_of_time(one.hours)}"
        console.emit(record, json, line)


def _shares(given: Sequence[str]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for text in given:
        name, _, share = text.partition("=")
        try:
            if not name or name in shares or Path(name).name != name or name in (".", ".."):
                raise ValueError
            shares[name] = float(share)
        except ValueError:
            raise UsageError(f"--share {text}: give a name of its own and a share, as in --share test=0.1") from None
    return shares

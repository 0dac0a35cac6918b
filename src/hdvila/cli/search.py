"""``hdvila search``: the moments that fit your words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli.console import emit, reporter
from hdvila.errors import UsageError

if TYPE_CHECKING:
    from hdvila.types import Moment

app = typer.Typer(add_completion=False)


@app.command()
def search(
    words: str = typer.Argument(..., metavar="WORDS", help="What the moment shows, in a few words."),
    library: Path = typer.Option(..., "--library", help="A library that `hdvila index` made."),
    k: int = typer.Option(10, "-k", min=1, help="How many hits."),
    json: bool = typer.Option(False, "--json", help="One object a hit."),
) -> None:
    """Find the moments that fit your words, best first."""
    from hdvila.search.library import open_library

    opened = open_library(library)
    if not opened.exists:
        raise UsageError(
            f"{library}: there is no such library: make one with hdvila index FOLDER --into {library} --model MODEL"
        )
    hits = opened.search(words, k)
    for rank, hit in enumerate(hits, 1):
        emit(_record(rank, hit), json, _line(rank, hit))
    if not hits:
        reporter().note(f"{library} holds no clips yet: hdvila index FOLDER --into {library} --model MODEL")


def _record(rank: int, hit: Moment) -> dict[str, object]:
    return {
        "rank": rank,
        "file": hit.file,
        "start": round(hit.start, 3),
        "end": round(hit.end, 3),
        "score": round(hit.score, 5),
        "text": hit.text,
    }


def _line(rank: int, hit: Moment) -> str:
    return f"{rank:>3}  {hit.score:+.3f}  {_clock(hit.start)}-{_clock(hit.end)}  {hit.file}  {hit.text}".rstrip()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"

"""``hdvila search``: the moments that fit your words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hdvila.cli import console
from hdvila.cli.library import LIBRARY, some_library

if TYPE_CHECKING:
    from hdvila.types import Moment

app = typer.Typer(add_completion=False)


@app.command()
def search(
    words: list[str] = typer.Argument(..., metavar="WORDS...", help="What the moment shows, or what is said in it."),
    library: Path | None = LIBRARY,
    k: int = typer.Option(10, "-k", min=1, help="How many hits."),
    json: bool = typer.Option(False, "--json", help="One object a hit."),
) -> None:
    """Find the moments that fit your words, seen or said, best first."""
    opened = some_library(library)
    notes = console.reporter()
    hits = opened.search(" ".join(words), k, reporter=notes)
    console.emit_table(
        [_record(rank, hit) for rank, hit in enumerate(hits, 1)],
        json,
        {"": "right", "from": "right", "to": "right", "seen": "right", "said": "right", "file": "left", "text": "left"},
        [_row(rank, hit) for rank, hit in enumerate(hits, 1)],
    )
    if not hits:
        option = "" if library is None else f" --library {library}"
        notes.note(f"{console.short(opened.path)} holds no clips yet: hdvila index FOLDER{option}")
    if lost := sum(not os.path.lexists(hit.file) for hit in hits):
        notes.note(f"the files of {lost} of these are not there at the moment: is a disk not mounted?")


def _record(rank: int, hit: Moment) -> dict[str, object]:
    return {
        "rank": rank,
        "file": hit.file,
        "start": round(hit.start, 3),
        "end": round(hit.end, 3),
        "score": round(hit.score, 5),
        "text": hit.text,
        "channels": {name: round(value, 5) for name, value in hit.channels.items()},
        "confident": hit.confident,
        "copies": list(hit.copies),
    }


def _row(rank: int, hit: Moment) -> list[str]:
    seen, said = hit.channels.get("picture"), hit.channels.get("speech")
    more = f" (and {len(hit.copies)} copies: {', '.join(map(console.short, hit.copies))})" if hit.copies else ""
    return [
        str(rank),
        _clock(hit.start),
        _clock(hit.end),
        "" if seen is None else f"{seen:+.2f}",
        "" if said is None else f"{said:.0%}",
        console.short(hit.file) + more.replace("1 copies", "1 copy"),
        hit.text,
    ]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"

"""Options that shape clips and their pictures. The first build of a corpus fixes them (all but --clips-per-shard)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from hdvila.corpus import CorpusOptions

_CLIPS, _PICTURES = "Clips", "Pictures"

MIN_SECONDS = typer.Option(2.0, "--min-seconds", help="A clip has no less, padding included.", rich_help_panel=_CLIPS)
MAX_SECONDS = typer.Option(30.0, "--max-seconds", help="A clip has no more, padding included.", rich_help_panel=_CLIPS)
MIN_WORDS = typer.Option(4, "--min-words", help="A clip has no fewer.", rich_help_panel=_CLIPS)
MAX_WORDS = typer.Option(80, "--max-words", help="A clip has no more.", rich_help_panel=_CLIPS)
PADDING = typer.Option(
    0.3, "--padding", help="Seconds of silence before the first and after the last word.", rich_help_panel=_CLIPS
)
PUNCTUATION = typer.Option(
    None,
    "--punctuation",
    help="A folder with a punctuation model for captions without marks; default: built in.",
    rich_help_panel=_CLIPS,
)
HR_FPS = typer.Option(2.0, "--hr-fps", help="High-resolution pictures a second.", rich_help_panel=_PICTURES)
LR_FPS = typer.Option(10.0, "--lr-fps", help="Low-resolution ones, a whole multiple.", rich_help_panel=_PICTURES)
HR_HEIGHT = typer.Option(720, "--hr-height", help="Their short side in pixels.", rich_help_panel=_PICTURES)
LR_HEIGHT = typer.Option(
    None,
    "--lr-height",
    help="Of low resolution; divides the other; default: a quarter of it.",
    rich_help_panel=_PICTURES,
)
FORM = typer.Option("jpeg", "--form", help="jpeg, or h264: far smaller, slower to read.", rich_help_panel=_PICTURES)
QUALITY = typer.Option(90, "--quality", help="Of JPEG, 1 to 100; H.264 looks about as good.", rich_help_panel=_PICTURES)
SHARD = typer.Option(
    256, "--clips-per-shard", help="A shard ends with the first video after so many.", rich_help_panel=_PICTURES
)


def corpus_options(arguments: Mapping[str, Any]) -> CorpusOptions:
    """Those of a command's arguments that are settings of a corpus, by their names.

    Raises:
        UsageError: a value that no corpus can have.
    """
    from hdvila.corpus import CorpusOptions

    named = (field.name for field in fields(CorpusOptions) if field.name in arguments)
    given: dict[str, Any] = {name: arguments[name] for name in named}
    lists: dict[str, Any] = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return CorpusOptions(**given | lists)

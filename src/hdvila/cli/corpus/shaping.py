"""Options that shape clips and their pictures. The first build of a corpus fixes them (all but --clips-per-shard).

One that is not given is None: the corpus is built on with what it began with, a new one with the library's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from hdvila.corpus import CorpusOptions

_CLIPS, _PICTURES = "Clips", "Pictures"


def _option(name: str, what: str, default: object, panel: str) -> Any:
    """An option that says its default and has none, so that a corpus is built on with what it began with."""
    return typer.Option(None, name, help=f"{what} Default: {default}, or as the corpus began.", rich_help_panel=panel)


TARGET_SECONDS = typer.Option(
    None,
    "--target-seconds",
    help="About what a clip has: sentences are joined to come near it; 0: as many clips as the sentences allow. "
    "Default: as the corpus began; in a new one 13.4 s and 32.5 words, HD-VILA-100M's means, where neither is given.",
    rich_help_panel=_CLIPS,
)
TARGET_WORDS = typer.Option(
    None, "--target-words", help="The same in words. A target given alone counts alone.", rich_help_panel=_CLIPS
)
MIN_SECONDS = _option("--min-seconds", "A clip has no less, padding included.", 2, _CLIPS)
MAX_SECONDS = _option("--max-seconds", "A clip has no more, padding included.", 30, _CLIPS)
MIN_WORDS = _option("--min-words", "A clip has no fewer.", 4, _CLIPS)
MAX_WORDS = _option("--max-words", "A clip has no more.", 80, _CLIPS)
PADDING = _option("--padding", "Seconds of silence before the first and after the last word.", 0.3, _CLIPS)
PUNCTUATION = typer.Option(
    None,
    "--punctuation",
    help="A folder with a punctuation model for captions without marks; default: built in.",
    rich_help_panel=_CLIPS,
)
HR_FPS = _option("--hr-fps", "High-resolution pictures a second.", 2, _PICTURES)
LR_FPS = _option("--lr-fps", "Low-resolution ones, a whole multiple.", 10, _PICTURES)
HR_HEIGHT = _option("--hr-height", "Their short side in pixels.", 720, _PICTURES)
LR_HEIGHT = _option("--lr-height", "Of low resolution; divides the other.", "a quarter of it", _PICTURES)
FORM = _option("--form", "jpeg, or h264: far smaller, slower to read.", "jpeg", _PICTURES)
QUALITY = _option("--quality", "Of JPEG, 1 to 100; H.264 looks about as good.", 90, _PICTURES)
SHARD = typer.Option(
    256, "--clips-per-shard", help="A shard ends with the first video after so many.", rich_help_panel=_PICTURES
)


def corpus_options(arguments: Mapping[str, Any]) -> CorpusOptions:
    """Those of a command's arguments that are settings of a corpus, by their names; what is None as the corpus `into`
    began, where there is one, or else by default.

    Raises:
        UsageError: a value that no corpus can have.
        StoreError: what the corpus began with cannot be read.
    """
    from hdvila.corpus import CorpusOptions
    from hdvila.corpus.ledger import begun_with

    named = [field.name for field in fields(CorpusOptions) if arguments.get(field.name) is not None]
    given: dict[str, Any] = {name: arguments[name] for name in named}
    lists: dict[str, Any] = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    begun = begun_with(arguments["into"]) if "into" in arguments else {}
    return CorpusOptions(**begun | given | lists)

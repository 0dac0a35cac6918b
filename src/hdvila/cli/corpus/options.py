"""Options that several ``hdvila corpus`` commands share, and those that shape clips and frames, each declared once.

The first build of a corpus fixes what shapes clips and frames (all but ``--clips-per-shard``). Such an option has no
default here: what is not given is taken from the corpus, or in a new one from `hdvila.corpus.CorpusOptions`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from hdvila.corpus import CorpusOptions

SOURCE = typer.Argument(
    ..., metavar="SOURCE", help="A folder of videos with subtitles, a list of videos, or one video."
)
CORPUS = typer.Option(..., "--into", help="The corpus: a folder, made if it is not there.")
LIST = typer.Option(..., "--into", help="The list to write: .csv, .jsonl or .parquet.")
ROOT = typer.Option(
    None, "--root", help="The folder of the videos of a list; default: its own. No file outside is read."
)
HEIGHT = typer.Option(720, "--min-height", help="Pixels that the short side of a video must have.")
LANGUAGE = typer.Option(
    "en", "--language", help="Language of the words, detected in the text: en, de, ...; any: take all."
)
EXCLUDE = typer.Option([], "--exclude", help="Annotations or ids of a test set whose videos are left out; repeat it.")
LIKE = typer.Option([], "--exclude-like", help="A video or folder whose near-duplicates are left out; repeat it.")
SEED = typer.Option(0, "--seed", help="Of the sample.")
RETRY = typer.Option(False, "--retry-failed", help="Take only the videos that the table of failures lists.")
CLUSTER = typer.Option(None, "--cluster", help="Cut on the Ray cluster at this address; auto: that of this machine.")
WORKERS = typer.Option(None, "--workers", help="Processes; default: one per core.")
JSON = typer.Option(False, "--json", help="One object per video that was left out, and one for the whole.")

_CLIPS, _FRAMES = "Clips", "Frames"
PUNCTUATION = typer.Option(
    None,
    "--punctuation",
    help="A folder with a punctuation model for captions without marks; default: built in.",
    rich_help_panel=_CLIPS,
)
Command = TypeVar("Command", bound=Callable[..., None])


def _option(name: str, kind: object, what: str, default: object, panel: str) -> inspect.Parameter:
    """An option that says its default and has none."""
    return _parameter(name, kind, f"{what} Default: {default}, or as the corpus began.", panel)


def _parameter(name: str, kind: object, text: str, panel: str, default: object = None) -> inspect.Parameter:
    option = typer.Option(default, f"--{name.replace('_', '-')}", help=text, rich_help_panel=panel)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)


CLIPS = (
    _parameter(
        "target_seconds",
        float | None,
        "Length that joining sentences aims at; 0: as many clips as the sentences allow. "
        "Default: as the corpus began; in a new one 13.4 s and 32.5 words, HD-VILA-100M's means, where neither is "
        "given.",
        _CLIPS,
    ),
    _parameter("target_words", float | None, "The same in words. If only one target is given, the other is 0.", _CLIPS),
    _option("min_seconds", float | None, "Least length of a clip, padding included.", 2, _CLIPS),
    _option("max_seconds", float | None, "Greatest length of a clip, padding included.", 30, _CLIPS),
    _option("min_words", int | None, "Fewest words of a clip.", 4, _CLIPS),
    _option("max_words", int | None, "Most words of a clip.", 80, _CLIPS),
    _option("padding", float | None, "Seconds of silence before the first and after the last word.", 0.3, _CLIPS),
    inspect.Parameter("punctuation", inspect.Parameter.KEYWORD_ONLY, default=PUNCTUATION, annotation=Path | None),
)
FRAMES = (
    _option("hr_fps", float | None, "Frames per second of the stream hr.", 2, _FRAMES),
    _option("lr_fps", float | None, "Frames per second of the stream lr, a whole multiple.", 10, _FRAMES),
    _option("hr_height", int | None, "Their short side in pixels.", 720, _FRAMES),
    _option("lr_height", int | None, "Of the stream lr; divides the other.", "a quarter of it", _FRAMES),
    _option("form", str | None, "jpeg, or h264: far smaller, slower to read.", "jpeg", _FRAMES),
    _option("quality", int | None, "Of JPEG, 1 to 100; H.264 looks about as good.", 90, _FRAMES),
    _parameter("clips_per_shard", int, "A shard ends with the first video after so many.", _FRAMES, 256),
)


def takes(*options: inspect.Parameter) -> Callable[[Command], Command]:
    """Give a command these options on the command line; it gets their values as keyword arguments (``**shape``)."""

    def declare(command: Command) -> Command:
        signature = inspect.signature(command)
        *own, shape = signature.parameters.values()
        assert shape.kind is inspect.Parameter.VAR_KEYWORD, "the command has no **shape"
        named = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
        command.__signature__ = signature.replace(parameters=[*named, *options])  # type: ignore[attr-defined]
        del command.__annotations__[shape.name]
        command.__annotations__.update({one.name: one.annotation for one in options})
        return command

    return declare


def corpus_options(arguments: Mapping[str, Any], into: Path | None = None) -> CorpusOptions:
    """The options of a corpus from a command's arguments; those that are None as the corpus `into` began.

    Raises:
        UsageError: a value that no corpus can have.
        StoreError: what the corpus began with cannot be read.
    """
    from hdvila.corpus import CorpusOptions
    from hdvila.corpus.ledger import Ledger

    given = {name: value for name, value in arguments.items() if value is not None}
    given |= {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    begun = Ledger(into).begun_with() if into is not None else {}
    return CorpusOptions(**begun | given)

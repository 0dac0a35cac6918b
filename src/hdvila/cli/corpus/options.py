"""Options that several commands share."""

from __future__ import annotations

import typer

SOURCE = typer.Argument(
    ..., metavar="SOURCE", help="A folder of videos with subtitles, a list of videos, or one video."
)
LIST = typer.Option(..., "--into", help="The list to write: .csv, .jsonl or .parquet.")
ROOT = typer.Option(None, "--root", help="Where the videos of a list lie; default: beside it. Nothing else is read.")
HEIGHT = typer.Option(720, "--min-height", help="Lines on the short side that a video must have.")
LANGUAGE = typer.Option("en", "--language", help="Of the words, told by the text: en, de, ...; any: take all.")
EXCLUDE = typer.Option([], "--exclude", help="Annotations or ids of a test set whose videos are left out; repeat it.")
LIKE = typer.Option([], "--exclude-like", help="A video or folder whose near-duplicates are left out; repeat it.")
SEED = typer.Option(0, "--seed", help="Of the sample.")
RETRY = typer.Option(False, "--retry-failed", help="Take only the videos that the table of failures lists.")
CLUSTER = typer.Option(None, "--cluster", help="Cut on the Ray cluster at this address; auto: that of this machine.")
WORKERS = typer.Option(None, "--workers", help="Processes; default: one for each core.")
JSON = typer.Option(False, "--json", help="One object a video that was left out, and one for the whole.")

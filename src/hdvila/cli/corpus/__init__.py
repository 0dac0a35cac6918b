"""``hdvila corpus``: from transcribed videos to training clips, in one command or step by step."""

from __future__ import annotations

import typer

from hdvila.cli.corpus.build import build
from hdvila.cli.corpus.clips import clips, cut
from hdvila.cli.corpus.preview import describe, list_clips, show
from hdvila.cli.corpus.reshape import merge, split, upgrade
from hdvila.cli.corpus.steps import balance_step, collect, exclude_videos, fetch, filter_step
from hdvila.cli.corpus.transcript import transcribe, transcript

app = typer.Typer(
    help="From transcribed videos to training clips. Each step takes a folder or a list of videos (.csv, .jsonl, "
    ".parquet); those that choose write such a list for the next; build takes them all.",
    add_completion=False,
    no_args_is_help=True,
)
app.command()(build)
app.command()(collect)
app.command()(fetch)
app.command("exclude")(exclude_videos)
app.command("filter")(filter_step)
app.command("balance")(balance_step)
app.command()(transcribe)
app.command()(transcript)
app.command()(clips)
app.command()(cut)
app.command()(split)
app.command()(merge)
app.command()(upgrade)
app.command()(describe)
app.command()(show)
app.command("list")(list_clips)

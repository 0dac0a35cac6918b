"""The program ``hdvila``: the table of its commands, whose modules are imported when they are used."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer
import typer.core
import typer.main

from hdvila import __version__
from hdvila.cli import console

__all__ = ["main"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A command that is not loaded yet.

    Attributes:
        help: a line about it.
        module: the module in hdvila.cli, and after a colon the name of its Typer application, unless that is ``app``.
        group: it has commands of its own, even if only one.
    """

    help: str
    module: str
    group: bool = False

    @property
    def exists(self) -> bool:
        return importlib.util.find_spec(f"hdvila.cli.{self.module.partition(':')[0]}") is not None

    def load(self) -> Any:
        module, _, name = self.module.partition(":")
        app = getattr(importlib.import_module(f"hdvila.cli.{module}"), name or "app")
        return typer.main.get_group(app) if self.group else typer.main.get_command(app)


_COMMANDS = {
    "demo": _Entry("Run every part once, from rendering videos to search, with a report.", "miniature:demo_app"),
    "miniature": _Entry("Render a small world of narrated videos with known contents.", "miniature", group=True),
    "corpus": _Entry("Build training clips from transcribed videos.", "corpus", group=True),
    "prepare": _Entry("Prepare the videos of a benchmark for training and evaluation.", "prepare"),
    "train": _Entry("Run a training recipe, or estimate its cost.", "train"),
    "evaluate": _Entry("Evaluate a model or predictions by a protocol, or a model on a corpus.", "evaluate"),
    "protocols": _Entry("List the protocols of the benchmarks, and everything that they fix.", "protocols", group=True),
    "results": _Entry("Tabulate records of evaluations beside published rows.", "results"),
    "index": _Entry("Make the videos of a folder searchable.", "library:index_app"),
    "search": _Entry("Find the moments that match your words.", "library:search_app"),
    "library": _Entry("List the files of a library, and remove files from it.", "library", group=True),
    "convert": _Entry("Turn a checkpoint of the official code into a model folder.", "convert"),
    "doctor": _Entry("Check what is installed, and what this machine can do.", "doctor"),
}


class _LazyGroup(typer.core.TyperGroup):
    """Lists the commands whose modules exist, and loads the one that is used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: typer.core.TyperCommand(name) for name in self.list_commands(None)}  # for suggestions

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name, entry in _COMMANDS.items() if entry.exists]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = _COMMANDS[cmd_name].load()
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name].help) for name in self.list_commands(ctx)])


app = typer.Typer(
    cls=_LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},  # commands below take them over
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"hdvila {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    """Video-language learning from narrated videos: corpus, models, training, search.

    Results go to stdout, progress and errors to stderr. Exit status: 0 done, 1 something failed and is listed,
    2 wrong use. Long jobs can be killed at any time; the same command continues them.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: of the command line, without the program's name; default: those of this process.

    Returns:
        The exit status (see `hdvila.cli.console`).
    """
    # Read when torch is loaded. It makes waiting threads sleep: beside other programs, spinning is many times slower
    # (benchmarks/train_step.py). Training on a CPU has one thread per process (hdvila.train.cores) and is not affected.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    command = typer.main.get_command(app)
    try:
        with command.make_context("hdvila", words) as context:
            command.invoke(context)
    except (Exception, KeyboardInterrupt) as error:
        return console.status_of(error)
    return console.DONE

"""The program ``hdvila``. It knows the names of its commands; a command's module is imported when it is typed."""

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
    """A command that is not loaded yet. ``group``: it has commands of its own, even if so far only one."""

    help: str
    group: bool = False

    def load(self, name: str) -> Any:
        app = importlib.import_module(f"hdvila.cli.{name}").app
        return typer.main.get_group(app) if self.group else typer.main.get_command(app)


_COMMANDS = {
    "demo": _Entry("Everything once, from rendered videos to answered queries, with a report."),
    "miniature": _Entry("Render a small world of narrated videos whose truth is known.", group=True),
    "corpus": _Entry("From transcribed videos to training clips.", group=True),
    "prepare": _Entry("Make the videos of a benchmark ready for training and evaluation."),
    "train": _Entry("Run a training recipe, or say what it would cost."),
    "evaluate": _Entry("Numbers of a model on a corpus, or of predictions by a benchmark's protocol."),
    "protocols": _Entry("The benchmarks' protocols: what each of them fixes.", group=True),
    "results": _Entry("Records of evaluations as a table, with the published rows beside."),
    "index": _Entry("Make the videos of a folder searchable."),
    "search": _Entry("Find the moments that fit your words."),
    "library": _Entry("What a library holds, and taking files out of it.", group=True),
    "convert": _Entry("Turn a checkpoint of the official code into a model folder."),
    "doctor": _Entry("What is installed, and what this machine can do."),
}


class _LazyGroup(typer.core.TyperGroup):
    """Lists the commands whose modules exist; loads the one that is typed."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: typer.core.TyperCommand(name) for name in self.list_commands(None)}  # for "did you mean"

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in _COMMANDS if importlib.util.find_spec(f"hdvila.cli.{name}")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = _COMMANDS[cmd_name].load(cmd_name)
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
    2 wrong use. Long jobs can be killed at any moment; the same command goes on.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: the words after the program's name; default: those of this process.

    Returns:
        The exit status (see `hdvila.cli.console`).
    """
    # Read when torch is loaded. Threads that sleep while they wait: beside other programs spinning is many times slower
    # (benchmarks/train_step.py). Training on a CPU has one thread a process (hdvila.train.cores) and never waits so.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    command = typer.main.get_command(app)
    try:
        with command.make_context("hdvila", words) as context:
            command.invoke(context)
    except (Exception, KeyboardInterrupt) as error:
        return console.status_of(error)
    return console.DONE

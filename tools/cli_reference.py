"""Write docs/cli.md: every command of `hdvila` with its arguments, options and defaults, as the program knows them.

python tools/cli_reference.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from hdvila.cli.main import app

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
_NOTE = "<!-- written by `python tools/cli_reference.py` from the help texts in src/hdvila/cli -->"


def reference() -> str:
    """The page."""
    sections = list(_sections(typer.main.get_command(app), "hdvila"))
    (_, introduction), *commands = sections
    contents = [f"* [{name}](#{name.replace(' ', '-')})" for name, _ in commands]
    parts = [_NOTE, "# Commands", introduction, "\n".join(contents)]
    parts += [f"## {name}\n\n{text}" for name, text in commands]
    return "\n\n".join(parts) + "\n"


def _sections(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """A command and, one after the other, those below it: (its name, what there is to know of it)."""
    with command.make_context(name, [], resilient_parsing=True) as context:
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        records = [parameter.get_help_record(context) for parameter in command.params]
    parameters = [f"* `{names}`: {' '.join(text.split())}" for names, text in filter(None, records)]
    parts = [command.help or "", f"```\n{usage}\n```", "\n".join(parameters)]
    yield name, "\n\n".join(part.strip() for part in parts if part.strip())
    if hasattr(command, "list_commands"):
        for below in command.list_commands(None):
            yield from _sections(command.get_command(None, below), f"{name} {below}")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")

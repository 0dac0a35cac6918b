"""The program itself: it starts at once, lists what is there, and answers wrong use with one line and status 2."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from hdvila.cli.main import app, main

HEAVY = ("torch", "av", "numpy", "faiss", "pyarrow", "rich")
LISTED = ["convert", "corpus", "demo", "doctor", "evaluate", "index", "library", "miniature", "prepare", "protocols"]
LISTED += ["results", "search", "train"]


def hdvila(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hdvila", *arguments], capture_output=True, text=True, timeout=100)


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    code = (
        "import sys; from hdvila.cli.main import main; status = main(['--help']); "
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]; sys.exit(str(loaded) if loaded else status)"
    )
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert (shown.returncode, shown.stderr) == (0, "")
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.5
    for name in LISTED:
        assert f"\n  {name} " in shown.stdout


def test_what_prints_names_only_does_not_wait_for_torch() -> None:
    listing = [["train", "--list"], ["protocols"], ["protocols", "show", "didemo"], ["search", "--help"]]
    code = (
        f"import sys; from hdvila.cli.main import main; done = [main(words) for words in {listing!r}]; "
        "loaded = [name for name in ('torch', 'lightning_fabric') if name in sys.modules]; "
        "sys.exit(str(loaded) if loaded else max(done))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "miniature-stage1" in shown.stdout


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_that_prints_results_has_json_as_a_flag_and_a_short_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path, command in commands(typer.main.get_command(app)):
        assert [option.is_flag for option in command.params if "--json" in option.opts] == [True], path
        assert main([*path, "-h"]) == 0
        assert f"hdvila {' '.join(path)}" in capsys.readouterr().out


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in LISTED:
        assert main([name, "-h"]) == 0
        assert f"hdvila {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serch"], "No such command 'serch'. Did you mean 'search'"),
        (["--what"], "--what"),
        (["search"], "Missing argument 'WORDS...'; see hdvila search --help"),
        (["search", "x", "--library", "y", "-k", "0"], "-k"),
        (["index", "x", "--into", "y"], "--model"),
        (["index", "/no/where", "--into", "y", "--model", "a/b"], "/no/where: there is no such folder"),
        (["index", ".", "--into", "y", "--model", "z"], "z: there is no such model"),
        (["search", "x", "--library", "."], "there is no such library"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err
    assert not list(tmp_path.iterdir())


def test_version_and_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("hdvila 0.")
    assert main([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_doctor_names_what_is_installed() -> None:
    told = hdvila("doctor", "--json")
    assert (told.returncode, told.stderr) == (0, "")
    facts = {line["name"]: line["value"] for line in map(json.loads, told.stdout.splitlines())}
    assert "h264" in facts["decoders"]
    assert facts["torch"].startswith("2.")
    assert {"extra train", "cuda", "sqlite", "cores"} <= set(facts)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    told = subprocess.run(
        [sys.executable, "-m", "hdvila", "doctor"], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=100
    )
    os.close(writer)
    assert told.stderr == ""

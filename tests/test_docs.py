"""The documents: every command they show is one that can be typed, and what is typed by `tools/type_docs.py` parses."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from hdvila.cli.main import app
from hdvila.evaluate.protocols import PROTOCOLS
from hdvila.recipes import RECIPES
from hdvila.settings import override

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("src/hdvila/models/*/README.md"))]


def shell_lines(text: str) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield from (part.strip() for part in re.sub(r"\s#\s.*", "", line).split("&&"))


def commands() -> Iterator[tuple[str, str]]:
    """(where, command line) of every hdvila command that a page or a recipe's docstring shows."""
    for page in PAGES:
        for line in shell_lines(page.read_text(encoding="utf-8")):
            if line.startswith("hdvila "):
                yield page.name, line
    for name, make in RECIPES.items():
        for line in re.findall(r"(?:Command|Measured by): (hdvila [^(\n]*)", make.__doc__ or ""):
            yield f"recipe {name}", line


COMMANDS = sorted(set(commands()))


@pytest.mark.parametrize(("where", "line"), COMMANDS, ids=[f"{where}: {line}" for where, line in COMMANDS])
def test_a_command_of_the_documents_can_be_typed(where: str, line: str) -> None:
    words = [word for word in shlex.split(line)[1:] if word not in ("...", "[...]")]
    command, path = typer.main.get_command(app), []
    while hasattr(command, "get_command"):
        if not words and command.invoke_without_command:
            break
        assert words, f"{line}: which command of {' '.join(path)}?"
        path.append(words.pop(0))
        context: Any = None
        inner = command.get_command(context, path[-1])
        assert inner is not None, f"there is no {' '.join(path)}"
        command = inner
    known = {name: option for option in command.params for name in (*option.opts, *option.secondary_opts)}
    for word in words:
        option = word.partition("=")[0]
        assert not option.startswith("-") or option in {*known, "--help"}, f"{' '.join(path)} has no {option}"
    if path == ["train"]:
        _check_training(words)
    for place, word in enumerate(words):
        if word == "--protocol" and words[place + 1].islower():
            assert words[place + 1] in PROTOCOLS


def _check_training(words: list[str]) -> None:
    """The recipe is there, and has the settings that are changed."""
    changes = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    names = [word for word in words if word in RECIPES]
    if not names:
        assert any(word.isupper() or word.startswith("--") or word.endswith(".py") for word in words), "no such recipe"
        return
    for change in changes:
        key, _, value = change.partition("=")
        if key and value and value != "...":
            override(RECIPES[names[0]](), [change])


def test_what_a_recipe_promises_has_a_command() -> None:
    """A number of ours stands beside the command that measured it; of the paper's it says that it is the paper's."""
    for name, make in RECIPES.items():
        promise = re.search(r"Expect: (.*?)(?:\n    \w|\Z)", make.__doc__ or "", re.DOTALL)
        assert promise, name
        ours = re.search(r"\d %", promise[1]) and "paper" not in promise[1]
        assert not ours or "Measured by: hdvila " in (make.__doc__ or ""), name


def load_tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    sys.modules[name] = tool
    spec.loader.exec_module(tool)
    return tool


def test_the_page_of_commands_is_what_the_program_says() -> None:
    tool = load_tool("cli_reference")
    written = tool.PAGE.read_text(encoding="utf-8")
    assert written == tool.reference(), "docs/cli.md is not up to date: run python tools/cli_reference.py"


def test_typed_blocks_are_found_and_have_numbers() -> None:
    tool = load_tool("type_docs")
    for page in PAGES:
        marks = page.read_text(encoding="utf-8").count("<!-- typed:")
        found = tool.sessions(page)
        assert bool(found) == bool(marks), page.name
        for name, lines in found.items():
            assert lines, name
            assert any(line.expected for line in lines), f"{page.name}: {name} comes to no number"


CITED = {  # section, equation, table or figure of HD-VILA -> the files of the package that may name it
    "section 4.1": ["models/hdvila/sampling.py"],
    "section 4.3": ["tasks/pretrain_stage1.py", "tasks/pretrain_stage2.py"],
    "equation 4": ["tasks/contrastive.py", "tasks/pretrain_stage1.py"],
    "equation 5": ["tasks/masked_words.py", "tasks/pretrain_stage2.py"],
    "sections 5.2 and D.1": ["recipes/hdvila/question_answering.py", "tasks/video_qa.py"],
    "sections 5.3 and D.2": ["recipes/hdvila/retrieval.py"],
    "section D.2": ["evaluate/stop_words.py"],
    "section 5.3": ["models/hdvila/benchmarks.py"],  # of the first version
}


def test_sections_and_equations_of_the_paper_are_those_that_were_looked_up() -> None:
    """Numbers of sections are easily remembered wrong: who cites another one looks it up and adds it here."""
    found: dict[str, list[str]] = {}
    number = r"(?:\d(?:\.\d)+|[A-Z]\.\d|\d+\b)"
    for file in sorted((ROOT / "src" / "hdvila").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for told in re.findall(rf"\b(?:sections? {number}(?: and {number})?|equations? {number}|appendix \w\b)", text):
            found.setdefault(told, []).append(str(file.relative_to(ROOT / "src" / "hdvila")))
    assert found == CITED


def test_what_the_documents_name_beside_a_figure_is_there() -> None:
    """Scripts, tests and targets by which a reader can measure again."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for file in re.findall(r"\b(?:benchmarks|tools|tests)/[\w/]+\.py", text):
            assert (ROOT / file).is_file(), f"{page.name}: there is no {file}"
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE):
            assert target in targets, f"{page.name}: there is no make {target}"


def test_every_benchmark_is_named_where_its_figures_stand() -> None:
    named = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    scripts = {file.name for file in (ROOT / "benchmarks").glob("*.py")} - {"plain_hdvila.py"}  # a part of train_step
    assert [name for name in sorted(scripts) if f"benchmarks/{name}" not in named] == []


@pytest.mark.parametrize("file", [file for file in PAGES if file.name != "cli.md"], ids=lambda file: file.name)
def test_prose_wraps(file: Path) -> None:
    """Tables and code may be wider, and docs/cli.md is generated."""
    text = re.sub(r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.M | re.S)
    wide = [line for line in text.splitlines() if len(line) > 130 and not line.lstrip().startswith(("|", "!["))]
    assert not wide, "\n".join(wide)

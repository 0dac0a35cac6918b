"""Every name in the table of docs/architecture.md can be imported from where the table says."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hdvila"


def table() -> list[tuple[str, str, list[str], list[str]]]:
    """(room, name, its methods and attributes that are named, files of its row)."""
    rows, room = [], ""
    text = (
        (ROOT / "docs" / "architecture.md").read_text().partition("## What each room offers")[2].partition("\n## ")[0]
    )
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) != 3 or cells[0] == "room":
            continue
        room = cells[0].strip("`") or room
        files = re.findall(r"`([\w/]+(?:\.py|/))`", cells[2])
        for span in re.findall(r"`([^`]+)`", cells[1].partition("; `.")[0]):
            names = re.split(r"\(| ->", span)[0].split() if not span.startswith(".") else []
            for name in names:
                owner, _, attribute = name.partition(".")
                if attribute != "py" and owner.isidentifier():
                    rows.append((room, owner, [attribute] if attribute else [], files))
        if "`HDVILA`" in cells[1]:
            rows.append((room, "HDVILA", re.findall(r"`\.(\w+)`", cells[1]), files))
    return rows


def modules(room: str, files: list[str]) -> list[str]:
    """The modules that the files of a row name; of a row that names none, all of the room."""
    if (SOURCE / f"{room}.py").is_file():
        return [f"hdvila.{room}"]
    paths = [path for file in files for path in ([file] if file.endswith(".py") else _inside(room, file))]
    dotted = [f"hdvila.{room}.{path.removesuffix('.py').replace('/', '.')}" for path in paths or _inside(room, "")]
    return [name.removesuffix(".__init__") for name in dotted]


def _inside(room: str, folder: str) -> list[str]:
    return [str(path.relative_to(SOURCE / room)) for path in sorted((SOURCE / room / folder).rglob("*.py"))]


def _is_ours(module: str, name: str) -> bool:
    value = getattr(importlib.import_module(module), name, None)
    return value is not None and getattr(value, "__module__", "hdvila").startswith("hdvila")


def test_the_table_is_read() -> None:
    names = {(room, name) for room, name, *_ in table()}
    assert len(names) > 60
    assert {("train", "plan"), ("search", "open_library"), ("types", "Moment"), ("hub", "load_model")} <= names


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row[0]}.{row[1]}")
def test_a_name_is_imported_from_its_room_and_its_file(row: tuple[str, str, list[str], list[str]]) -> None:
    room, name, attributes, files = row
    homes = [module for module in modules(room, files) if _is_ours(module, name)]
    assert homes, f"{name} is in none of {files}"
    value = getattr(importlib.import_module(homes[0]), name)
    assert all(hasattr(value, attribute) for attribute in attributes)
    if all(home.rpartition(".")[2] != name for home in homes):
        assert getattr(importlib.import_module(f"hdvila.{room}"), name) is value


def test_a_rooms_name_alone_loads_nothing_heavy() -> None:
    rooms = ("annotations", "data", "evaluate", "models", "search", "tasks", "train")
    code = f"import sys, {', '.join('hdvila.' + room for room in rooms)}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

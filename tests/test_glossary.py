"""One word for a thing, one thing for a word: docs/glossary.md says which, and names in the code follow it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hdvila"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| word |", "|--"))
]
ONE_OF_A_NAME = ("Answers", "Inputs", "Part", "Prepared", "Preprocess", "Row", "Sampler", "Span", "Task")
KEPT_FOR_USERS = ("annotations/carve.py",)
"""Old names that the docs once showed."""


def names() -> Iterator[tuple[str, str]]:
    """(name, where) of every file, public class and public function."""
    for file in sorted(SOURCE.rglob("*.py")):
        where = file.relative_to(SOURCE).as_posix()
        if where in KEPT_FOR_USERS:
            continue
        yield file.stem, where
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                yield node.name, where


def test_old_words_are_gone() -> None:
    old = {word.strip() for row in ROWS for word in row[2].split(",") if word.strip()}
    assert len(old) >= 6
    found = [f"{where}: {name}" for name, where in names() if re.sub("[_ ]", "", name).lower() in old]
    assert not found, found


def test_a_word_has_one_row() -> None:
    words = [word.strip().lower() for row in ROWS for word in re.sub(r"\(.*?\)", "", row[0]).split(",")]
    assert len(words) == len(set(words))
    assert all(len(row) == 3 and row[1] for row in ROWS)


def test_a_class_stands_in_one_file() -> None:
    places = defaultdict(set)
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            targets = [node.name] if isinstance(node, ast.ClassDef) else []
            if isinstance(node, ast.Assign):
                targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            for name in targets:
                places[name].add(file.relative_to(SOURCE).as_posix())
    doubled = {name: sorted(places[name]) for name in ONE_OF_A_NAME if len(places[name]) > 1}
    assert not doubled, doubled

"""Recipes and protocols of one's own: registered, or given as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.cli.main import main
from hdvila.errors import UsageError
from hdvila.evaluate import register_protocol
from hdvila.evaluate.protocols import PROTOCOLS, get_protocol
from hdvila.recipes import RECIPES, describe, get_recipe, register_recipe
from hdvila.train import Recipe

ONE = """
from __future__ import annotations
from dataclasses import replace
from hdvila.recipes import get_recipe
from hdvila.train import Recipe
from beside import STEPS

def _hidden() -> Recipe:
    return get_recipe("miniature-stage2")

def shorter(steps: int = STEPS) -> "Recipe":
    return replace(get_recipe("miniature-stage1"), name="shorter", steps=steps)

def helper(steps) -> int:
    return steps
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    recipes, protocols = dict(RECIPES), dict(PROTOCOLS)
    yield
    for known, before in ((RECIPES, recipes), (PROTOCOLS, protocols)):
        known.clear()
        known.update(before)  # type: ignore[call-overload]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("STEPS = 17\n")
    (tmp_path / "my_recipe.py").write_text(ONE)
    return tmp_path / "my_recipe.py"


def test_a_file_gives_its_recipe(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert get_recipe(str(file)) == replace(get_recipe("miniature-stage1"), name="shorter", steps=17)
    assert main(["train", "--plan", str(file), "--set", "batch_size=32"]) == 0
    assert "17 steps of 32 clips" in capsys.readouterr().out


def test_of_several_one_is_chosen_by_name(file: Path) -> None:
    file.write_text(ONE + "\nother = replace(shorter(), name='longer', steps=99)\n")
    with pytest.raises(UsageError, match=r"has 2 recipes: choose one, such as .*my_recipe\.py:shorter"):
        get_recipe(str(file))
    assert get_recipe(f"{file}:other").steps == 99
    assert get_recipe(f"{file}:shorter").steps == 17
    with pytest.raises(UsageError, match="no recipe 'third', only shorter, other"):
        get_recipe(f"{file}:third")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"my_recipe\.py: there is no such recipe file"),
        ("x = 3\n", r"has no recipe: write a function"),
        ("x = 3\ny = x / 0\n", r"my_recipe\.py, line 2: the recipe file fails \(ZeroDivisionError"),
        ("x = (\n", r"my_recipe\.py, line 1: the recipe file fails \(SyntaxError"),
        ("import no_such_thing\n", r"line 1: the recipe file fails \(ModuleNotFoundError"),
        ("def f() -> 'Recipe':\n    return 3\n", "its recipe returns a int: write a function"),
        ("def f() -> 'Recipe':\n    x = {}\n    return x['a']\n", r"line 3: the recipe file fails \(KeyError"),
    ],
)
def test_a_file_that_gives_none_says_why_and_where(
    file: Path, content: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(UsageError, match=said):
        get_recipe(str(file))
    assert main(["train", str(file), "--into", str(file.parent / "run")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_registered_recipe_is_found_by_its_name() -> None:
    @register_recipe
    def mine() -> Recipe:
        """Mine."""
        return replace(get_recipe("miniature-stage1"), name="mine")

    assert get_recipe("mine").name == "mine"
    assert describe("mine") == ["Mine.", "", "", ""]
    assert main(["train", "--list"]) == 0
    with pytest.raises(UsageError, match="there is already a recipe 'mine'"):
        register_recipe(lambda: mine())
    with pytest.raises(UsageError, match="returns a int"):
        register_recipe(lambda: 3)  # type: ignore[arg-type, return-value]
    with pytest.raises(UsageError, match="a Recipe is not a function"):
        register_recipe(mine())  # type: ignore[arg-type]


def test_a_registered_protocol_is_found_by_its_name() -> None:
    mine = replace(get_protocol("msrvtt-1ka"), name="mine", benchmark="my videos")
    assert register_protocol(mine) is mine
    assert get_protocol("mine") is mine
    register_protocol(mine)
    with pytest.raises(UsageError, match="there is a protocol 'mine' already"):
        register_protocol(replace(mine, benchmark="others"))
    with pytest.raises(UsageError, match="a str is not a Protocol"):
        register_protocol("mine")  # type: ignore[arg-type]

"""Recipes in users' own files: ``hdvila train ./my_recipe.py``."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from inspect import isfunction, signature
from pathlib import Path
from types import ModuleType
from typing import Any

from hdvila.errors import HdvilaError, UsageError
from hdvila.train.recipe import Recipe

__all__ = ["is_recipe_file", "recipe_from_file"]

_EXAMPLE = (
    "write a function without arguments that returns a hdvila.train.Recipe, def my_recipe() -> Recipe: ..., or a value "
    "of that type"
)


def is_recipe_file(name: str) -> bool:
    """Whether this is a file, ``FILE.py`` or ``FILE.py:NAME``, and not the name of a recipe."""
    return name.partition(":")[0].endswith(".py") or ".py:" in name


def recipe_from_file(name: str) -> Recipe:
    """The recipe in a Python file, which is executed like any program of the user.

    A file's recipes are its functions without required arguments that are annotated ``-> Recipe``, and its values of
    that type, except imported ones and those with a leading underscore. ``FILE.py:NAME`` chooses one of several by the
    name of the function or value. The file may also call `hdvila.evaluate.register_protocol`, and import files beside
    it.

    Raises:
        UsageError: there is no such file, it fails, it has no recipe, or it has several and none is chosen.
    """
    before, _, after = name.rpartition(".py")
    file, wanted = Path(f"{before}.py"), after.removeprefix(":")
    if not file.is_file():
        raise UsageError(f"{file}: there is no such recipe file; check the path")
    found = _recipes(_execute(file))
    if not found:
        raise UsageError(f"{file}: it has no recipe: {_EXAMPLE}")
    if wanted and wanted not in found:
        raise UsageError(f"{file}: it has no recipe {wanted!r}, only {', '.join(found)}")
    if not wanted and len(found) > 1:
        raise UsageError(f"{file}: it has {len(found)} recipes: choose one, such as {file}:{next(iter(found))}")
    return _made(file, found[wanted or next(iter(found))])


def _execute(file: Path) -> ModuleType:
    folder = str(file.resolve().parent)
    spec = importlib.util.spec_from_file_location(f"recipe_file_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and annotations in the file need it
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _failed(file, error) from error
    finally:
        sys.path.remove(folder)
    return module


def _recipes(module: ModuleType) -> dict[str, Recipe | Callable[[], Any]]:
    found: dict[str, Recipe | Callable[[], Any]] = {}
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if isinstance(value, Recipe) or (
            isfunction(value) and value.__module__ == module.__name__ and _makes_a_recipe(value)
        ):
            found[name] = value
    return found


def _makes_a_recipe(function: Callable[..., Any]) -> bool:
    asked = signature(function)
    free = all(one.default is not one.empty or one.kind in (2, 4) for one in asked.parameters.values())
    returned = asked.return_annotation
    said = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
    return free and said.strip("\"'").rpartition(".")[2] == "Recipe"


def _made(file: Path, recipe: Recipe | Callable[[], Any]) -> Recipe:
    if isinstance(recipe, Recipe):
        return recipe
    try:
        made = recipe()
    except HdvilaError:
        raise
    except Exception as error:
        raise _failed(file, error) from error
    if not isinstance(made, Recipe):
        raise UsageError(f"{file}: its recipe returns a {type(made).__name__}: {_EXAMPLE}")
    return made


def _failed(file: Path, error: Exception) -> UsageError:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    line = getattr(error, "lineno", None) or next(reversed(lines), None)
    where = f"{file}, line {line}" if line else str(file)
    return UsageError(f"{where}: the recipe file fails ({type(error).__name__}: {error}): fix it")

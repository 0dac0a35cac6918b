"""Named runs: functions that return a `Recipe`. Their docstrings have four lines: what, command, cost, expectation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from types import ModuleType

from hdvila.errors import UsageError
from hdvila.recipes import clipbert, hdvila
from hdvila.recipes.from_file import is_recipe_file, recipe_from_file
from hdvila.train.recipe import Recipe


def _recipes_of(module: ModuleType) -> Iterator[tuple[str, Callable[[], Recipe]]]:
    """The public functions of a module that return a recipe, by name with dashes."""
    for name, value in vars(module).items():
        own = getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
        if own and getattr(value, "__annotations__", {}) == {"return": "Recipe"}:
            yield name.replace("_", "-"), value


RECIPES: dict[str, Callable[[], Recipe]] = {
    name: make for module in (*hdvila.MODULES, *clipbert.MODULES) for name, make in _recipes_of(module)
}


def register_recipe(make: Callable[[], Recipe]) -> Callable[[], Recipe]:
    """Register your own recipe by its name, for this process; also usable as a decorator.

    Args:
        make: a function that returns the recipe. Its docstring has up to four lines: what it is, the command, the cost
            and what to expect.

    Returns:
        `make`.

    Raises:
        UsageError: it does not return a recipe, or another recipe has its name.
    """
    if not callable(make):
        raise UsageError(
            f"register_recipe: a {type(make).__name__} is not a function: give one that returns the recipe"
        )
    recipe = make()
    if not isinstance(recipe, Recipe):
        raise UsageError(f"register_recipe: {make!r} returns a {type(recipe).__name__}: it must return a Recipe")
    if RECIPES.get(recipe.name, make) is not make:
        raise UsageError(f"there is already a recipe {recipe.name!r}: choose another name")
    RECIPES[recipe.name] = make
    return make


def get_recipe(name: str) -> Recipe:
    """The recipe of this name, or of a Python file, ``FILE.py`` or ``FILE.py:NAME`` (`recipe_from_file`).

    Raises:
        UsageError: there is none; suggests the nearest names.
    """
    if is_recipe_file(name):
        return recipe_from_file(name)
    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(RECIPES)}"
        raise UsageError(f"there is no recipe {name!r}: {hint}")
    return RECIPES[name]()


def describe(name: str) -> list[str]:
    """The four lines of a recipe's docstring: what, command, cost, expectation; '' for missing ones."""
    lines = [line.strip() for line in (RECIPES[name].__doc__ or "").strip().splitlines()]
    return [*filter(None, lines), "", "", "", ""][:4]

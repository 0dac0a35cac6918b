"""Systems by name: those of this package, and those that users register."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hdvila.errors import UsageError
from hdvila.models.system import System

if TYPE_CHECKING:
    from hdvila.models.config import Config
    from hdvila.nn.pretrained import PretrainedModel
    from hdvila.nn.weight_files import Weights

__all__ = ["default_system", "get_system", "is_system", "recognise", "register", "system_of", "systems"]

_SYSTEMS: dict[str, str | System[Any, Any, Any]] = {
    "hdvila": "hdvila.models.hdvila.system:SYSTEM",
    "clipbert": "hdvila.models.clipbert.system:SYSTEM",
}
"""By name. A string is imported on first use."""


def register(system: System[Any, Any, Any]) -> System[Any, Any, Any]:
    """Register a system under its name, for this process.

    Returns:
        `system`.

    Raises:
        UsageError: it is not a system, or another one has its name.
    """
    if not isinstance(system, System):
        raise UsageError(f"register: a {type(system).__name__} is not a System: give an instance of a subclass")
    if _SYSTEMS.get(system.name, system) is not system:
        raise UsageError(f"there is a system {system.name!r} already: choose another name")
    _SYSTEMS[system.name] = system
    return system


def is_system(name: object) -> bool:
    """Whether a system of this name is known."""
    return isinstance(name, str) and name in _SYSTEMS


def get_system(name: str) -> System:
    """The system of this name.

    Raises:
        UsageError: there is none.
    """
    found = _SYSTEMS.get(name)
    if found is None:
        raise UsageError(
            f"there is no system {name!r}, only {', '.join(_SYSTEMS)}: register your own with hdvila.models.register"
        )
    if isinstance(found, str):
        module, _, value = found.partition(":")
        found = getattr(importlib.import_module(module), value)
        assert isinstance(found, System)
        _SYSTEMS[name] = found
    return found


def systems() -> Iterator[System]:
    """All systems, in the order of registration."""
    return map(get_system, list(_SYSTEMS))


def default_system(protocols: Iterable[str]) -> System:
    """The first system that has settings for all these protocols, for which their videos are prepared unless another
    one is named; the first of all if none has."""
    names = list(protocols)
    return next((one for one in systems() if all(map(one.shown, names))), next(systems()))


def recognise(weights: Weights) -> System | None:
    """The first system that recognises these weights; None if none does."""
    return next((system for system in systems() if system.recognises(weights)), None)


def system_of(model: Config | PretrainedModel) -> System:
    """The system of a model or of its configuration."""
    return get_system(model.system)

"""The systems of the house, and those of a user's own, by name. The one place that names them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hdvila.errors import UsageError
from hdvila.models.system import System

if TYPE_CHECKING:
    from hdvila.nn.weight_files import Weights

__all__ = ["get_system", "is_system", "recognise", "register", "system_of", "systems"]

_SYSTEMS: dict[str, str | System[Any, Any, Any]] = {
    "hdvila": "hdvila.models.hdvila.system:SYSTEM",
}
"""By name; one of ours is imported when it is asked for."""


def register(system: System[Any, Any, Any]) -> System[Any, Any, Any]:
    """Make a system of one's own known by its name, for this process.

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
            f"there is no system {name!r}, only {', '.join(_SYSTEMS)}: one of your own is made known by "
            "hdvila.models.register"
        )
    if isinstance(found, str):
        module, _, value = found.partition(":")
        found = getattr(importlib.import_module(module), value)
        assert isinstance(found, System)
        _SYSTEMS[name] = found
    return found


def systems() -> Iterator[System]:
    """All of them, in the order in which they were made known."""
    return map(get_system, list(_SYSTEMS))


def recognise(weights: Weights) -> System | None:
    """The system whose keys and shapes these are; None: nobody's."""
    return next((system for system in systems() if system.recognises(weights)), None)


def system_of(model: Any) -> System:
    """The system of a model or of its configuration."""
    return get_system(model.system)

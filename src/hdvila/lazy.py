"""Names that a room offers, imported when they are first asked for: a room's name alone loads nothing heavy."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


def offered(room: str, offers: Mapping[str, str], name: str) -> Any:
    """The answer of a room's ``__getattr__``.

    Args:
        room: its ``__name__``.
        offers: name -> the file below the room that it is in, dotted, such as ``"metrics.rank"``.

    Raises:
        AttributeError: the room does not offer it.
    """
    if name not in offers:
        raise AttributeError(f"module {room!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{room}.{offers[name]}"), name)

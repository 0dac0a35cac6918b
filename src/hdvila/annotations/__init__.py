"""Readers of the benchmarks' original annotation files, all into the same records."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "Annotations": "records",
    "split_off": "merge",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

"""Annotation files of the benchmarks, in the forms in which their authors gave them out."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "Annotations": "records",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

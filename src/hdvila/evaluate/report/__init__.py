"""Present results: tables of records beside published rows, and a page with examples of a model's answers."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "tabulate": "results",
    "write_report": "page",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

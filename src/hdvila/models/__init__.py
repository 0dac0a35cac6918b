"""HD-VILA and its siblings, a folder each."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "HDVILA": "hdvila.model",
    "HDVILAConfig": "hdvila.config",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

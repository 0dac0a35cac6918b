"""The systems, a folder each; `hdvila.models.register` makes one of your own known."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "HDVILA": "hdvila.model",
    "HDVILAConfig": "hdvila.config",
    "HybridClip": "hdvila.sampling",
    "Preprocess": "hdvila.preprocess",
    "Config": "config",
    "Inputs": "inputs",
    "Shown": "shown",
    "Start": "start",
    "System": "system",
    "get_system": "registry",
    "hybrid_indices": "hdvila.sampling",
    "register": "registry",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

"""The training loop and what it works with."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "GradientStep": "step",
    "Ingredient": "recipe",
    "Recipe": "recipe",
    "TrainStep": "step",
    "train": "loop",
    "train_on_cores": "cores",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

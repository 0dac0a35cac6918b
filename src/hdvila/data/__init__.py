"""Batches out of a corpus or a benchmark's training split."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "Batch": "batch",
    "DataSettings": "settings",
    "Example": "examples",
    "ClipDataset": "dataset",
    "Mixture": "order",
    "Order": "order",
    "SampleKey": "order",
    "step_batches": "loader",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)

"""In which numbers a run or a model computes, and which of them this machine is fast in."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, get_args

import torch

from hdvila.errors import UsageError
from hdvila.nn.device import pick_device
from hdvila.types import Precision, WantedPrecision

__all__ = [
    "SLOW",
    "Precision",
    "WantedPrecision",
    "computing",
    "fast_precision",
    "precision_of",
    "settle_precision",
    "wanted_precision",
]

SLOW = "this machine's arithmetic does not know bfloat16 and is many times slower in it"

_KNOWING_BFLOAT16 = ("amx_bf16", "avx512_bf16")


def settle_precision(
    wanted: WantedPrecision, begun: Precision | None = None, device: str | torch.device | None = None
) -> Precision:
    """What a run or a model computes in.

    Args:
        begun: what the run has computed in until now; None for one that begins, and for models.
        device: as in `fast_precision`.
    """
    return (begun or fast_precision(device)) if wanted == "auto" else wanted


def fast_precision(device: str | torch.device | None = None) -> Precision:
    """The fastest precision here: "bfloat16" on GPUs and on CPUs whose arithmetic knows it, else "float32".

    A CPU that does not know it computes every product in a roundabout way: a step of the miniature model takes eleven
    times as long on an AVX2 machine (``benchmarks/model_step.py small --threads 1``: 63 clips a second in float32, 5.5
    in bfloat16). ARM was not measured and counts as not knowing it.

    Args:
        device: of the model; default: the one that every command chooses (`pick_device`).
    """
    if torch.device(device or pick_device()).type == "cuda":
        return "bfloat16"
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}  # since torch 2.11
    return "bfloat16" if any(known.get(name) for name in _KNOWING_BFLOAT16) else "float32"


def wanted_precision(name: object) -> WantedPrecision:
    """A precision by its name.

    Raises:
        UsageError: there is no such precision.
    """
    if name not in get_args(WantedPrecision):
        raise UsageError(f"precision {name!r}: choose one of {', '.join(get_args(WantedPrecision))}")
    return name  # type: ignore[return-value]


def precision_of(model: object) -> Precision:
    """In which `model` computes: its `precision`; float32 for one that has none, such as a user's own encoder."""
    precision: Precision = getattr(model, "precision", "float32")
    return precision


def computing(model: Any) -> AbstractContextManager[object]:
    """A context in which `model` computes in its own precision (`precision_of`).

    In bfloat16 convolutions and matrix products are rounded to it; weights, sums along the layers, norms and the last
    normalisation stay float32. Weights are rounded once a context, so one around many batches is the fast way.
    """
    if precision_of(model) == "float32":
        return nullcontext()
    return torch.autocast(model.device.type, torch.bfloat16)

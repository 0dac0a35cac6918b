"""The device that models run on, and the precision that they compute in."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import get_args

import torch

from hdvila.errors import UsageError
from hdvila.nn.capabilities import Reads
from hdvila.types import Precision, WantedPrecision

__all__ = [
    "SLOW",
    "Precision",
    "WantedPrecision",
    "computing",
    "fast_precision",
    "pick_device",
    "precision_of",
    "settle_precision",
    "wanted_precision",
]

SLOW = "this machine's CPU has no bfloat16 instructions and is many times slower in bfloat16"

_BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16")


def pick_device() -> str:
    """``"cuda"`` where there is a GPU that torch can use, else ``"cpu"``: the choice of every command."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def settle_precision(
    wanted: WantedPrecision, begun: Precision | None = None, device: str | torch.device | None = None
) -> Precision:
    """The precision of a run or a model: `wanted`, with "auto" resolved.

    Args:
        begun: the precision of a run that is continued; None for a new run, and for models.
        device: as in `fast_precision`.
    """
    return (begun or fast_precision(device)) if wanted == "auto" else wanted


def fast_precision(device: str | torch.device | None = None) -> Precision:
    """The fastest precision of a device: "bfloat16" on GPUs and on CPUs with instructions for it, else "float32".

    A CPU without them emulates bfloat16: a step of the miniature model takes eleven times as long on an AVX2 machine
    (``benchmarks/model_step.py small --threads 1``: 63 clips a second in float32, 5.5 in bfloat16). ARM was not
    measured and counts as a CPU without them.

    Args:
        device: default: `pick_device`.
    """
    if torch.device(device or pick_device()).type == "cuda":
        return "bfloat16"
    found = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}  # since torch 2.11
    return "bfloat16" if any(found.get(name) for name in _BFLOAT16_INSTRUCTIONS) else "float32"


def wanted_precision(name: object) -> WantedPrecision:
    """Check the name of a precision.

    Raises:
        UsageError: it is unknown.
    """
    if name not in get_args(WantedPrecision):
        raise UsageError(f"precision {name!r}: choose one of {', '.join(get_args(WantedPrecision))}")
    return name  # type: ignore[return-value]


def precision_of(model: object) -> Precision:
    """The `precision` of a model; float32 for one without that attribute, such as a user's own encoder."""
    precision: Precision = getattr(model, "precision", "float32")
    return precision


def computing(model: Reads) -> AbstractContextManager[object]:
    """A context in which `model` computes in its own precision (`precision_of`).

    In bfloat16, convolutions and matrix products are rounded; weights, the residual stream, norms and the final
    normalisation stay float32. Weights are cast once per context, so enter it once for many batches.
    """
    if precision_of(model) == "float32":
        return nullcontext()
    return torch.autocast(model.device.type, torch.bfloat16)

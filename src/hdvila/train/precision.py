"""In which numbers a run computes, and which of them this machine is fast in."""

from __future__ import annotations

from typing import Literal

import torch

from hdvila.hub import pick_device

__all__ = ["Precision", "WantedPrecision", "fast_precision", "settle_precision"]

Precision = Literal["float32", "bfloat16"]
WantedPrecision = Literal["auto", "float32", "bfloat16"]
"""auto: the fastest of the machine that a run begins on, which it keeps wherever it goes on."""

_KNOWING_BFLOAT16 = ("amx_bf16", "avx512_bf16")


def settle_precision(wanted: WantedPrecision, begun: Precision | None = None) -> Precision:
    """What a run computes in.

    Args:
        begun: what it has computed in until now; None for a run that begins.
    """
    return (begun or fast_precision()) if wanted == "auto" else wanted


def fast_precision() -> Precision:
    """The fastest precision here: "bfloat16" on GPUs and on CPUs whose arithmetic knows it, else "float32".

    A CPU that does not know it computes every product in a roundabout way: a step of the miniature model takes twelve
    times as long on an AVX2 machine (``benchmarks/model_step.py small --threads 1``: 74 clips a second in float32, 6 in
    bfloat16). ARM was not measured and counts as not knowing it.
    """
    if pick_device() == "cuda":
        return "bfloat16"
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}  # since torch 2.11
    return "bfloat16" if any(known.get(name) for name in _KNOWING_BFLOAT16) else "float32"

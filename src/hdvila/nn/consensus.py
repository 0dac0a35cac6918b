"""Consensus: aggregation of the outputs for the segments of a clip."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from hdvila.errors import UsageError
from hdvila.types import CONSENSUS, Over

__all__ = ["aggregate", "check_consensus"]


def check_consensus(how: str, over: str = "hidden") -> None:
    """Check the names of a consensus before anything is computed.

    Raises:
        UsageError: `how` is not one of `CONSENSUS`, or `over` not one of `Over`.
    """
    if over not in get_args(Over):
        raise UsageError(f"a consensus over {over!r} is unknown: choose one of {', '.join(get_args(Over))}")
    if how not in CONSENSUS:
        raise UsageError(f"consensus {how!r} is unknown: choose one of {', '.join(CONSENSUS)}")


def aggregate(x: Tensor, how: str) -> Tensor:
    """Consensus over segments: (S, ...) -> (...).

    Args:
        how: one of `CONSENSUS`.

    Raises:
        UsageError: `how` is unknown.
    """
    check_consensus(how)
    if how == "mean":
        return x.mean(0)
    if how == "max":
        return x.amax(0)
    return torch.logsumexp(x, 0)

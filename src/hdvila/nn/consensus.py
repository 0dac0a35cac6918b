"""Consensus: how the outputs for the segments of a clip become one."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from hdvila.errors import UsageError
from hdvila.types import CONSENSUS, Over

__all__ = ["aggregate", "check_consensus"]


def check_consensus(how: str, over: str = "hidden") -> None:
    """Refuse an unknown name before there is anything to join.

    Raises:
        UsageError: it is none of `CONSENSUS`, or `over` none of `Over`.
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
        UsageError: an unknown `how`.
    """
    check_consensus(how)
    if how == "mean":
        return x.mean(0)
    if how == "max":
        return x.amax(0)
    return torch.logsumexp(x, 0)

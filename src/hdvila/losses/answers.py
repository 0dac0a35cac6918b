"""Losses of video question answering over several segments.

Legend: S segments, B videos, A answers (or options).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hdvila.errors import UsageError


def answer_loss(logits_SBA: Tensor, answers_B: Tensor, consensus: str = "mean") -> Tensor:
    """Mean cross entropy of the right answers, a scalar in float32.

    Args:
        answers_B: index of the right answer.
        consensus: "mean" or "max" of the logits over segments before the cross entropy; "logsumexp": minus the log of
            the right answer's share, in all segments together, of the total over segments and answers.

    Raises:
        UsageError: an unknown consensus.
    """
    logits_SBA = logits_SBA.float()
    if consensus == "mean":
        return F.cross_entropy(logits_SBA.mean(0), answers_B)
    if consensus == "max":
        return F.cross_entropy(logits_SBA.amax(0), answers_B)
    if consensus == "logsumexp":
        right_SB = logits_SBA.gather(2, answers_B.expand(len(logits_SBA), -1)[..., None])[..., 0]
        return (torch.logsumexp(logits_SBA, (0, 2)) - torch.logsumexp(right_SB, 0)).mean()
    raise UsageError(f"consensus {consensus!r} is unknown: choose one of mean, max, logsumexp")

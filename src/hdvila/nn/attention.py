"""Multi-head attention as a function of tensors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

MASKED = -10000.0
"""Added to the score of a padded token; large enough that its weight is exactly 0 beside any real token."""


def padding_bias(mask_NL: Tensor) -> Tensor:
    """(N, L) with 1 at real tokens to (N, 1, 1, L) in float32: 0 at real tokens, `MASKED` at padding."""
    return ((1.0 - mask_NL.float()) * MASKED)[:, None, None, :]


def attend(
    q_NTD: Tensor, k_NLD: Tensor, v_NLD: Tensor, heads: int, bias: Tensor | None = None, dropout: float = 0.0
) -> Tensor:
    """Scaled dot-product attention with `heads` heads: (N, T, D) queries over (N, L, D) keys and values -> (N, T, D).

    Args:
        bias: added to the scores, broadcastable to (N, heads, T, L); see `padding_bias`.
        dropout: probability of dropping an attention weight (the caller passes 0 in evaluation).
    """

    def split(x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)  # N, heads, tokens, width of a head

    q, k, v = split(q_NTD), split(k_NLD), split(v_NLD)
    if bias is not None:
        bias = bias.to(q.dtype)
    if q.device.type == "cpu" and q.dtype == torch.bfloat16:
        out = _step_by_step(q, k, v, bias, dropout)
    else:
        out = F.scaled_dot_product_attention(q, k, v, bias, dropout)
    return out.transpose(1, 2).flatten(2)


def _step_by_step(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, dropout: float) -> Tensor:
    """Unfused attention: in bfloat16 on a CPU the fused kernel is 3 to 4 times slower (torch 2.13, our lengths)."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    return F.dropout(scores.softmax(-1), dropout) @ v

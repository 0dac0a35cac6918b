"""The masked-language-modelling and matching losses of stage two (paper, equation 5).

Legend: B texts, L tokens, V vocabulary; labels are -100 where nothing is to be predicted.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORE = -100


def masked_word_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy over the masked tokens of all rows; 0 when there are none.

    Args:
        logits: (..., V), such as (B, L, V), or (M, V) at the masked tokens only.
        labels: (...), the right word or -100.
    """
    total = F.cross_entropy(logits.flatten(0, -2).float(), labels.flatten(), ignore_index=IGNORE, reduction="sum")
    return total / (labels != IGNORE).sum().clamp(min=1)


def right_words(logits: Tensor, labels: Tensor) -> Tensor:
    """How many of the masked tokens have their word as the best, a scalar; shapes as `masked_word_loss`."""
    return ((logits.argmax(-1) == labels) & (labels != IGNORE)).sum()


def only_matched(labels_BL: Tensor, matched_B: Tensor) -> Tensor:
    """Word labels without those of rows whose text does not belong to the video (`matched_B` 0): a new tensor."""
    return torch.where(matched_B.bool()[:, None], labels_BL, IGNORE)


def matching_loss(logits_B2: Tensor, matched_B: Tensor) -> Tensor:
    """Mean cross entropy of "does text i belong to video i" (class 1: it does)."""
    return F.cross_entropy(logits_B2.float(), matched_B)

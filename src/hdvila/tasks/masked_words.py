"""Masked words, as in BERT (Devlin et al. 2019): 15 % of the words; of these 80 % become [MASK], 10 % a random word,
10 % stay as they are; and the loss of predicting them (HD-VILA, equation 5).

Legend: B texts, L tokens, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["IGNORE", "Vocabulary", "mask_words", "masked_word_loss", "right_words"]

IGNORE = -100
"""The label of a token that is not to be predicted."""
MASKED, RANDOM = 0.8, 0.1


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What masking must know of a tokenizer. Words are all ids that are not special; `size` counts all ids."""

    size: int
    mask: int
    special: tuple[int, ...]
    """Padding, unknown, [CLS], [SEP] and [MASK]: never chosen, never drawn as a random word."""


def mask_words(ids_BL: Tensor, keys_B: Tensor, share: float, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """Masked ids and labels, both (B, L); labels are the old ids where a word was chosen and -100 elsewhere.

    Row i depends on its words and `keys_B[i]` alone, so it is the same in any batch, however long the others are.

    Args:
        share: chance of each word to be chosen.
    """
    draws_B3L = np.stack([_uniform(key, ids_BL.shape[1]) for key in keys_B.tolist()])
    chance_BL, fate_BL, word_BL = torch.from_numpy(draws_B3L).unbind(1)
    chosen_BL = ~torch.isin(ids_BL, torch.tensor(vocabulary.special)) & (chance_BL < share)
    words = torch.from_numpy(np.setdiff1d(np.arange(vocabulary.size), vocabulary.special))
    random_BL = words[(word_BL * len(words)).long()]
    masked_BL = torch.where(chosen_BL & (fate_BL < MASKED), vocabulary.mask, ids_BL)
    masked_BL = torch.where(chosen_BL & (fate_BL >= MASKED) & (fate_BL < MASKED + RANDOM), random_BL, masked_BL)
    return masked_BL, torch.where(chosen_BL, ids_BL, IGNORE)


def _uniform(key: int, length: int) -> NDArray[np.float64]:
    """Three numbers in [0, 1) a token, (3, L). The second word of the seed keeps them apart from the frames' draws."""
    return np.random.default_rng([key, 1]).random((length, 3)).T


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

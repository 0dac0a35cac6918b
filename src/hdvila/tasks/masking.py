"""Masked words, as in BERT (Devlin et al. 2019): 15 % of the words; of these 80 % become [MASK], 10 % a
random word, 10 % stay as they are.

Legend: B texts, L tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdvila.losses.masked_words import IGNORE

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

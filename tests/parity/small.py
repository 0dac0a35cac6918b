"""The small model of the goldens and its inputs."""

from __future__ import annotations

import torch
from torch import Tensor

import hdvila
from hdvila.models.hdvila.model import HDVILA
from tests.parity import formulas
from tests.parity.official_keys import SMALL, official_shapes

VOCAB, LENGTH = 512, 20


def small_model(variant: str, **settings: object) -> HDVILA:
    weights = formulas.state_dict(official_shapes(variant, SMALL))
    return hdvila.load_model(weights, num_attention_heads=4, hybrid_attention_heads=4, **settings)


def pictures() -> tuple[Tensor, Tensor]:
    """(high, low): 3 videos of 2 segments with 6 neighbours."""
    high = formulas.image("img_middle", (3, 2, 3, 128, 256), 32)
    return high, formulas.image("img_other", (3, 2, 6, 3, 32, 64), 8)


def texts() -> tuple[Tensor, Tensor]:
    return formulas.text("text", [12, 20, 7], LENGTH, VOCAB)


def masked_texts() -> tuple[Tensor, Tensor, Tensor]:
    """(ids, mask, labels)"""
    ids, mask = texts()
    hidden, labels = formulas.masked(ids, mask)
    return hidden, mask, labels


def option_texts() -> tuple[Tensor, Tensor]:
    return formulas.text("mc_text", [6, 8, 10, 12, 14] * 3, LENGTH, VOCAB)


MATCHED = torch.tensor([1, 0, 1])

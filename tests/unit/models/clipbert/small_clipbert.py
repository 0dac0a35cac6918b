"""A ClipBERT that a test builds in a moment."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from hdvila.models.clipbert.config import ClipBERTConfig

SMALL = ClipBERTConfig(
    hidden_size=32,
    num_attention_heads=2,
    intermediate_size=48,
    layers=2,
    vocab_size=60,
    max_text_positions=12,
    visual_rows=4,
    visual_columns=5,
    resnet_depths=(1, 2, 1, 1),
    resnet_width=4,
    initializer_range=0.2,
)
PRETRAINING = replace(SMALL, variant="pretraining")


def small_inputs(videos: int = 2, clips: int = 3, frames: int = 2, texts: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    """Frames, ids and mask; the first text is shorter than the others."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (videos, clips, frames, 3, 128, 192), generator=generator, dtype=torch.uint8)
    ids = torch.randint(5, SMALL.vocab_size, (texts, 9), generator=generator)
    mask = torch.ones_like(ids)
    mask[0, 5:] = 0
    return pixels, ids, mask

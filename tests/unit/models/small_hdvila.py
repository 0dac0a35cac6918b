"""A model of HD-VILA small enough to run in a blink, and inputs for it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.model import HDVILA

TINY: dict[str, Any] = {
    "hidden_size": 32,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "text_layers": 2,
    "joint_layers": 2,
    "vocab_size": 100,
    "max_text_positions": 16,
    "visual_rows": 4,
    "visual_columns": 4,
    "resnet_depths": (1, 1, 1, 1),
    "resnet_width": 4,
    "hybrid_layers": 2,
    "hybrid_attention_heads": 2,
    "grid": (1, 2),
    "frames": 5,
}


def tiny_model(seed: int = 0, **settings: Any) -> HDVILA:
    """Every weight random, so that none hides behind a zero or a one."""
    torch.manual_seed(seed)
    model = HDVILA(HDVILAConfig(**TINY | settings)).eval()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            noise = torch.randn_like(tensor)
            tensor.copy_(0.5 + noise.abs() if name.endswith("running_var") else tensor + 0.1 * noise)
    return model


def tiny_inputs(videos: int = 2, segments: int = 2, seed: int = 1) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(high, low, ids, mask)"""
    generator = torch.Generator().manual_seed(seed)

    def pixels(*shape: int) -> Tensor:
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)

    ids = torch.randint(0, 100, (videos, 7), generator=generator)
    mask = (torch.arange(7) < torch.randint(2, 8, (videos, 1), generator=generator)).long()
    return pixels(videos, segments, 3, 64, 128), pixels(videos, segments, 4, 3, 16, 32), ids, mask

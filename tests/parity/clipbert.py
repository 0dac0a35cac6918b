"""Weights and frames of the ClipBERT goldens, made by formula: ../shared/reference/goldens/clipbert.md."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.shared import SHARED

KEYS = SHARED / "reference" / "clipbert_state_dict.json"
UNUSED = ("cnn.feature.proposal_generator.", "cnn.feature.roi_heads.")
TIED = {
    "transformer.cls.predictions.decoder.weight": "transformer.bert.embeddings.word_embeddings.weight",
    "transformer.cls.predictions.decoder.bias": "transformer.cls.predictions.bias",
}


def official_shapes(head: Mapping[str, Sequence[int]] | None = None) -> dict[str, list[int]]:
    """The keys of an official file that the model reads: of pre-training, or with the head of a task."""
    listed = json.loads(KEYS.read_text())["pretraining_checkpoint"]["keys"]
    shapes = {key: one["shape"] for key, one in listed.items() if not key.startswith(UNUSED)}
    if head is None:
        return shapes
    body = {key: shape for key, shape in shapes.items() if not key.startswith("transformer.cls.")}
    return body | {key: list(shape) for key, shape in head.items()}


def classifier(rows: int, width: int = 768) -> dict[str, list[int]]:
    name = "transformer.classifier"
    return {
        f"{name}.0.weight": [2 * width, width], f"{name}.0.bias": [2 * width],
        f"{name}.2.weight": [rows, 2 * width], f"{name}.2.bias": [rows],
    }  # fmt: skip


def official_weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    made = {key: weight(key, shape) for key, shape in shapes.items() if key not in TIED}
    return made | {alias: made[first] for alias, first in TIED.items() if alias in shapes}


def weight(key: str, shape: Sequence[int]) -> Tensor:
    n = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode()))).standard_normal(prod(shape)).reshape(shape)
    return torch.from_numpy(_scaled(key, shape, n)).float()


def _scaled(key: str, shape: Sequence[int], n: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if key.endswith("running_var"):
        return 1 + 0.1 * abs(n)
    if key.endswith(("norm.weight", "LayerNorm.weight")):
        return 1 + 0.02 * n
    if key.endswith((".bias", "running_mean")):
        return 0.02 * n
    if key == "cnn.feature.backbone.stem.conv1.weight":
        return n / (64 * prod(shape[1:]) ** 0.5)
    if len(shape) == 4:
        return n / prod(shape[1:]) ** 0.5
    if key.startswith("transformer.bert.visual_embeddings."):
        return 0.2 * n
    return (0.02 if "embeddings.weight" in key else 0.04) * n


def frames(video: int, count: int, height: int = 180, width: int = 240) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(T, 3, H, W) uint8 RGB of video `v`."""
    v = video
    t, c, y, x = np.ogrid[:count, :3, :height, :width]
    p = (3 + v) * y + (5 + 2 * v) * x + 37 * c + 53 * t + (x * y) // (7 + v) + (t + 1) * (y // 8) * (c + 1)
    return (p % 256).astype(np.uint8)


def squared(rgb_T3HW: np.ndarray[Any, Any], side: int) -> Tensor:
    """Whole frames, the longer side at `side`, padded with 0: (T, 3, side, side) float."""
    height, width = rgb_T3HW.shape[-2:]
    ratio = min(height, width) / max(height, width)
    short = int(side * ratio)
    size = (side, short) if height >= width else (short, side)
    x = torch.nn.functional.interpolate(torch.from_numpy(rgb_T3HW).float(), size, mode="bilinear", align_corners=False)
    return torch.nn.functional.pad(x, (0, side - size[1], 0, side - size[0]))

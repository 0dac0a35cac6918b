"""Weights, pictures and texts made by formula, so that goldens need no weight file.

All random numbers are raw 64-bit words of PCG64, seeded by crc32 of "salt/name": the same on every machine and
version. The goldens were made with the salt "hdvila".
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

SALT = "hdvila"


def uniform(name: str, shape: Sequence[int], salt: str = SALT) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers in [0, 1)."""
    words = np.random.PCG64(zlib.crc32(f"{salt}/{name}".encode())).random_raw(math.prod(shape))
    return ((words >> np.uint64(11)) * 2.0**-53).reshape(shape)


def unit_variance(name: str, shape: Sequence[int], salt: str = SALT) -> np.ndarray[Any, np.dtype[np.float64]]:
    return (uniform(name, shape, salt) - 0.5) * math.sqrt(12)


@cache
def parameter(key: str, shape: tuple[int, ...], salt: str = SALT) -> Tensor:
    """The value of a parameter or buffer, from its name in the official files. Made once: do not change it."""
    if key.endswith("num_batches_tracked"):
        return torch.zeros((), dtype=torch.int64)
    if key.endswith("predictions.decoder.bias"):
        key = key.replace("predictions.decoder.bias", "predictions.bias")
    z = unit_variance(key, shape, salt)
    if key.endswith("running_var"):
        z = 1 + 0.1 * np.abs(z)
    elif key.endswith("running_mean"):
        z = 0.1 * z
    elif key.endswith(("pos_embed", "time_embed")):
        z = 0.5 * z
    elif len(shape) == 4:
        z = z * math.sqrt(2 / math.prod(shape[1:]))
    elif len(shape) == 2:
        z = z / math.sqrt(shape[1])
    elif key.endswith("bn3.weight"):
        z = 0.25 * (1 + 0.1 * z)
    elif key.endswith("weight"):
        z = 1 + 0.1 * z
    else:
        z = 0.05 * z
    return torch.from_numpy(z.astype(np.float32))


def state_dict(shapes: Mapping[str, tuple[int, ...]], salt: str = SALT) -> dict[str, Tensor]:
    return {key: parameter(key, shape, salt) for key, shape in shapes.items()}


def image(name: str, shape: Sequence[int], block: int, salt: str = SALT) -> Tensor:
    """Squares of `block` pixels with levels 0..255: (..., 3, H, W) float32."""
    *front, height, width = shape
    levels = np.floor(256 * uniform(name, (*front, height // block, width // block), salt))
    return torch.from_numpy(levels.repeat(block, -2).repeat(block, -1).astype(np.float32))


def text(name: str, lengths: Iterable[int], length: int, vocab: int, salt: str = SALT) -> tuple[Tensor, Tensor]:
    """(ids, mask), each (rows, length) int64."""
    lengths_R1 = np.asarray(list(lengths))[:, None]
    ids = 110 + np.floor(uniform(name, (len(lengths_R1), length), salt) * (vocab - 110)).astype(np.int64)
    position = np.arange(length)
    ids[:, 0] = 101
    ids = np.where(position == lengths_R1 - 1, 102, ids)
    mask = position < lengths_R1
    return torch.from_numpy(np.where(mask, ids, 0)), torch.from_numpy(mask.astype(np.int64))


def masked(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Every fifth token hidden: (ids with 103 there, labels with -100 elsewhere)."""
    position = torch.arange(ids.shape[1])
    hidden = (position >= 1) & (position < mask.sum(1, keepdim=True) - 1) & (position % 5 == 2)
    return torch.where(hidden, 103, ids), torch.where(hidden, ids, -100)

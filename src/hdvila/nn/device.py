"""Where models run: one choice for every command."""

from __future__ import annotations

import torch

__all__ = ["pick_device"]


def pick_device() -> str:
    """``"cuda"`` where there is a GPU that torch can use, else ``"cpu"``."""
    return "cuda" if torch.cuda.is_available() else "cpu"

"""Names and paths to models: `load_model`, `build_model`, `list_models`."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file

from hdvila.models.hdvila.config import HDVILAConfig
from hdvila.models.hdvila.model import HDVILA


def build_model(config: HDVILAConfig) -> HDVILA:
    """A new model with start values."""
    return HDVILA(config)


def load_model(source: str | Path, *, device: str = "cpu") -> HDVILA:
    """The model in a folder that `save_pretrained` wrote, in evaluation mode."""
    folder = Path(source)
    described = json.loads((folder / "config.json").read_text())
    model = HDVILA(HDVILAConfig.from_dict(described["model"]))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.to(device).eval()

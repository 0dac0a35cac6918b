"""Checkpoints of a training run (``RUN/checkpoints/step_*.pt``) as models, and the run that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import torch

from hdvila.errors import CheckpointError

__all__ = ["check_history", "finished_models", "is_run_checkpoint", "recipe_of", "run_of"]

FOLDER = "checkpoints"


def is_run_checkpoint(content: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether the content of a file is a checkpoint of a run: weights, and its recipe by dotted key."""
    if not isinstance(content, Mapping) or not isinstance(content.get("recipe"), Mapping):
        return False
    return "model" in content and any(str(key).startswith("model.") for key in content["recipe"])


def run_of(file: Path) -> Path | None:
    """The folder of the run that a checkpoint belongs to; None for a file outside of a run."""
    return file.resolve().parent.parent if file.is_file() and file.resolve().parent.name == FOLDER else None


def recipe_of(file: Path) -> Mapping[str, Any] | None:
    """The recipe of a run's checkpoint, without reading its weights; None for any other file."""
    try:
        content = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # not a torch file, an old one, a damaged one: reading its weights reports that
        return None
    return content["recipe"] if is_run_checkpoint(content) else None


def finished_models(file: Path) -> list[Path]:
    """The model folders that the run of a checkpoint has saved so far, the best first."""
    run = run_of(file)
    return [run / name for name in ("best", "model") if (run / name).is_dir()] if run is not None else []


def check_history(file: Path, recipe: Mapping[str, Any]) -> None:
    """Refuse a fine-tuned checkpoint without a record of the videos that it was trained on.

    Raises:
        CheckpointError: its run has not saved a model yet.
    """
    if recipe.get("data.benchmark.protocol") and not finished_models(file):
        raise CheckpointError(
            f"{file}: it was fine-tuned on {recipe['data.benchmark.protocol']}, but only the models that its run "
            "saves (best/ from the first validation on, model/ at the end) record on which videos: wait for one of "
            "them, and use it"
        )

"""Saved models: weights together with everything that is known about their model.

Names and shapes tell most of a model, but not its attention heads: weights with other heads load without a word and
give other vectors. A folder of ours tells them in its config.json, a safetensors file of ours in its header, a
checkpoint of one of our runs in its recipe; an official file tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdvila.errors import CheckpointError, UsageError
from hdvila.models.registry import get_system, is_system, recognise
from hdvila.nn.pretrained import CONFIG, FORMAT
from hdvila.nn.run_checkpoint import is_run_checkpoint
from hdvila.nn.weight_files import Weights, find_weights, read_account, read_content, unwrap
from hdvila.settings import given

__all__ = ["Saved", "damaged", "is_ours", "open_saved", "read_config", "read_saved"]


@dataclass(frozen=True, slots=True)
class Saved:
    """Weights and the metadata stored with them.

    Attributes:
        name: the file, for errors.
        system: the name of their system, if metadata states it; '' otherwise.
        settings: of its system's configuration, as they were when the model was saved; empty where nothing tells them.
        described: a model folder's config.json; empty for a file.
        recipe: of a checkpoint of a run, its settings by dotted key; empty for anything else.
    """

    name: str
    weights: Weights
    settings: Mapping[str, Any] = field(default_factory=dict)
    described: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    system: str = ""


def read_saved(path: Path) -> Saved:
    """A model folder of ours, or a file of weights.

    Raises:
        CheckpointError: it cannot be read, or what it says of the model is damaged.
    """
    if path.is_dir():
        described = read_config(path)
        file = find_weights(path)
        weights = unwrap(read_content(file), str(file))
        return Saved(str(file), weights, described["model"], described, system=described["system"])
    saved = open_saved(read_content(path), str(path))
    if saved.settings or not (told := read_account(path)):
        return saved
    told = _checked(told, f"the header of {path}")
    return Saved(saved.name, saved.weights, told["model"], system=told["system"])


def open_saved(content: object, name: str) -> Saved:
    """What `torch.load` gave: a state dict, one in wrappers, or a checkpoint of one of our runs.

    Raises:
        CheckpointError: there are no weights in it, or a checkpoint's recipe is of another version.
    """
    weights = unwrap(content, name)
    if not is_run_checkpoint(content):
        return Saved(name, weights)
    recipe = content["recipe"]
    settings = {key.removeprefix("model."): value for key, value in recipe.items() if key.startswith("model.")}
    settings.pop("num_answers", None)  # a run makes room for every answer of its data: the head's rows tell them
    try:
        if (system := recognise(weights)) is not None:
            given(system.config, settings, f"a model of {system.name}")
    except UsageError as error:
        raise CheckpointError(
            f"{name}: this version of hdvila does not know the model of the run that made it ({error}): give the "
            "model folder that the run leaves, or load it with the version that trained it"
        ) from error
    return Saved(name, weights, settings, recipe=recipe)


def is_ours(folder: Path) -> bool:
    """Whether the folder's config.json says that it is a model of ours, of this version or another."""
    try:
        described = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(described, dict) and isinstance(described.get("system"), str) and "format" in described


def read_config(folder: Path) -> dict[str, Any]:
    """What a model folder's config.json says.

    Raises:
        CheckpointError: the folder is not a model folder, or of another version, or damaged.
    """
    file = folder / CONFIG
    if not file.is_file():
        raise CheckpointError(f"{folder}: it has no {CONFIG}, so it is not a model folder{_what_it_holds(folder)}")
    try:
        described = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        described = None
    return _checked(described, str(file))


def _checked(described: object, name: str) -> dict[str, Any]:
    if not isinstance(described, dict) or "system" not in described or described.get("format") != FORMAT:
        raise CheckpointError(
            f"{name}: it does not describe a model of this version of hdvila (system 'hdvila', format {FORMAT}). "
            "A folder of a Hugging Face BERT is something to start training from: --set start.bert=FOLDER"
        )
    if not is_system(described["system"]):
        raise CheckpointError(
            f"{name}: it describes a model of the system {described['system']!r}, which is not known here: a system of "
            "your own must be registered with hdvila.models.register before its models are loaded"
        )
    if not isinstance(described.get("model"), dict):
        raise damaged(name, "'model' holds no settings by name")
    try:
        given(get_system(described["system"]).config, described["model"], f"a model of {described['system']}")
    except UsageError as error:
        raise damaged(name, str(error)) from error
    return described


def _what_it_holds(folder: Path) -> str:
    """What else a folder without config.json may be, and what to do."""
    if (folder / "model" / CONFIG).is_file():
        return f"; it is the folder of a run: give {folder / 'model'}"
    try:
        return f": give the file itself, {find_weights(folder)}"
    except CheckpointError:
        return " (or its saving was interrupted): give one that save_pretrained wrote, or a checkpoint file"


def damaged(file: Path | str, what: str) -> CheckpointError:
    """The error of a file in a model folder that is not what was saved."""
    return CheckpointError(f"{file}: it is damaged ({what}): save the model anew, or fetch the folder again")

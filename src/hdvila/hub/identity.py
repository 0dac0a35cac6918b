"""The identity of a model, which answers two questions.

Which files? `file_hashes` hashes everything in a model folder that determines its outputs; records of evaluations hold
the result, so that two checkpoints are never mixed up.

Which vectors? `vectors_fingerprint` identifies the vectors that a model computes: its weights, and those settings of
model, preprocessing and tokenizer that change the vectors. Libraries hold the result, because vectors of two models
cannot be compared. Settings of training are not part of it (`NOT_IN_VECTORS`), nor is a setting that was added later
and has its default value, so that an upgrade that adds one keeps every library valid.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from hdvila.hub.processor import TOKENIZER
from hdvila.nn.pretrained import CONFIG, notes_of
from hdvila.nn.run_checkpoint import run_of
from hdvila.nn.weight_files import files_of, find_weights
from hdvila.text.answers import ANSWERS
from hdvila.text.tokenizer_files import FILES, SETTINGS
from hdvila.types import NOT_IN_VECTORS

__all__ = ["Identifiable", "file_hashes", "fingerprint", "same_vectors", "vectors_fingerprint"]

_SAMPLES = 1024  # values hashed of each tensor: training changes all of them, so a gigabyte need not be read
_PROBE = "Two cafés, the CRÈME brûlée isn't 42% off; re-entry: 東京!"  # case, accents, marks, numbers, signs


def file_hashes(place: Path) -> dict[str, str]:
    """The hashes of a model's files, in hexadecimal digits.

    Args:
        place: a model folder, or a checkpoint file with the files beside it (`find_model`).

    Returns:
        `sha256`: of the weight file; for weights in parts, of the hashes of index and parts. `identity`: of all files
        that determine the model's outputs or describe it: weights, sizes and preprocessing, tokenizer, answers, recipe,
        provenance. It does not depend on the names of the folder and of the weight file, nor on other files.

    Raises:
        OSError: a file cannot be read.
        CheckpointError: there are no weights, or a part of them is missing.
    """
    folder, weights = (place, find_weights(place)) if place.is_dir() else (place.parent, place)
    described = [CONFIG] if place.is_dir() else []  # a single file is loaded without the settings beside it
    beside = [folder / name for name in (*described, *FILES, SETTINGS, ANSWERS, *notes_of(folder))]
    if (run := run_of(place)) is not None:
        beside += [run / TOKENIZER / name for name in FILES]
    sums = {file.name: _sha256(file) for file in beside if file.is_file()}
    parts = [_sha256(file) for file in files_of(weights)]
    first = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
    whole = json.dumps({"weights": first, "beside": sums}, sort_keys=True)
    return {"sha256": first, "identity": hashlib.sha256(whole.encode()).hexdigest()}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Identifiable(Protocol):
    """A model whose vectors can be identified."""

    @property
    def processor(self) -> Any: ...

    def state_dict(self) -> dict[str, Any]: ...

    def describe(self) -> dict[str, Any]: ...  # everything besides the weights that determines its vectors, for JSON


def vectors_fingerprint(model: Identifiable) -> str:
    """The fingerprint of the vectors that a model computes."""
    described = {name: value for name, value in model.describe().items() if name != "answers"}
    for name, settings in _settings_of(model):
        if name in described:
            described[name] = _changing_vectors(settings)
    tokenizer = getattr(model.processor, "tokenizer", None)
    if "tokenizer" in described and hasattr(tokenizer, "to_json"):
        described["tokenizer"] = _tokenizer_facts(tokenizer)
    return fingerprint(model.state_dict(), described)


def same_vectors(stored: str, model: Identifiable, own: str) -> bool:
    """Whether a stored fingerprint is that of this model.

    Args:
        stored: of this version of the fingerprint, or of version 1, which contained all settings.
        model: the model.
        own: its `vectors_fingerprint`.
    """
    return stored == own or stored == _version_1(model)


def fingerprint(weights: Mapping[str, Tensor], described: Mapping[str, Any] | None = None) -> str:
    """A hash of weights (names, shapes and evenly spaced values) and of plain values that describe the rest."""
    digest = hashlib.blake2b(json.dumps(described or {}, sort_keys=True).encode(), digest_size=16)
    for name in sorted(weights):
        tensor = weights[name].detach().reshape(-1)
        places = torch.linspace(
            0, max(tensor.numel() - 1, 0), min(_SAMPLES, tensor.numel()), dtype=torch.float64
        ).long()
        digest.update(f"{name} {tuple(weights[name].shape)}".encode())
        digest.update(tensor[places.to(tensor.device)].float().cpu().numpy().tobytes())
    return digest.hexdigest()


def _settings_of(model: Identifiable) -> list[tuple[str, Any]]:
    named = {"model": getattr(model, "config", None), "preprocess": getattr(model.processor, "preprocess", None)}
    return [(name, settings) for name, settings in named.items() if is_dataclass(settings)]


def _first_settings(settings: Any) -> frozenset[str]:
    """The settings that version 1 of the fingerprint knew.

    They are part of it whatever their value. A setting that was added later is part of it only if it differs from its
    default, which therefore must always mean "as before this setting existed".
    """
    return frozenset(getattr(type(settings), "FIRST_SETTINGS", ()))


def _changing_vectors(settings: Any) -> dict[str, Any]:
    """The settings that change vectors."""
    first = _first_settings(settings)
    return {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if NOT_IN_VECTORS.keys().isdisjoint(field.metadata)
        and (field.name in first or getattr(settings, field.name) != field.default)
    }


def _tokenizer_facts(tokenizer: Any) -> dict[str, Any]:
    """Its vocabulary and its ids of a text that exercises every rule; not its file, whose format is its library's."""
    return {"pieces": json.loads(tokenizer.to_json())["model"]["vocab"], "probe": tokenizer([_PROBE], 512)[0].tolist()}


def _version_1(model: Identifiable) -> str:
    """Version 1 of the fingerprint: with all settings that existed then."""
    described = dict(model.describe())
    for name, settings in _settings_of(model):
        if name in described:
            described[name] = {
                key: value for key, value in settings.to_dict().items() if key in _first_settings(settings)
            }
    return fingerprint(model.state_dict(), described)

"""Which model made the vectors: vectors of two models cannot be compared, and nothing in them would tell.

A model is what changes its vectors: its weights, and of its settings, preprocessing and tokenizer that which makes
other vectors of the same weights. Settings of training are not in it (`NOT_IN_VECTORS`), nor is a setting that came
later and stands at its default, so that an upgrade which adds one leaves every library with its model.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdvila.errors import LibraryError, UsageError
from hdvila.search.database import read_meta, write_meta
from hdvila.search.encoder import Encoder
from hdvila.types import NOT_IN_VECTORS

__all__ = ["check_model", "fingerprint", "identity_of", "is_the_model", "known_source", "note_precision"]

_PRECISION = "precision"
_SAMPLES = 1024  # values looked at in each tensor: training moves all of them, a gigabyte need not be read
_PROBE = "Two cafés, the CRÈME brûlée isn't 42% off; re-entry: 東京!"  # case, accents, marks, numbers, signs


def fingerprint(weights: Mapping[str, Tensor], described: Mapping[str, Any] | None = None) -> str:
    """A hash of weights (names, shapes and evenly spread values) and of what is `described` in plain values."""
    digest = hashlib.blake2b(json.dumps(described or {}, sort_keys=True).encode(), digest_size=16)
    for name in sorted(weights):
        tensor = weights[name].detach().reshape(-1)
        places = torch.linspace(
            0, max(tensor.numel() - 1, 0), min(_SAMPLES, tensor.numel()), dtype=torch.float64
        ).long()
        digest.update(f"{name} {tuple(weights[name].shape)}".encode())
        digest.update(tensor[places.to(tensor.device)].float().cpu().numpy().tobytes())
    return digest.hexdigest()


def identity_of(model: Encoder) -> str:
    """The fingerprint of a model: of its weights and of what else makes its vectors."""
    described = {name: value for name, value in model.describe().items() if name != "answers"}
    for name, settings in _settings_of(model):
        if name in described:
            described[name] = _changing(settings)
    tokenizer = getattr(model.processor, "tokenizer", None)
    if "tokenizer" in described and hasattr(tokenizer, "to_json"):
        described["tokenizer"] = _of_tokenizer(tokenizer)
    return fingerprint(model.state_dict(), described)


def is_the_model(known: str, model: Encoder, mark: str) -> bool:
    """Whether a library's fingerprint is that of this model.

    Args:
        known: as the library has it, of this version or of the one before, which took in all settings.
        model: the model.
        mark: its `identity_of`.
    """
    return known == mark or known == _identity_before(model)


def check_model(connection: sqlite3.Connection, library: Path, model: Encoder, mark: str, source: str) -> None:
    """Make sure that the library's vectors and this model belong together, and write down which model it is and where
    it lies; as part of the running transaction. A library without clips takes any.

    Args:
        mark: the model's `identity_of`.
        source: where it lies, or '' for one that is given in memory: then what is known of its place stays.

    Raises:
        UsageError: they do not belong together.
    """
    meta = read_meta(connection)
    same = "fingerprint" in meta and is_the_model(meta["fingerprint"], model, mark)
    if not same and connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is not None:
        old, new = meta.get("model") or "a model given in memory", source or "another model given in memory"
        raise UsageError(
            f"{library} was made with {old} ({meta['fingerprint'][:8]}), this is {new} ({mark[:8]}), and vectors of "
            "two models cannot be compared: use the library's own model, or index into another folder"
        )
    if source or not same:
        beside = ""
        if source and Path(source).exists():
            source = os.path.abspath(source)
            beside = os.path.relpath(source, library.resolve()) if _same_drive(source, library) else ""
        write_meta(connection, model=source, model_beside=beside)
    write_meta(connection, fingerprint=mark)


def note_precision(connection: sqlite3.Connection, precision: str) -> str:
    """Write down in what the vectors that come now are computed, as part of the running transaction; -> what is to be
    said where the library has vectors of the other: they compare, but do not come out the same again."""
    known = set(read_meta(connection).get(_PRECISION, "float32").split(" and "))
    if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
        known = {precision}
    write_meta(connection, **{_PRECISION: " and ".join(sorted(known | {precision}))})
    if precision in known:
        return ""
    return (
        f"its vectors so far are computed in {' and '.join(known)}, new ones in {precision}: they compare, but the "
        "same video twice gives cosines that differ a little (docs/search.md)"
    )


def known_source(meta: Mapping[str, str], library: Path) -> str:
    """Where the library's model lies: as written down, or where it stands now if both were moved together.

    Raises:
        LibraryError: nobody knows.
    """
    source, beside = meta.get("model", ""), meta.get("model_beside", "")
    if not source:
        raise LibraryError(
            f"{library} does not know its model, which was given in memory: in Python give it again, as in "
            "library.search(words, model=model), or name its folder once: hdvila index FOLDER --library "
            f"{library} --model MODEL"
        )
    if beside and not Path(source).exists():
        moved = library.resolve() / beside
        if moved.exists():
            return str(moved)
        raise LibraryError(
            f"{library} was made with the model {source}, which is not there any more: put it back, or name its new "
            f"place once: hdvila index FOLDER --library {library} --model MODEL"
        )
    return source


def _settings_of(model: Encoder) -> list[tuple[str, Any]]:
    named = {"model": getattr(model, "config", None), "preprocess": getattr(model.processor, "preprocess", None)}
    return [(name, settings) for name, settings in named.items() if is_dataclass(settings)]


def _first(settings: Any) -> frozenset[str]:
    """The settings that version 1 of the fingerprint knew. They are in it whatever their value; a setting that came
    later is in it where it differs from its default, which must go on to mean "as before there was this setting"."""
    return frozenset(getattr(type(settings), "FIRST_SETTINGS", ()))


def _changing(settings: Any) -> dict[str, Any]:
    """Of settings those that make other vectors."""
    first = _first(settings)
    return {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if NOT_IN_VECTORS.keys().isdisjoint(field.metadata)
        and (field.name in first or getattr(settings, field.name) != field.default)
    }


def _of_tokenizer(tokenizer: Any) -> dict[str, Any]:
    """Its pieces, and what it makes of a text that has everything: not its file, whose form is its library's own."""
    return {"pieces": json.loads(tokenizer.to_json())["model"]["vocab"], "probe": tokenizer([_PROBE], 512)[0].tolist()}


def _identity_before(model: Encoder) -> str:
    """As the first version took it: with all the settings that there were then."""
    described = dict(model.describe())
    for name, settings in _settings_of(model):
        if name in described:
            described[name] = {key: value for key, value in settings.to_dict().items() if key in _first(settings)}
    return fingerprint(model.state_dict(), described)


def _same_drive(source: str, library: Path) -> bool:
    return Path(source).drive == library.resolve().drive

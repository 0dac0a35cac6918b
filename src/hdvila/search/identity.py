"""Which model made the vectors: vectors of two models cannot be compared, and nothing in them would tell."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hdvila.errors import LibraryError, UsageError
from hdvila.search.database import read_meta, write_meta

__all__ = ["check_model", "fingerprint", "known_source", "remember_model"]

_SAMPLES = 1024  # values looked at in each tensor: training moves all of them, a gigabyte need not be read


def fingerprint(weights: Mapping[str, Tensor], described: Mapping[str, Any] | None = None) -> str:
    """A hash of a model's weights (names, shapes and evenly spread values) and of what else makes its vectors.

    Args:
        described: settings, preprocessing and tokenizer, in plain values for JSON.
    """
    digest = hashlib.blake2b(json.dumps(described or {}, sort_keys=True).encode(), digest_size=16)
    for name in sorted(weights):
        tensor = weights[name].detach().reshape(-1)
        places = torch.linspace(
            0, max(tensor.numel() - 1, 0), min(_SAMPLES, tensor.numel()), dtype=torch.float64
        ).long()
        digest.update(f"{name} {tuple(weights[name].shape)}".encode())
        digest.update(tensor[places.to(tensor.device)].float().cpu().numpy().tobytes())
    return digest.hexdigest()


def check_model(connection: sqlite3.Connection, library: Path, print_of_model: str, source: str) -> None:
    """Make sure that the library's vectors and this model belong together; a library without clips takes any.

    Raises:
        UsageError: they do not.
    """
    meta = read_meta(connection)
    if meta.get("fingerprint", print_of_model) == print_of_model:
        return
    if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
        return
    old, new = meta.get("model") or "a model given in memory", source or "another model given in memory"
    raise UsageError(
        f"{library} was made with {old} ({meta['fingerprint'][:8]}), this is {new} ({print_of_model[:8]}), and vectors "
        "of two models cannot be compared: use the library's own model, or index into another folder"
    )


def remember_model(connection: sqlite3.Connection, library: Path, print_of_model: str, source: str) -> None:
    """Write down which model it is and where it lies; as part of the running transaction."""
    if not source and read_meta(connection).get("fingerprint") == print_of_model:
        return  # the same model, given in memory this time: what is known of its place stays
    beside = ""
    if source and Path(source).exists():
        source = os.path.abspath(source)
        beside = os.path.relpath(source, library.resolve()) if _same_drive(source, library) else ""
    write_meta(connection, fingerprint=print_of_model, model=source, model_beside=beside)


def known_source(meta: Mapping[str, str], library: Path) -> str:
    """Where the library's model lies: as written down, or where it stands now if both were moved together.

    Raises:
        LibraryError: nobody knows.
    """
    source, beside = meta.get("model", ""), meta.get("model_beside", "")
    if not source:
        raise LibraryError(
            f"{library} does not know its model, which was given in memory: index once more with --model and a path"
        )
    if beside and not Path(source).exists():
        moved = library.resolve() / beside
        if moved.exists():
            return str(moved)
        raise LibraryError(
            f"{library} was made with the model {source}, which is not there any more: put it back, or index once more "
            "with --model and its new place"
        )
    return source


def _same_drive(source: str, library: Path) -> bool:
    return Path(source).drive == library.resolve().drive

"""The model of a library: which model made its vectors, in which precision, and where that model is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from hdvila.errors import LibraryError, UsageError
from hdvila.hub import same_vectors
from hdvila.search.database import read_meta, write_meta
from hdvila.search.encoder import Encoder

__all__ = ["check_model", "known_source", "note_precision"]

_PRECISION = "precision"


def check_model(connection: sqlite3.Connection, library: Path, model: Encoder, own: str, source: str) -> None:
    """Make sure that this model made the library's vectors, and record which model it is and its path.

    Part of the running transaction. A library without clips accepts any model.

    Args:
        own: the model's `vectors_fingerprint`.
        source: its path, or '' for a model in memory, which leaves the recorded path unchanged.

    Raises:
        UsageError: another model made the vectors.
    """
    meta = read_meta(connection)
    same = "fingerprint" in meta and same_vectors(meta["fingerprint"], model, own)
    if not same and connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is not None:
        old, new = meta.get("model") or "a model given in memory", source or "another model given in memory"
        raise UsageError(
            f"{library} was made with {old} ({meta['fingerprint'][:8]}), this is {new} ({own[:8]}), and vectors of "
            "two models cannot be compared: use the library's own model, or index into another folder"
        )
    if source or not same:
        beside = ""
        if source and Path(source).exists():
            source = os.path.abspath(source)
            beside = os.path.relpath(source, library.resolve()) if _same_drive(source, library) else ""
        write_meta(connection, model=source, model_beside=beside)
    write_meta(connection, fingerprint=own)


def note_precision(connection: sqlite3.Connection, precision: str) -> str:
    """Record the precision of the vectors that are added, as part of the running transaction.

    Returns:
        A remark if the library has vectors of another precision, else ''.
    """
    known = set(read_meta(connection).get(_PRECISION, "float32").split(" and "))
    if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
        known = {precision}
    write_meta(connection, **{_PRECISION: " and ".join(sorted(known | {precision}))})
    if precision in known:
        return ""
    return (
        f"its vectors so far are computed in {' and '.join(known)}, new ones in {precision}: they can be compared, "
        "but the cosines of the same video differ slightly (docs/search.md)"
    )


def known_source(meta: Mapping[str, str], library: Path) -> str:
    """The path of the library's model: as recorded, or its present one if library and model were moved together.

    Raises:
        LibraryError: the path is not known, or nothing is there.
    """
    source, beside = meta.get("model", ""), meta.get("model_beside", "")
    if not source:
        raise LibraryError(
            f"{library} does not know its model, which was given in memory: pass it again from Python, as in "
            "library.search(words, model=model), or name its folder once: hdvila index FOLDER --library "
            f"{library} --model MODEL"
        )
    if beside and not Path(source).exists():
        moved = library.resolve() / beside
        if moved.exists():
            return str(moved)
        raise LibraryError(
            f"{library} was made with the model {source}, which no longer exists: put it back, or name its new "
            f"path once: hdvila index FOLDER --library {library} --model MODEL"
        )
    return source


def _same_drive(source: str, library: Path) -> bool:
    return Path(source).drive == library.resolve().drive

"""The files of a corpus that can be made again from its shards."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.dataset


def index_rows(root: Path) -> list[dict[str, Any]]:
    """A row a frame, as any program that knows Arrow reads them."""
    rows: list[dict[str, Any]] = pyarrow.dataset.dataset(root / "index", format="arrow").to_table().to_pylist()
    return rows


def forget(root: Path) -> None:
    """Delete all that can be made again."""
    for name in ("corpus.json", "shards.arrow", "clips.parquet"):
        (root / name).unlink()
    for folder in ("index", "clips"):
        shutil.rmtree(root / folder)

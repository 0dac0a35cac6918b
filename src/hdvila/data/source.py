"""Where clips come from, and the one of ours that is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from hdvila.media.preprocess import Preprocess
from hdvila.store import Corpus
from hdvila.types import Clip, HybridClip

__all__ = ["ClipSource", "open_corpus"]


class ClipSource(Protocol):
    """Where clips come from; `hdvila.store.reader.Corpus` is one."""

    @property
    def clips(self) -> Sequence[Clip]: ...

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip: ...


def open_corpus(folder: str | Path) -> ClipSource:
    """The corpus in a folder.

    Raises:
        StoreError: it cannot be read.
    """
    return Corpus(folder)

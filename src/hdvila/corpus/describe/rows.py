"""The rows of a corpus in batches, so that memory does not grow with the corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hdvila.store import Corpus


class Rows:
    """The clips of a corpus as a stream of Arrow batches.

    Attributes:
        number: of clips.
        streams: of the corpus.

    Raises:
        StoreError: the corpus cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self._corpus = Corpus(root)
        self.number = len(self._corpus)
        self.streams = self._corpus.streams

    def fingerprint(self) -> str:
        """A fingerprint of the clips, 16 hexadecimal digits: of their ids, times, words and order."""
        digest = hashlib.sha256()
        for batch in self.batches(["clip_id", "start", "end", "text"]):
            for row in batch.to_pylist():
                digest.update(repr(tuple(row.values())).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Record batches with those of `columns` that the corpus has (default: all), in the order of the clips."""
        return self._corpus.batches(columns)

    def sample(self, size: int, seed: int) -> NDArray[np.int64]:
        """Numbers of `size` different clips, or of all if there are fewer, ascending; equal seeds give equal clips."""
        rng = np.random.default_rng(seed)
        return np.sort(rng.choice(self.number, min(size, self.number), replace=False)).astype(np.int64)

    def take(self, numbers: NDArray[np.int64], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The rows with these ascending numbers, as dictionaries of `columns` (default: all)."""
        found: list[dict[str, Any]] = []
        first = 0
        for batch in self.batches(columns):
            here = numbers[(numbers >= first) & (numbers < first + batch.num_rows)] - first
            found += batch.take(pa.array(here)).to_pylist()
            first += batch.num_rows
        return found

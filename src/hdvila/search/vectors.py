"""All vectors of a library in memory, and the exact search over them.

Exact, because text queries do not lie where videos lie: approximate graphs keep most of the list and lose the right
answer. float16 halves the bytes, and the scan runs at the speed of memory.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from hdvila.errors import LibraryError

__all__ = ["Vectors", "pack", "read_vectors"]

_STORED = np.dtype("<f2")


def pack(vectors_ND: NDArray[np.float32]) -> bytes:
    """(N, D) vectors as they stand in the library: float16, little-endian."""
    return vectors_ND.astype(_STORED).tobytes()


class Vectors:
    """The clips' vectors by the ids of their clips, each of `width` numbers."""

    def __init__(self, width: int) -> None:
        self._index = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self.width = width
        self._clips: list[int] = []
        self._rows: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._clips)

    def add(self, clips: list[int], matrix: bytes) -> None:
        """Add the vectors of these clips, as `pack` made them."""
        self._index.add_sa_codes(np.frombuffer(matrix, np.uint8).reshape(len(clips), -1))
        self._rows |= {clip: row for row, clip in enumerate(clips, len(self._clips))}
        self._clips += clips

    def best(self, query_D: NDArray[np.float32], k: int) -> tuple[list[int], list[float]]:
        """The ids of the `k` best clips, best first, and their products with the query; all, if there are fewer."""
        scores, rows = self._index.search(query_D[None].astype(np.float32), min(k, len(self)))
        found = rows[0] >= 0  # a vector that is no number is never found, and faiss fills up with -1
        return [self._clips[row] for row in rows[0][found]], scores[0][found].tolist()

    def highest(self, queries_QD: NDArray[np.float32]) -> NDArray[np.float32]:
        """(Q,) the product of each query with the clip that is best for it; there is at least one clip."""
        scores_Q1: NDArray[np.float32] = self._index.search(queries_QD.astype(np.float32), 1)[0]
        return scores_Q1[:, 0]

    def scores(self, query_D: NDArray[np.float32], clips: Sequence[int]) -> list[float]:
        """The products of the query with these clips' vectors."""
        rows = np.array([self._rows[clip] for clip in clips], np.int64)
        vectors_ND = np.empty((len(rows), self.width), np.float32)
        for place, row in enumerate(rows.tolist()):
            self._index.reconstruct(row, vectors_ND[place])
        scores: list[float] = (vectors_ND @ query_D.astype(np.float32)).tolist()
        return scores


def read_vectors(connection: sqlite3.Connection) -> Vectors | None:
    """All vectors of a library in the state that `connection` sees; None if it has no clips.

    Raises:
        LibraryError: clips and vectors do not belong together.
    """
    clips: defaultdict[int, list[int]] = defaultdict(list)
    for clip, file in connection.execute("SELECT id, file FROM clips ORDER BY file, number"):
        clips[file].append(clip)
    vectors: Vectors | None = None
    for file, matrix in connection.execute("SELECT file, matrix FROM vectors ORDER BY file"):
        if vectors is None:
            vectors = Vectors(len(matrix) // (len(clips[file]) or 1) // _STORED.itemsize)
        if len(matrix) != len(clips[file]) * vectors.width * _STORED.itemsize:
            raise LibraryError(
                "the library's clips and vectors do not belong together: delete its folder, then index the videos again"
            )
        vectors.add(clips[file], matrix)
    return vectors

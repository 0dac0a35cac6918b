"""All vectors of a library in memory, and the exact search over them.

Exact, because text queries do not lie where videos lie: approximate graphs keep most of the list and lose the right
answer. float16 halves the bytes, and the scan runs at the speed of memory.
"""

from __future__ import annotations

import sqlite3

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
    """The clips' vectors and numbers. ``clips`` is (N,): the id of each row's clip."""

    def __init__(self, clips: NDArray[np.int64], codes_NB: NDArray[np.uint8]) -> None:
        self.clips = clips
        width = codes_NB.shape[1] // _STORED.itemsize
        self._index = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index.add_sa_codes(codes_NB)

    def __len__(self) -> int:
        return len(self.clips)

    def best(self, query_D: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ids of the `k` best clips (all, if there are fewer), best first, and their products with the query."""
        scores, rows = self._index.search(query_D[None].astype(np.float32), min(k, len(self)))
        return self.clips[rows[0]], scores[0]


def read_vectors(connection: sqlite3.Connection) -> Vectors | None:
    """All vectors of a library in the state that `connection` sees; None if it has no clips.

    Raises:
        LibraryError: clips and vectors do not belong together.
    """
    clips = np.fromiter((row[0] for row in connection.execute("SELECT id FROM clips ORDER BY file, number")), np.int64)
    if not len(clips):
        return None
    codes = bytearray()
    for (matrix,) in connection.execute("SELECT matrix FROM vectors ORDER BY file"):
        codes += matrix
    if len(codes) % (len(clips) * _STORED.itemsize):
        raise LibraryError("the library's clips and vectors do not belong together: index the videos anew")
    return Vectors(clips, np.frombuffer(codes, np.uint8).reshape(len(clips), -1))

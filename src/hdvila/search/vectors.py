"""All vectors of a library, and exact search over them.

Search is exact because text queries are far from all videos: approximate graphs keep most of the list but lose the
right answer. float16 halves the bytes, and the scan runs at memory speed, in parts, on all cores.

Legend: N clips, M rows of memory, D width, Q queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from hdvila.processes import usable_cores

__all__ = ["STORED", "Vectors", "pack"]

STORED = np.dtype("<f2")
_ROWS = 16_384  # rows of a part, which one core scans
_ROUNDING = 1e-4  # more than the rounding of products of unit vectors in float32
_DECODED = 2_048  # rows that are converted to float32 at a time, so that they stay in the cache


def pack(vectors_ND: NDArray[np.float32]) -> bytes:
    """(N, D) vectors as bytes for the library: float16, little-endian."""
    return vectors_ND.astype(STORED).tobytes()


class Vectors:
    """The vectors of one clip or more, by the ids of their clips.

    Args:
        rows_MD: float16, in memory or memory-mapped. It may hold unused rows.
        clips_N: ids of the clips; their order breaks ties.
        runs: the rows of their vectors, (first row, number of rows) each, in the order of the clips.
    """

    def __init__(
        self, rows_MD: NDArray[np.float16], clips_N: NDArray[np.int64], runs: Sequence[tuple[int, int]]
    ) -> None:
        self.width = rows_MD.shape[1]
        self._rows_MD = rows_MD
        self._clips_N = clips_N
        self._parts = _parts(runs)

    def __len__(self) -> int:
        return len(self._clips_N)

    def best(self, query_D: NDArray[np.float32], k: int) -> tuple[list[int], list[float]]:
        """The ids of the `k` best clips (or all, if there are fewer), best first, and their products with the query."""
        query_D = np.ascontiguousarray(query_D, np.float32)
        parts = [self._rows_MD[first : first + count] for first, count in self._parts]
        with ThreadPoolExecutor(min(usable_cores(), len(parts))) as pool:
            scores_N = np.concatenate(list(pool.map(lambda rows_RD: _products(rows_RD, query_D), parts)))
        places = _best_places(scores_N, k)
        return self._clips_N[places].tolist(), scores_N[places].tolist()

    def best_scores(self, queries_QD: NDArray[np.float32]) -> NDArray[np.float32]:
        """(Q,) the product of each query with its best clip, as `best` computes it, in one pass for all queries.

        Matrix products select the candidates. Their rounding differs from that of the scan, which computes the result,
        so that a query gets exactly the same product from both methods.
        """
        queries_QD = np.ascontiguousarray(queries_QD, np.float32)
        queries_DQ = torch.from_numpy(queries_QD).T
        near: list[list[NDArray[np.int64]]] = [[] for _ in queries_QD]
        best_Q = np.full(len(queries_QD), -np.inf, np.float32)
        for first, count in self._parts:
            for row in range(first, first + count, _DECODED):  # torch itself uses all cores
                rows_RD = self._rows_MD[row : min(row + _DECODED, first + count)].copy()  # torch needs writable memory
                products_RQ = (torch.from_numpy(rows_RD).float() @ queries_DQ).numpy()
                best_Q = np.fmax(best_Q, np.fmax.reduce(products_RQ))
                for query, reaching_R in enumerate((products_RQ >= best_Q - _ROUNDING).T):
                    near[query].append(row + np.flatnonzero(reaching_R))
        best = []
        for query_D, rows in zip(queries_QD, near, strict=True):
            best.append(_products(self._rows_MD[np.concatenate(rows)], query_D).max(initial=-np.inf))
        return np.array(best, np.float32)

    def scores(self, query_D: NDArray[np.float32], clips: Sequence[int]) -> list[float]:
        """The products of the query with these clips' vectors."""
        places = self._by_id[np.searchsorted(self._clips_N, clips, sorter=self._by_id)]
        vectors_ND = self._rows_MD[self._row_of(places)].astype(np.float32)
        scores: list[float] = (vectors_ND @ query_D.astype(np.float32)).tolist()
        return scores

    @cached_property
    def _by_id(self) -> NDArray[np.int64]:
        return np.argsort(self._clips_N, kind="stable")

    def _row_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        counts = np.array([count for _, count in self._parts])
        ends = np.cumsum(counts)
        part = np.searchsorted(ends, places, side="right")
        rows: NDArray[np.int64] = np.array([first for first, _ in self._parts])[part] + places - (ends - counts)[part]
        return rows


def _parts(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs, adjacent ones joined, split into parts of equal work."""
    joined: list[tuple[int, int]] = []
    for first, count in runs:
        if joined and sum(joined[-1]) == first:
            first, count = joined[-1][0], joined.pop()[1] + count
        joined.append((first, count))
    return [
        (row, min(_ROWS, first + count - row)) for first, count in joined for row in range(first, first + count, _ROWS)
    ]


def _products(rows_RD: NDArray[np.float16], query_D: NDArray[np.float32]) -> NDArray[np.float32]:
    """(R,) products with the query; -inf for a vector with NaN. Equal vectors give equal products."""
    kind = faiss.ScalarQuantizer(rows_RD.shape[1], faiss.ScalarQuantizer.QT_fp16)
    scanner = kind.select_InvertedListScanner(  # type: ignore[attr-defined]
        faiss.METRIC_INNER_PRODUCT, None, True, None, False
    )
    scanner.set_query(faiss.swig_ptr(query_D))
    scanner.set_list(0, 0.0)
    found = faiss.RangeSearchResult(1)
    part = faiss.RangeSearchPartialResult(found)  # type: ignore[attr-defined]
    into = part.new_result(0)
    scanner.scan_codes_range(len(rows_RD), faiss.swig_ptr(rows_RD.view(np.uint8)), None, -np.inf, into)
    part.finalize()
    products_R = np.full(len(rows_RD), -np.inf, np.float32)
    if count := int(faiss.rev_swig_ptr(found.lims, 2)[1]):
        products_R[faiss.rev_swig_ptr(found.labels, count)] = faiss.rev_swig_ptr(found.distances, count)
    return products_R


def _best_places(scores_N: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The places of the `k` largest scores, the largest first, and the later one first in a tie; never of -inf.

    If only some of several equal scores fit, they are the last ones among the first `k` scores that reach the bound:
    the choice of a heap that reads the scores one by one, which keeps the results of earlier versions.
    """
    k = min(k, int((scores_N > -np.inf).sum()))
    if not k:
        return np.empty(0, np.int64)
    least = np.partition(scores_N, len(scores_N) - k)[len(scores_N) - k]
    reaching = np.flatnonzero(scores_N >= least)
    above = reaching[scores_N[reaching] > least]
    first = reaching[:k]
    equal = first[scores_N[first] == least][-(k - len(above)) :]
    chosen = np.concatenate([above, equal])
    return chosen[np.lexsort((-chosen, -scores_N[chosen]))]

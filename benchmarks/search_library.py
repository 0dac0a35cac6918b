"""How long a large library takes to load and to answer: random unit vectors, no videos.

    python benchmarks/search_library.py [clips] [width]

The ceiling is memory: an exact scan reads every vector once, so it is compared with a plain read of as many bytes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hdvila.search.database import connect, connect_to_write
from hdvila.search.query import best_moments
from hdvila.search.vectors import pack, read_vectors

CLIPS_OF_A_FILE = 200


def build(library: Path, clips: int, width: int) -> None:
    random = np.random.default_rng(0)
    with connect_to_write(library) as connection, connection:
        for file in range(1, clips // CLIPS_OF_A_FILE + 1):
            vectors = random.standard_normal((CLIPS_OF_A_FILE, width)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            row = (file, f"/videos/{file}.mp4", "", 0, str(file), "indexed", "")
            connection.execute(
                "INSERT INTO files (id, path, stamp, size, digest, status, reason) VALUES (?, ?, ?, ?, ?, ?, ?)", row
            )
            connection.executemany(
                "INSERT INTO clips (file, number, start, end, text) VALUES (?, ?, ?, ?, '')",
                [(file, number, 4.0 * number, 4.0 * number + 8) for number in range(CLIPS_OF_A_FILE)],
            )
            connection.execute("INSERT INTO vectors VALUES (?, ?)", (file, pack(vectors)))


def seconds(what: Callable[[], object], times: int = 5) -> float:
    """The best of some runs."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        spent.append(time.perf_counter() - began)
    return min(spent)


def main(clips: int = 200_000, width: int = 1024) -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder)
        build(library, clips, width)
        with connect(library) as connection:
            load = seconds(lambda: read_vectors(connection), times=3)
            vectors = read_vectors(connection)
            assert vectors is not None
            query = np.random.default_rng(1).standard_normal(width).astype(np.float32)
            answer = seconds(lambda: best_moments(connection, vectors, query, {}, -1.0, 10))
            drawn = np.random.default_rng(2).standard_normal((20, width)).astype(np.float32)
            trust = seconds(lambda: vectors.highest(drawn), times=3)
    plain = np.ones(clips * width // 4, np.float64)  # as many bytes as the vectors
    read = seconds(lambda: plain.max())
    print(f"{len(vectors)} clips x {width}: load {load:.2f} s, answer {answer:.3f} s")
    print(f"what a cosine must reach, once for each number of words: {trust:.3f} s, {trust / answer:.1f} answers")
    print(f"one thread reads as many bytes in {read:.3f} s: ratio {answer / read:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

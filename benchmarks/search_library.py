"""How long a large library takes to open and to answer, and how long a person waits who types `hdvila search`.

    python benchmarks/search_library.py [clips] [width]

Random unit vectors, no videos. The ceiling is memory: an exact scan reads every vector once, so it is compared with a
plain read of as many bytes by as many threads, in turns, and medians of five turns are told.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

from hdvila.hub import Processor, build_model, vectors_fingerprint
from hdvila.processes import usable_cores
from hdvila.recipes import get_recipe
from hdvila.search.database import connect, connect_to_write, write_meta
from hdvila.search.query import best_moments
from hdvila.search.vector_file import read_vectors
from hdvila.search.vectors import pack
from hdvila.text.tokenizer import Tokenizer

CLIPS_OF_A_FILE = 200
TURNS = 5


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
        write_meta(connection, state="built")


def medians(**works: Callable[[], object]) -> dict[str, float]:
    """Seconds of each, done in turns; once before for what is done only once."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(TURNS + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if turn:
                spent[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in spent.items()}


def measure(library: Path) -> None:
    with connect(library) as connection:
        began = time.perf_counter()
        vectors = read_vectors(connection, library)
        first = time.perf_counter() - began
        assert vectors is not None
        query = np.random.default_rng(1).standard_normal(vectors.width).astype(np.float32)
        drawn = np.random.default_rng(2).standard_normal((20, vectors.width)).astype(np.float32)
        cores = usable_cores()
        plain = np.ones((cores, len(vectors) * vectors.width // 4 // cores), np.float64)  # as many bytes as the vectors
        with ThreadPoolExecutor(cores) as pool:
            spent = medians(
                read=lambda: list(pool.map(np.max, plain)),
                scan=lambda: vectors.best(query, 100),
                answer=lambda: best_moments(connection, vectors, query, {}, -1.0, 10),
                trust=lambda: vectors.best_scores(drawn),
                open=lambda: read_vectors(connection, library),
            )
    print(f"{len(vectors)} clips x {vectors.width}: opened in {spent['open']:.3f} s, the first time in {first:.1f} s")
    print(f"answer {spent['answer']:.3f} s, of it the scan {spent['scan']:.3f} s")
    share = spent["read"] / spent["scan"]
    print(f"{cores} threads read as many bytes in {spent['read']:.3f} s: the scan reaches {share:.0%} of that")
    print(f"what a cosine must reach, once for each number of words: {spent['trust']:.3f} s")


def cold(folder: Path) -> None:
    """The whole program, beside the import of torch, which it cannot do without."""
    recipe = get_recipe("miniature-stage1")
    model = build_model(recipe.model)
    model.processor = Processor(recipe.data.preprocess, Tokenizer.load("miniature"), recipe.data.text_length)
    model.save_pretrained(folder / "model")
    build(folder / "library", 1_000, recipe.model.hidden_size)
    with connect_to_write(folder / "library") as connection, connection:
        write_meta(connection, fingerprint=vectors_fingerprint(model), model=str(folder / "model"))
    command = ["-m", "hdvila", "search", "a", "red", "ball", "--library", str(folder / "library")]

    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    spent = medians(torch=lambda: run("-c", "import torch"), search=lambda: run(*command))
    print(f"hdvila search as typed: {spent['search']:.2f} s; import torch alone: {spent['torch']:.2f} s")


def main(clips: int = 1_000_000, width: int = 1024) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold(folder)
        build(folder / "large", clips, width)
        measure(folder / "large")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

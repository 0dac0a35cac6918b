"""A corpus over http against the same corpus on the disk: time a sample, and bytes fetched for each byte used.

    python benchmarks/remote_store.py [--latency MS] [--batches N]

A server on this machine, in a process of its own, waits LATENCY (20 ms) before each answer. A batch is 16 samples of
the paper's size (`store_vs_decode.py`), which the training loader reads. Disk, http with one reader and http with as
many as the loader takes turns; medians of N (5) batches.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import statistics
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import torch
from store_vs_decode import PREPROCESS, render, store

from hdvila.data.dataset import ClipDataset
from hdvila.data.order import SampleKey
from hdvila.data.settings import DataSettings
from hdvila.models.hdvila.sampling import hybrid_indices
from hdvila.store import Corpus

BATCH = 16


def serve(folder: str, latency: float, port: Any, fetched: Any) -> None:
    """Answer requests for byte ranges, each after `latency` seconds; `fetched` counts bytes and requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(latency)
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            with (Path(folder) / self.path.lstrip("/")).open("rb") as file:
                file.seek(int(wanted[1]) if wanted else 0)
                data = file.read(int(wanted[2]) - int(wanted[1]) + 1) if wanted else file.read()
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(data)))
            if wanted:
                self.send_header("Content-Range", f"bytes {wanted[1]}-{wanted[2]}/*")
                with fetched.get_lock():
                    fetched[0] += len(data)
                    fetched[1] += 1
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port.value = server.server_port
        server.serve_forever()


def tokens(texts: Any, length: int) -> tuple[np.ndarray, np.ndarray]:
    """No words: pictures are what is measured."""
    return np.zeros((len(texts), length), np.int64), np.ones((len(texts), length), np.int64)


def used(corpus: Corpus, keys: list[SampleKey], seed: int) -> int:
    """Bytes of the pictures that a batch shows."""
    total = 0
    for key in keys:
        rng = np.random.default_rng(key.as_int(seed))
        middle, others = hybrid_indices(corpus.num_frames(key.index), PREPROCESS.sampling, rng, PREPROCESS.hr_every)
        total += sum(map(len, corpus.clip(key.index).files([("hr", middle // 5), ("lr", others.ravel())])))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=20.0, help="milliseconds before each answer")
    parser.add_argument("--batches", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        near = store([render(Path(folder) / "rendered.mp4")], Path(folder) / "corpus")
        context = multiprocessing.get_context("spawn")
        port, fetched = context.Value("i", 0), context.Array("q", 2)
        server = context.Process(target=serve, args=(folder, given.latency / 1000, port, fetched), daemon=True)
        server.start()
        while not port.value:
            time.sleep(0.05)
        address = f"http://127.0.0.1:{port.value}/corpus"
        one, many = Corpus(address), Corpus(address)
        one._place.readers = 1
        corpora = {"the disk": near, "http, one reader": one, f"http, {many.readers} readers": many}
        settings = DataSettings(preprocess=PREPROCESS)
        data = {name: ClipDataset(corpus, settings, tokens, 0) for name, corpus in corpora.items()}
        seconds: dict[str, list[float]] = {name: [] for name in data}
        asked = 0
        for epoch in range(given.batches + 1):
            keys = [SampleKey(BATCH * epoch + k, 0) for k in range(BATCH)]
            asked += used(near, keys, 0)
            for name, dataset in data.items():
                begin = time.perf_counter()
                dataset.batch(keys)
                if epoch:  # the first one connects
                    seconds[name].append((time.perf_counter() - begin) / BATCH)
        server.terminate()
    base = statistics.median(seconds["the disk"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"  {name:18} {1000 * middle:7.2f} ms a sample, {middle / base:5.2f}x the disk")
    samples = 2 * BATCH * (given.batches + 1)
    print(f"  {fetched[0] / (2 * asked):.2f} bytes fetched a byte used, {fetched[1] / samples:.1f} requests a sample")


if __name__ == "__main__":
    main()

"""Indexing videos as `hdvila index` does, beside what the machine could do at most, in the same run.

    python benchmarks/index.py [VIDEOS] [--rounds N]

VIDEOS are folders or files; default: twelve rendered ones of 720p, 20 s each. The model is that of `hdvila-small`
(192x320) with random weights. By turns and in medians: the library is made anew (`Library.index`, as the command calls
it); each file is read and embedded after the other, with the decoder's own threads; and the same pictures are read
alone, nothing embedded, by a process a core, started and warm before: the limit of the machine. Printed are seconds of
video per second, the cores used, and the ratio to the limit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
from store_vs_decode import render

from hdvila.errors import MediaError
from hdvila.hub import Processor, build_model
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.processes import usable_cores
from hdvila.recipes.hdvila.small import HEIGHT, WIDTH, small_model
from hdvila.search import open_library
from hdvila.search.embed import batches_of, embed_file, open_file, words_beside
from hdvila.search.encoder import Encoder
from hdvila.search.scan import Found, roots_of, scan
from hdvila.text.tokenizer import Tokenizer

SEEN = Preprocess(HEIGHT, WIDTH, segments=1, neighbours=3)


def read(found: Found) -> float:
    """Seconds of a video, after its pictures were made; 0 where it cannot be read."""
    torch.set_num_threads(1)
    try:
        opened = open_file(found, words_beside(found), SEEN)
        for _ in batches_of(found, opened, SEEN, threads=1):
            pass
        return max(span.end for span in opened.spans)
    except MediaError:
        return 0.0


def one_by_one(model: Encoder, files: list[Found]) -> None:
    for found in files:
        try:
            embed_file(model, found, words_beside(found))
        except MediaError:
            continue


def into_library(model: Encoder, places: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        open_library(folder).index(places, model)


def timed(job: Callable[[], object]) -> tuple[float, float]:
    """(seconds, processor seconds of this process) of a job."""
    began, used = time.perf_counter(), _used()
    job()
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(places: list[Path], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if not places:
            first = render(Path(folder) / "0.mp4")
            for number in range(1, 12):  # other bytes, or they are copies
                (Path(folder) / f"{number}.mp4").write_bytes(first.read_bytes() + bytes(8 + number))
            places = [Path(folder)]
        files = list(scan(roots_of(places, [])).videos.values())
        model: Any = build_model(small_model("stage1")).eval()
        model.processor = Processor(SEEN, Tokenizer.train(["a"], 50))
        cores = usable_cores()
        found: dict[str, list[tuple[float, float]]] = {"hdvila index": [], "one by one": [], "reading alone": []}
        largest_first = sorted(files, key=lambda one: -one.size)
        with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
            seconds = sum(pool.map(read, largest_first))  # warms up
            one_by_one(model, files[:1])
            for _ in range(rounds):
                found["hdvila index"].append(timed(lambda: into_library(model, places)))
                found["one by one"].append(timed(lambda: one_by_one(model, files)))
                found["reading alone"].append(timed(lambda: list(pool.map(read, largest_first))))
    print(f"{len(files)} files, {seconds:.0f} s of video, {cores} cores, medians of {rounds}")
    limit = statistics.median(wall for wall, _ in found["reading alone"])
    for name, both in found.items():
        wall, used = (statistics.median(one) for one in zip(*both, strict=True))
        own = "" if name == "reading alone" else f", {used / wall:.2f} cores"
        speed = f"{wall:6.2f} s, {seconds / wall:6.1f} s of video a second{own}"
        print(f"  {name:14} {speed}, {limit / wall:.2f} of the limit")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    main(given.videos, given.rounds)

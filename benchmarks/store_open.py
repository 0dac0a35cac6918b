"""What a large corpus costs a process: opening it, reading clips at random, keeping it open.

    python benchmarks/store_open.py [--clips N] [--draws N]

Makes a corpus of N clips (1,000,000) of HD-VILA's mean length, 13.4 s: 27 frames `hr` and 134 frames `lr` of 16x16
pixels a clip, 256 clips a shard. The writer writes eight shards; all others are hard links to these and to their index
files, so that making it takes seconds and half a gigabyte (minutes for 100,000,000 clips). Whoever reads it cannot
tell: it has as many files, rows and names. All of it is in the page cache; what a disk takes comes on top.

Measured in a fresh process, after importing the library: seconds to open, memory beyond the import (resident; private:
what no other process shares), and the mean of random draws, each from another shard and then from shards that are open:
the words of a clip, and 14 of its frames read and compared with their check values, without decoding them. Then memory
and descriptors again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from hdvila.media import Packed, encode_jpeg
from hdvila.store import Corpus, CorpusWriter, Stream
from hdvila.store.catalogue import Catalogue
from hdvila.store.index import Index
from hdvila.store.place import Folder
from hdvila.store.shard_index import index_files
from hdvila.types import Clip

STREAMS = {"hr": Stream(2.0, at="lr"), "lr": Stream(10.0)}
SHARD, REAL, SECONDS = 256, 8, 13.4  # clips a shard, shards that are written, seconds a clip


def make(root: Path, clips: int) -> dict[str, float]:
    """Write the corpus; bytes of its index files and of its list of shards."""
    rng = np.random.default_rng(0)
    files = [encode_jpeg(rng.integers(0, 256, (16, 16, 3), np.uint8)) for _ in range(134)]
    pts = np.arange(134) / 10
    words = "it has thirty-two words, as many as a sentence of the paper's corpus has on average " * 2
    with CorpusWriter(root, STREAMS, clips_per_shard=SHARD) as writer:
        for number in range(REAL * SHARD):
            lr = Packed("jpeg", tuple(files), (1,) * 134, pts + SECONDS * number, 16, 16)
            hr = Packed("jpeg", lr.data[::5], (1,) * 27, lr.pts_seconds[::5], 16, 16)
            name = f"QMi8fT2bVxE.{number}"
            clip = Clip(f"{name}.mp4", name, SECONDS * number, SECONDS * (number + 1), f"{words}in clip {number}.")
            writer.add(clip, {"hr": hr, "lr": lr}, {"category": "Travel"})
    row = next(Index(Folder(root)).catalogue.rows())
    rows = []
    for number in range(clips // SHARD):
        name = f"{number:06d}.tar"
        rows.append(row | {"shard": name})
        if number >= REAL:
            real = f"{number % REAL:06d}.tar"
            linked = zip((f"shards/{real}", *index_files(real)), (f"shards/{name}", *index_files(name)), strict=True)
            for old, new in linked:
                os.link(root / old, root / new)
    Catalogue.of(rows, tuple(STREAMS)).write(root)
    sizes = {file.split("/")[0]: float((root / file).stat().st_size) for file in index_files("000001.tar")}
    return sizes | {"list": (root / "shards.arrow").stat().st_size / len(rows)}


def memory() -> tuple[float, float]:
    """(resident, private) MB of this process."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kilobytes["Rss"] / 1e3, (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1e3


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) - 1


def mean_of(draw: Callable[[int], object], numbers: np.ndarray) -> str:
    begin = time.perf_counter()
    for number in numbers.tolist():
        draw(number)
    return f"{1e3 * (time.perf_counter() - begin) / len(numbers):.3f} ms"


def measure(root: str, draws: int) -> None:
    """In a process of its own."""
    resident, private = memory()
    opened = descriptors()
    begin = time.perf_counter()
    corpus = Corpus(root)
    clips = len(corpus)
    seconds = time.perf_counter() - begin
    now = memory()
    print(f"  {clips:,} clips open in {seconds:.3f} s and {now[0] - resident:.1f} MB ({now[1] - private:.1f} private)")
    rng = np.random.default_rng(1)
    far = rng.permutation(clips // SHARD)[:draws] * SHARD + rng.integers(0, SHARD, min(draws, clips // SHARD))
    near = np.repeat(far[-64:], 8)

    def words(corpus: Corpus, i: int) -> str:
        return corpus.clips[i].text

    def read(corpus: Corpus, i: int) -> list[bytes]:
        return corpus.clip(i).files([("hr", rng.integers(0, 27, 2)), ("lr", rng.integers(0, 134, 12))])

    for what, draw in (("words of a clip", words), ("14 frames, not decoded", read)):
        corpus = Corpus(root)
        first, again = mean_of(partial(draw, corpus), far), mean_of(partial(draw, corpus), near)
        print(f"  {what}: {first} in shards not open yet, {again} in open ones")
    now = memory()
    grown = f"{now[0] - resident:.1f} MB ({now[1] - private:.1f} private)"
    print(f"  after {len(far):,} shards: {grown}, {descriptors() - opened} descriptors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.draws)
        return
    with tempfile.TemporaryDirectory() as folder:
        sizes = make(Path(folder), given.clips)
        shards = given.clips // SHARD
        bytes_ = " and ".join(
            f"{size * shards / 1e9:.3f} GB in {name}/" for name, size in sizes.items() if name != "list"
        )
        print(f"  {shards:,} shards: {bytes_}, {sizes['list'] * shards / 1e6:.1f} MB in shards.arrow")
        for _ in range(3):
            arguments = ["--measure", folder, "--draws", str(given.draws)]
            subprocess.run([sys.executable, __file__, *arguments], check=True)


if __name__ == "__main__":
    main()

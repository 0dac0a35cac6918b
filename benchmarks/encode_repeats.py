"""Proof by repetition that the H.264 we write is the same every time, and what that costs.

    python benchmarks/encode_repeats.py [--processes N] [--repeats N] [--load N] [--cost VIDEO ...]

Each of N processes encodes the same pictures N times by each of both places that encode: video files
(`hdvila.media.write_video`, with which the miniature world is rendered) and stretches of a corpus
(`hdvila.media.packed`, form ``h264``), in five sizes. Each process has its memory filled with other junk (glibc's
``MALLOC_PERTURB_``), encoders live side by side, and ``--load`` processes keep the cores busy. The exit status is 1 if
any two results differ. ``--cost`` compares size, time and PSNR with x264's own choice and without the macroblock tree.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np

from hdvila.media import Packed, Packing, open_video, packed, resize, write_video
from hdvila.media.codecs import x264_options
from hdvila.types import Frames, Pixels

SIZES = (144, 216), (36, 54), (180, 320), (90, 160), (96, 96)
OTHERS = {"x264's own choice": {"cpu-independent": 0}, "as we write": {}, "without mbtree": {"mbtree": 0}}


def pictures(height: int, width: int, count: int = 60) -> Pixels:
    """(count, height, width, 3): two textures that move left and down, with grain."""
    rng = np.random.default_rng(height)
    cells = 2, (height + 2 * count) // 8 + 1, (width + 4 * count) // 8 + 1, 3
    coarse = rng.integers(0, 256, cells, np.uint8).repeat(8, 1).repeat(8, 2)
    moved = [coarse[2 * k // count, 2 * k : 2 * k + height, 4 * k : 4 * k + width] for k in range(count)]
    return np.clip(np.stack(moved).astype(int) + rng.integers(-4, 5, (count, height, width, 1)), 0, 255).astype(
        np.uint8
    )


def work(repeats: int) -> None:
    """Print the digest of everything, once a repetition."""
    material = [pictures(*size) for size in SIZES]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            whole = hashlib.sha256()
            for rgb in material:
                write_video(Path(folder) / "v.mp4", iter(rgb), 10)
                whole.update((Path(folder) / "v.mp4").read_bytes())
            packers = [Packing("h264").packer(10.0) for _ in material]
            for k in range(len(material[0])):
                for packer, rgb in zip(packers, material, strict=True):
                    packer.add(rgb[k], 1)
            for packer in packers:
                whole.update(b"".join(packer.finish(np.arange(len(material[0])) / 10).data))
            print(whole.hexdigest()[:16], flush=True)


def repeat(processes: int, repeats: int, load: int) -> int:
    """Run them two at a time; how many different results there are."""
    busy = [subprocess.Popen([sys.executable, "-c", "while 1: pass"]) for _ in range(load)]

    def one(number: int) -> list[str]:
        environment = {**os.environ, "MALLOC_PERTURB_": str(number % 256)}
        command = [sys.executable, __file__, "--work", str(repeats)]
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout.split()

    try:
        with ThreadPoolExecutor(2) as pool:
            found = Counter(digest for lines in pool.map(one, range(processes)) for digest in lines)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    encodes = 2 * len(SIZES) * found.total()
    print(
        f"{found.total()} repetitions in {processes} processes, {encodes} encodes: {len(found)} result(s) {dict(found)}"
    )
    return len(found)


def cost(videos: list[Path]) -> None:
    """Sizes, times and PSNR of both streams of up to 12 s of each video."""
    for stream, height, fps in (("HR", 360, 2), ("LR", 90, 10)):
        sums = {name: [0.0, 0.0, 0.0] for name in OTHERS}
        for path in videos:
            with open_video(path) as video:
                shown = video.at(np.arange(0, min(video.info.duration, 12) - 0.1, 1 / fps)).rgb
            width = round(shown.shape[2] * height / shown.shape[1] / 2) * 2
            frames = Frames(np.stack([resize(rgb, height, width) for rgb in shown]), np.arange(len(shown)) / fps)
            for name, change in OTHERS.items():
                with changed(change):
                    begin = time.process_time()
                    files = Packed.of(frames, Packing("h264"), float(fps))
                    taken = time.process_time() - begin
                error = np.mean((files.frames().rgb.astype(float) - frames.rgb) ** 2)
                for at, value in enumerate((sum(map(len, files.data)), taken, 10 * np.log10(255**2 / error))):
                    sums[name][at] += float(value)
        for name, (size, taken, psnr) in sums.items():
            print(f"  {stream} {name:18} {size / 1e3:9.1f} kB {taken:7.2f} s, PSNR {psnr / len(videos):.2f} dB")


@contextmanager
def changed(change: dict[str, int]) -> Iterator[None]:
    """Some options of the corpus's encoder are others."""

    def options(crf: int, preset: str = "veryfast", **settings: int) -> dict[str, str]:
        plain = x264_options(crf, preset, **settings)
        more = "".join(f":{name}={value}" for name, value in change.items())
        return plain | {"x264-params": plain["x264-params"] + more}

    packed.x264_options = options
    try:
        yield
    finally:
        packed.x264_options = x264_options


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5, help="in each process")
    parser.add_argument("--load", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--cost", nargs="+", type=Path, metavar="VIDEO")
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    av.logging.set_level(av.logging.ERROR)
    if given.work:
        work(given.work)
    elif given.cost:
        cost(given.cost)
    else:
        sys.exit(repeat(given.processes, given.repeats, given.load) > 1)


if __name__ == "__main__":
    main()

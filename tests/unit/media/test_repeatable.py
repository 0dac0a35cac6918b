"""The same pictures give the same H.264, byte for byte: on a busy machine, whatever memory holds, on any CPU."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hdvila.media import Packed, Packing, write_video
from hdvila.media.codecs import x264_options
from hdvila.types import Frames, Pixels

HEIGHT, WIDTH = 144, 216
"""13.5 macroblocks a row, no multiple of what SIMD takes at a time."""
JOB = """
import sys
from pathlib import Path
from tests.unit.media.test_repeatable import digests
print(*digests(Path(sys.argv[1])))
"""


def pictures() -> Pixels:
    """(30, HEIGHT, WIDTH, 3): a texture that moves left and down, with grain, and a cut in the middle."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (2, 40, 60, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    moved = [coarse[k // 15, 2 * k : 2 * k + HEIGHT, 4 * k : 4 * k + WIDTH] for k in range(30)]
    return np.clip(np.stack(moved).astype(int) + rng.integers(-4, 5, (30, HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)


def digests(folder: Path) -> list[str]:
    """Of a video file, and of both streams of a clip as a corpus stores them."""
    rgb = pictures()
    write_video(folder / "v.mp4", iter(rgb), 10)
    files = [(folder / "v.mp4").read_bytes()]
    for stream, fps in ((rgb[::5], 2.0), (rgb[:, ::4, ::4], 10.0)):
        frames = Frames(np.ascontiguousarray(stream), np.arange(len(stream)) / fps)
        files.append(b"".join(Packed.of(frames, Packing("h264"), fps).data))
    return [hashlib.sha256(file).hexdigest() for file in files]


@contextmanager
def load() -> Iterator[None]:
    """Twice as much work as the machine has cores."""
    busy = [subprocess.Popen([sys.executable, "-c", "while 1: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_repeated_encodes_are_equal_under_load(tmp_path: Path) -> None:
    """`MALLOC_PERTURB_` fills fresh memory with other bytes in each process (glibc): what is read unwritten shows."""
    expected = digests(tmp_path)
    jobs = []
    with load():
        for junk in ("85", "254"):
            (tmp_path / junk).mkdir()
            environment = {**os.environ, "MALLOC_PERTURB_": junk, "PYTHONPATH": os.pathsep.join(sys.path)}
            command = [sys.executable, "-c", JOB, str(tmp_path / junk)]
            jobs.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        assert digests(tmp_path) == expected
        assert [job.communicate(timeout=120)[0].split() for job in jobs] == [expected] * 2


def test_the_bytes_do_not_depend_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a CPU without any SIMD. With x264's own choice they differ on every CPU that has SSSE3."""
    expected = digests(tmp_path)

    def plain(crf: int, preset: str = "veryfast", **settings: int) -> dict[str, str]:
        return x264_options(crf, preset, **settings, asm=0)

    for room in ("codecs", "packed"):
        monkeypatch.setattr(f"hdvila.media.{room}.x264_options", plain)
    assert digests(tmp_path) == expected

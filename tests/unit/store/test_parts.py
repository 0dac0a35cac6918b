"""Several processes write parts of one corpus, and joining them copies no frame."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hdvila.errors import StoreError, UsageError
from hdvila.store import Corpus, CorpusWriter, Features, Track
from hdvila.types import Clip, Frames
from tests.unit.store.derived import index_rows

VIDEOS = 6
TRACK = Track("features", rate=1.0, fingerprint="m")
JOB = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.unit.store.test_parts import write
write(Path(sys.argv[1]), int(sys.argv[2]))
"""


def write(root: Path, part: int) -> None:
    """The videos of a part that are not there yet, three clips each."""
    with CorpusWriter(root, {"frames": 2.0}, tracks={"f": TRACK}, clips_per_shard=4, part=f"p{part}") as writer:
        for video in range(VIDEOS):
            name = f"v{part}.{video}"
            for number in range(3) if name not in writer.done_videos else ():
                level = 30 * video + 10 * number + part
                frames = {"frames": Frames(np.full((4, 16, 16, 3), level, np.uint8), np.arange(4) / 2)}
                rows = {"f": np.full((2, 3), level, np.float16)}
                writer.add(Clip(f"{name}-{number}", name, 0, 2, f"{level}"), frames, {"part": part}, rows)


def assert_joined(root: Path, parts: int) -> None:
    corpus = Corpus(root)
    names = [f"v{part}.{video}-{number}" for part in range(parts) for video in range(VIDEOS) for number in range(3)]
    assert [clip.clip_id for clip in corpus.clips] == names
    assert corpus.table["clip_id"].to_pylist() == names
    for i, clip in enumerate(corpus.clips):
        assert np.abs(corpus.frames(i, "frames").rgb.astype(int) - int(clip.text)).max() < 2
        features = corpus.features(i, "f")
        assert isinstance(features, Features)
        assert (features.rows == int(clip.text)).all()
    assert len(index_rows(root)) == 4 * len(names)
    assert not list(root.glob(".parts/*"))


def test_processes_write_at_once_and_their_parts_are_joined(tmp_path: Path) -> None:
    jobs = [subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path), str(part)]) for part in range(3)]
    assert [job.wait() for job in jobs] == [0, 0, 0]
    inodes = {path.stat().st_ino for path in tmp_path.glob(".parts/*/shards/*.tar")}
    with CorpusWriter(tmp_path) as writer:
        writer.adopt()
        assert len(writer) == 3 * 3 * VIDEOS
    assert_joined(tmp_path, 3)
    assert {path.stat().st_ino for path in tmp_path.glob("shards/*.tar")} == inodes, "the same files, renamed"
    write(tmp_path, 3)
    with CorpusWriter(tmp_path) as writer:
        writer.adopt("p3")
    assert_joined(tmp_path, 4)


def test_killed_writers_of_parts_go_on(tmp_path: Path) -> None:
    for wait in (1, 2):
        job = subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path), "0"])
        while job.poll() is None and len(list(tmp_path.glob(".parts/p0/shards/*.tar"))) < wait:
            time.sleep(0.001)
        job.kill()
        job.wait()
    with pytest.raises(StoreError, match="is not a corpus"):
        Corpus(tmp_path)
    write(tmp_path, 0)
    write(tmp_path, 1)
    with CorpusWriter(tmp_path) as writer:
        writer.adopt()
    assert_joined(tmp_path, 2)


@pytest.mark.parametrize("allowed", range(0, 30, 3))
def test_killed_while_parts_are_joined_nothing_is_lost(
    tmp_path: Path, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in range(2):
        write(tmp_path, part)
    left, move = [allowed], os.replace

    def move_or_die(old: Path, new: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        move(old, new)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", move_or_die)
        with pytest.raises(KeyboardInterrupt):
            join(tmp_path)
    join(tmp_path)
    assert_joined(tmp_path, 2)


def join(root: Path) -> None:
    with CorpusWriter(root) as writer:
        writer.adopt()


def test_what_cannot_be_joined_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 0)
    with (
        CorpusWriter(tmp_path, {"frames": 2.0}, part="p1") as busy,
        CorpusWriter(tmp_path, {"frames": 2.0}) as writer,
    ):
        frames = {"frames": Frames(np.zeros((4, 16, 16, 3), np.uint8), np.arange(4) / 2)}
        busy.add(Clip("other", "v0.0", 0, 2, ""), frames)
        with pytest.raises(StoreError, match="another process writes"):
            writer.adopt("p1")
        with pytest.raises(StoreError, match="another process writes"):
            CorpusWriter(tmp_path, {"frames": 2.0}, part="p1")
        writer.adopt("p0")
        busy.close()
        with pytest.raises(UsageError, match=r"p1: v0\.0 is in the corpus already; delete this part"):
            writer.adopt("p1")
    with pytest.raises(StoreError, match="holds 2 frames frames a second"):
        CorpusWriter(tmp_path, {"frames": 4.0}, part="p2")
    with pytest.raises(UsageError, match="cannot be the name of a part"):
        CorpusWriter(tmp_path, part="../p")
    assert not (tmp_path / "p").exists()

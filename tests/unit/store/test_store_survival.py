"""What a corpus survives: kill -9 at any moment, two writers at once, a full disk, an error in mid-video."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.errors import StoreError
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams
from tests.unit.store.derived import forget

VIDEOS, CLIPS, PER_SHARD = 30, 3, 4
JOB = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.unit.store.test_store_survival import write_all
write_all(Path(sys.argv[1]))
"""


def streams(seed: int) -> dict[str, Frames]:
    grey = np.random.default_rng(seed).integers(0, 256, (10, 32, 64, 1)).astype(np.uint8)
    rgb = grey.repeat(3, axis=-1)  # JPEG halves colour, not brightness
    pts = np.arange(10) / 10
    return {"hr": Frames(rgb[::5], pts[::5]), "lr": Frames(np.ascontiguousarray(rgb[:, ::4, ::4]), pts)}


def add_video(writer: CorpusWriter, video: int, clips: int = CLIPS) -> None:
    for number in range(clips):
        seed = CLIPS * video + number
        clip = Clip(f"v{video:02d}-{number}", f"v{video:02d}", 0, 1, f"clip {seed}")
        writer.add(clip, streams(seed), {"seed": seed})


def write_all(root: Path) -> None:
    """All videos that are not there yet."""
    with CorpusWriter(root, hybrid_streams(), clips_per_shard=PER_SHARD) as writer:
        for video in range(VIDEOS):
            if f"v{video:02d}" not in writer.done_videos:
                add_video(writer, video)


def contents(root: Path) -> dict[str, bytes]:
    kept = (".tar", ".parquet", ".arrow", ".json")
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.suffix in kept}


def assert_same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    """The same files to the byte."""
    assert one.keys() == other.keys()
    for name, data in one.items():
        assert data == other[name], name


def assert_whole(root: Path) -> Corpus:
    """Every clip that the corpus names can be read, and no video is there in part."""
    corpus = Corpus(root)
    videos = [clip.video_id for clip in corpus.clips]
    assert all(videos.count(video) == CLIPS for video in videos)
    for i, clip in enumerate(corpus.clips):
        given = streams(int(clip.text.split()[1]))
        assert corpus.frames(i, "lr").rgb.shape == given["lr"].rgb.shape
        difference = np.abs(corpus.frames(i, "hr").rgb.astype(int) - given["hr"].rgb).mean()
        assert difference < 15  # two different clips differ by 85
    return corpus


def test_killed_at_any_moment_and_continued_it_ends_as_an_unbroken_run(tmp_path: Path) -> None:
    write_all(tmp_path / "unbroken")
    root = tmp_path / "killed"
    clips, kills = 0, 0
    for attempt in range(60):
        job = subprocess.Popen([sys.executable, "-c", JOB, str(root)])
        before = len(list(root.glob("shards/*.tar")))
        while job.poll() is None and len(list(root.glob("shards/*"))) <= before:
            time.sleep(0.001)  # until it has begun a shard of its own
        time.sleep(0.004 * (attempt % 7))
        job.kill()
        if job.wait() == 0:
            break
        kills += 1
        if root.exists() and (root / "shards").exists():
            corpus = assert_whole(root)
            assert len(corpus) >= clips
            clips = len(corpus)
    assert kills >= 2
    write_all(root)
    assert_same(contents(root), contents(tmp_path / "unbroken"))


def test_shards_without_tables_are_enough(tmp_path: Path) -> None:
    write_all(tmp_path)
    before = contents(tmp_path)
    lost: list[list[str]] = [["clips.parquet"], ["shards.arrow"], ["index/000003.arrow", "clips/000004.arrow"]]
    for files in (*lost, ["corpus.json"], None):
        for name in files or []:
            (tmp_path / name).unlink()
        if files is None:
            forget(tmp_path)
        assert len(assert_whole(tmp_path)) == VIDEOS * CLIPS
        with CorpusWriter(tmp_path, hybrid_streams()) as writer:
            assert len(writer.done_videos) == VIDEOS
        assert_same(contents(tmp_path), before)


def test_tables_that_lag_are_brought_up_to_date(tmp_path: Path) -> None:
    """As after a kill between the shard's renaming and the tables'."""
    write_all(tmp_path)
    late, away = tmp_path / "shards" / "000014.tar", tmp_path / "late.tar"
    late.rename(away)
    forget(tmp_path)
    CorpusWriter(tmp_path).close()
    away.rename(late)
    assert len(assert_whole(tmp_path)) == VIDEOS * CLIPS
    assert len(pq.read_table(tmp_path / "clips.parquet")) < VIDEOS * CLIPS
    CorpusWriter(tmp_path).close()
    assert len(pq.read_table(tmp_path / "clips.parquet")) == VIDEOS * CLIPS


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    with CorpusWriter(tmp_path, hybrid_streams(), clips_per_shard=1) as writer:
        add_video(writer, 0)
        add_video(writer, 1)
        with pytest.raises(StoreError, match="another process writes to this corpus"):
            CorpusWriter(tmp_path)
        job = subprocess.run([sys.executable, "-c", JOB, str(tmp_path)], capture_output=True, text=True)
        assert job.returncode != 0
        assert "another process" in job.stderr
        assert len(assert_whole(tmp_path)) == CLIPS
        assert writer.done_videos == {"v00"}
    CorpusWriter(tmp_path).close()


def test_an_error_keeps_finished_videos_and_takes_back_the_one_in_work(tmp_path: Path) -> None:
    def interrupted() -> None:
        with CorpusWriter(tmp_path, hybrid_streams()) as writer:
            add_video(writer, 0)
            add_video(writer, 1)
            add_video(writer, 2, clips=2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert {clip.video_id for clip in assert_whole(tmp_path).clips} == {"v00", "v01"}
    with CorpusWriter(tmp_path, hybrid_streams()) as writer:
        assert writer.done_videos == {"v00", "v01"}
        add_video(writer, 2, clips=2)
        writer.drop_video()
        add_video(writer, 2)
    assert len(assert_whole(tmp_path)) == 3 * CLIPS
    with tarfile.open(tmp_path / "shards" / "000001.tar") as tar:
        assert len(tar.getnames()) == len(set(tar.getnames())) == CLIPS * 14


def test_nothing_written_is_an_empty_corpus(tmp_path: Path) -> None:
    with CorpusWriter(tmp_path, hybrid_streams()) as writer:
        assert len(writer) == 0
    assert len(Corpus(tmp_path)) == 0
    assert Corpus(tmp_path).clips == ()


def test_a_full_disk_leaves_what_was_finished(tmp_path: Path) -> None:
    """The system refuses to let any file grow beyond a few shards' size, as a full disk would."""
    write_all(tmp_path / "sizes")
    largest = max(p.stat().st_size for p in (tmp_path / "sizes" / "shards").iterdir())
    root = tmp_path / "full"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def too_much() -> None:
        with CorpusWriter(root, hybrid_streams(), clips_per_shard=PER_SHARD) as writer:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 4096, limits[1]))
            for video in range(5):
                add_video(writer, video)
            add_video(writer, 5, clips=40)

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(StoreError, match=r"clip 'v05-.*cannot be written.*make room"):
            too_much()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert {clip.video_id for clip in assert_whole(root).clips} == {f"v{k:02d}" for k in range(5)}
    write_all(root)
    assert len(assert_whole(root)) == VIDEOS * CLIPS


def test_a_disk_that_fills_while_tables_are_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    writer = CorpusWriter(tmp_path, hybrid_streams())
    add_video(writer, 0)
    with monkeypatch.context() as broken:
        broken.setattr("hdvila.store.clip_table.pq.ParquetWriter", refuse)
        with pytest.raises(StoreError, match="No space left on device"):
            writer.close()
    assert len(assert_whole(tmp_path)) == CLIPS
    write_all(tmp_path)
    assert len(assert_whole(tmp_path)) == VIDEOS * CLIPS


def test_other_rates_and_damaged_shards_are_refused(tmp_path: Path) -> None:
    write_all(tmp_path)
    with pytest.raises(StoreError, match="use another folder"):
        CorpusWriter(tmp_path, hybrid_streams(12.0))
    forget(tmp_path)
    shard = tmp_path / "shards" / "000001.tar"
    shard.write_bytes(b"\x01" * 2048)
    with pytest.raises(StoreError, match=r"000001\.tar: is damaged"):
        Corpus(tmp_path)

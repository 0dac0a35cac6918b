"""Many threads read one corpus of more shards than may be open: each frame is its own, and no descriptor is left."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from hdvila.store import Corpus, CorpusWriter
from hdvila.store.open_files import OpenFiles
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams

SHARDS, THREADS, READS = 30, 8, 120


def grey(clip: int, frame: int) -> int:
    return (5 * clip + 17 * frame) % 256


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip a shard; frame k of clip i has the grey level `grey(i, k)`."""
    folder = tmp_path_factory.mktemp("threads")
    with CorpusWriter(folder, hybrid_streams(), clips_per_shard=1) as writer:
        for clip in range(SHARDS):
            levels = np.array([grey(clip, frame) for frame in range(6)], np.uint8)
            rgb = np.broadcast_to(levels[:, None, None, None], (6, 16, 16, 3))
            pts = np.arange(6) / 10
            writer.add(
                Clip(f"c{clip}", f"c{clip}", 0, 0.6, ""), {"hr": Frames(rgb[::5], pts[::5]), "lr": Frames(rgb, pts)}
            )
    return folder


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def wrong(corpus: Corpus, seed: int, reads: int = READS) -> int:
    """How many of so many frames, drawn at random, are not those of their clip."""
    rng = np.random.default_rng(seed)
    found = 0
    for clip, frame in zip(rng.integers(SHARDS, size=reads), rng.integers(6, size=reads), strict=True):
        rgb = corpus.frames(int(clip), "lr", [int(frame)]).rgb.astype(int)
        found += int(np.abs(rgb - grey(int(clip), int(frame))).max() > 2)
    return found


def same(corpus: Corpus) -> Corpus:
    return corpus


@pytest.mark.parametrize("limit", [3, 16])
@pytest.mark.parametrize("share", [same, copy])
def test_threads_read_their_own_frames(
    root: Path, monkeypatch: pytest.MonkeyPatch, limit: int, share: Callable[[Corpus], Corpus]
) -> None:
    monkeypatch.setattr("hdvila.store.place._OPEN_SHARDS", limit)
    gc.collect()  # what earlier tests left open
    before = descriptors()
    corpus = Corpus(root)
    most: list[int] = []

    def read(mine: Corpus, seed: int) -> int:
        found = 0
        for part in range(8):
            found += wrong(mine, 100 * seed + part, READS // 8)
            most.append(descriptors())
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(read, [share(corpus) for _ in range(THREADS)], range(THREADS))) == 0
    listing = THREADS  # every thread may have the list of descriptors itself open
    assert max(most) <= before + max(limit, THREADS) + listing
    assert descriptors() <= before + limit
    del corpus
    gc.collect()
    assert descriptors() == before


def test_copies_of_every_kind_close_what_they_opened(root: Path) -> None:
    before = descriptors()
    corpus = Corpus(root)
    assert wrong(corpus, 0, 20) == 0
    for other in (copy(corpus), deepcopy(corpus), pickle.loads(pickle.dumps(corpus))):
        assert wrong(other, 1, 20) == 0
    del other
    gc.collect()
    assert wrong(corpus, 2, 20) == 0
    del corpus
    gc.collect()
    assert descriptors() == before


def _in_a_fork(corpus: Corpus) -> None:
    opened = descriptors()
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda seed: wrong(corpus, seed, 100), range(2))) == 0
    assert descriptors() <= opened + 3


def test_a_fork_in_the_middle_of_reading_reads_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdvila.store.place._OPEN_SHARDS", 3)
    corpus, enough = Corpus(root), Event()

    def read(seed: int) -> int:
        found = 0
        while not enough.is_set():
            found += wrong(corpus, seed, 10)
        return found

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read, seed) for seed in range(3)]
        try:
            for _ in range(3):
                child = multiprocessing.get_context("fork").Process(target=_in_a_fork, args=(corpus,))
                child.start()
                child.join(60)
                assert child.exitcode == 0
        finally:
            enough.set()
        assert [reader.result() for reader in readers] == [0, 0, 0]


def test_a_file_in_use_stays_open_and_one_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    before = descriptors()
    files = OpenFiles(1)
    with files.lease(str(paths[0])) as first:
        for path in paths[1:]:
            with files.lease(str(path)) as other:
                assert os.pread(other, 1, 0).decode() == path.name
        assert os.pread(first, 1, 0) == b"a"
        with files.lease(str(paths[0])) as again:
            assert again == first
        with pytest.raises(FileNotFoundError), files.lease(str(tmp_path / "d")):
            pass
    assert descriptors() == before + 1
    del files
    assert descriptors() == before


def test_a_process_that_may_open_fewer_files_closes_those_it_does_not_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, plain = 4, os.open

    def scarce(path: str, flags: int) -> int:
        if descriptors() > before + allowed:  # the list of descriptors is one itself
            raise OSError(24, "Too many open files")
        return plain(path, flags)

    before = descriptors()
    monkeypatch.setattr("hdvila.store.open_files.os.open", scarce)
    files = OpenFiles(128)
    for number in range(12):
        path = tmp_path / str(number)
        path.write_text(str(number))
        with files.lease(str(path)) as descriptor:
            assert os.pread(descriptor, 9, 0).decode() == str(number)

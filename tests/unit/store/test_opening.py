"""Opening a corpus reads a list of shards, however many clips there are; a clip costs the index of its shard."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hdvila.store import Corpus, CorpusWriter
from hdvila.store.catalogue import Catalogue
from hdvila.store.place import Folder
from hdvila.types import Clip, Frames

SHARDS, CLIPS = 4_000, 256


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files over a million clips, and the shards and indexes of the first two."""
    root = tmp_path_factory.mktemp("large")
    with CorpusWriter(root, {"frames": 2.0}, clips_per_shard=1) as writer:
        for number in range(2):
            frames = Frames(np.full((3, 8, 8, 3), 100 * number, np.uint8), np.arange(3) / 2)
            writer.add(Clip(f"c{number}", f"v{number}", 0, 1.5, f"words {number}"), {"frames": frames})
    for number in range(2, SHARDS):
        (root / "shards" / f"{number:06d}.tar").touch()
    counts = {"clips": [1, 1, *[CLIPS] * (SHARDS - 2)]}
    columns = dict.fromkeys(("clips", "frames_frames", "frames_bytes"), counts["clips"])
    names = [f"{number:06d}.tar" for number in range(SHARDS)]
    types = {name: pa.array(values, pa.int64()) for name, values in columns.items()}
    Catalogue(pa.record_batch({"shard": pa.array(names)} | types)).write(root)
    return root


def test_a_million_clips_open_with_few_objects_and_files(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    plain = Folder.file

    def file(self: Folder, name: str) -> Any:
        asked.append(name)
        return plain(self, name)

    monkeypatch.setattr(Folder, "file", file)
    tracemalloc.start()
    try:
        corpus = Corpus(large)
        assert len(corpus) == len(corpus.clips) > 1_000_000
        corpus.mean_bytes("frames")
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert asked == ["corpus.json", "shards.arrow"]
    assert kept < 200_000, "bytes of Python and NumPy objects: a few for each shard"
    assert corpus.clips[1].text == "words 1"
    assert asked[2:] == ["clips/000001.arrow"], "of its own shard"
    for _ in range(2):
        assert corpus.frames(1, "frames", [2]).rgb.mean() == pytest.approx(100, abs=2)
    assert asked[3:] == ["index/000001.arrow"], "once"

"""A corpus that an earlier version wrote opens as it is, grows, and is brought up by one command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.errors import StoreError
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import Corpus, CorpusWriter, Stream, upgrade_corpus
from hdvila.types import Clip, Frames
from tests.unit.store.derived import forget, index_rows

GOLDEN = Path(__file__).parents[2] / "goldens" / "corpus_version1"
PREPROCESS = Preprocess(64, 128, segments=2, neighbours=2, rate=1)


def shards(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "shards").glob("*.tar")}


def assert_as_written(corpus: Corpus) -> None:
    """The five clips of the golden, whose frames are grey ramps `30 + 20 n + 4 k` bright."""
    assert corpus.streams == {"hr": Stream(2.0, at="lr"), "lr": Stream(10.0)}
    for n, clip in enumerate(corpus.clips[:5]):
        assert clip == Clip(f"v{n // 2}.mp4_{n:04d}", f"v{n // 2}.mp4", 2.0 * n, 2.0 * n + 1.1, clip.text)
        assert clip.text == f"These are the words of clip {n}."
        assert corpus.attributes(n).items() >= {"rank": n, "file": f"v{n // 2}.mp4"}.items()
        assert corpus.size(n) == (32, 64)
        for stream, step, sides in (("hr", 5, (32, 64)), ("lr", 1, (8, 16))):
            frames = corpus.frames(n, stream)
            assert frames.rgb.shape[1:3] == sides
            np.testing.assert_allclose(frames.pts_seconds, 2.0 * n + np.arange(0, 11, step) / 10)
            darkest = frames.rgb.reshape(len(frames), -1).min(axis=1).astype(int)
            assert np.abs(darkest - (30 + 20 * n + 4 * np.arange(0, 11, step))).max() < 12


@pytest.fixture
def old(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "old")
    return tmp_path / "old"


def test_it_opens_as_it_is(old: Path) -> None:
    assert_as_written(Corpus(old))
    assert Corpus(old).table["category"].to_pylist() == [None, None, "Travel", "Travel", "Travel"]
    assert sorted(path.name for path in old.iterdir()) == ["clips.parquet", "index.parquet", "shards"]


@pytest.mark.parametrize("tables", [True, False])
def test_one_call_brings_it_up_and_leaves_its_shards(old: Path, tables: bool) -> None:
    before, rows = shards(old), pq.read_table(old / "index.parquet").to_pylist()
    samples = [Corpus(old).sample(n, PREPROCESS) for n in range(5)]
    if not tables:
        for name in ("clips.parquet", "index.parquet"):
            (old / name).unlink()
    assert upgrade_corpus(old) == 5
    assert shards(old) == before
    assert index_rows(old) == rows
    assert not (old / "index.parquet").exists()
    assert json.loads((old / "corpus.json").read_text())["format"] == 2
    assert_as_written(Corpus(old))
    for n, sample in enumerate(samples):
        assert np.array_equal(Corpus(old).sample(n, PREPROCESS).high, sample.high)
    forget(old)
    assert_as_written(Corpus(old))
    assert upgrade_corpus(old) == 5


def test_adding_to_it_brings_it_up(old: Path) -> None:
    pts = np.arange(6) / 10
    frames = {name: Frames(np.zeros((len(at), 8, 8, 3), np.uint8), at) for name, at in (("hr", pts[::5]), ("lr", pts))}
    with CorpusWriter(old) as writer:
        assert writer.done_videos == {"v0.mp4", "v1.mp4", "v2.mp4"}
        writer.add(Clip("new", "new", 0, 0.6, "new words"), frames, {"category": "New", "rank": 0.5})
    corpus = Corpus(old)
    assert_as_written(corpus)
    assert corpus.clips[5].text == "new words"
    assert corpus.table["rank"].to_pylist() == [0, 1, 2, 3, 4, 0.5]
    assert corpus.table["lr_height"].to_pylist() == [None] * 5 + [8]


def test_killed_at_any_file_while_it_is_brought_up_it_stays_readable(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hdvila.store import arrow_files

    write = arrow_files.replacing
    for allowed in range(9):
        root = tmp_path / f"killed-{allowed}"
        shutil.copytree(old, root)
        left = [allowed]

        def dying(*args: object, left: list[int] = left, **kwargs: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return write(*args, **kwargs)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            for module in ("arrow_files", "layout", "clip_table"):
                patch.setattr(f"hdvila.store.{module}.replacing", dying)
            with pytest.raises(KeyboardInterrupt):
                upgrade_corpus(root)
        assert_as_written(Corpus(root))
        assert upgrade_corpus(root) == 5
        assert_as_written(Corpus(root))


def test_a_newer_format_is_refused(old: Path) -> None:
    upgrade_corpus(old)
    manifest = json.loads((old / "corpus.json").read_text())
    (old / "corpus.json").write_text(json.dumps(manifest | {"format": 3}))
    with pytest.raises(StoreError, match=r"corpus\.json: is a corpus of format 3, this version reads 1 and 2"):
        Corpus(old)

"""Features and subtitles beside the frames: in the shards of the clips, or added to a corpus that is finished."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.dataset
import pytest

from hdvila.corpus.reshape import merge_corpora, split_corpus
from hdvila.errors import StoreError, UsageError
from hdvila.store import Corpus, CorpusWriter, Features, Track, TrackWriter
from hdvila.types import Clip, Frames, Sentence
from tests.unit.store.derived import forget

SLOW = Track("features", rate=2.0, fingerprint="slow-1")
TIMED = Track("features", dtype="float32", fingerprint="timed-1")
SAID = Track("subtitles")
CLIPS = 7


def rows(i: int, width: int = 5, kind: str = "float16") -> np.ndarray:
    return np.random.default_rng(i).random((i % 3 + 1, width)).astype(kind)


def timed(i: int) -> Features:
    return Features(rows(i, 3, "float32"), 10.0 * i + np.arange(i % 3 + 1) ** 2)


def said(i: int) -> list[Sentence]:
    return [Sentence(f"Wörter {i}.{k}", 10.0 * i + k, 10.0 * i + k + 1, "cue") for k in range(i % 3)]


def fill(root: Path, first: int = 0, *, inside: bool = False) -> None:
    tracks = {"slow": SLOW, "timed": TIMED, "said": SAID} if inside else {}
    with CorpusWriter(root, {"frames": 2.0}, clips_per_shard=2, tracks=tracks) as writer:
        for i in range(first, first + CLIPS):
            frames = {"frames": Frames(np.full((2, 8, 8, 3), i, np.uint8), 10.0 * i + np.arange(2) / 2)}
            data = {"slow": rows(i), "timed": timed(i), "said": said(i)} if inside and i != 3 else {}
            writer.add(Clip(f"c{i}", f"v{i}", 10.0 * i, 10.0 * i + 3, f"words {i}"), frames, tracks=data)


def add(root: Path, name: str, track: Track, part: tuple[int, int] = (0, 1)) -> None:
    with TrackWriter(root, name, track, part=part) as writer:
        for i in writer.missing():
            if i != 3:
                writer.add(i, {"slow": rows, "timed": timed, "said": said}[name](i))


def assert_tracks(corpus: Corpus) -> None:
    for i in range(CLIPS):
        slow, explicit, words = corpus.features(i, "slow"), corpus.features(i, "timed"), corpus.subtitles(i, "said")
        if i == 3:
            assert slow is explicit is words is None
            continue
        assert slow is not None
        assert explicit is not None
        assert slow.rows.dtype == np.float16
        assert np.array_equal(slow.rows, rows(i))
        assert slow.times.tolist() == (10.0 * i + np.arange(len(slow)) / 2).tolist()
        assert np.array_equal(explicit.rows, timed(i).rows)
        assert explicit.times.tolist() == timed(i).times.tolist()
        assert words == tuple(said(i))


@pytest.mark.parametrize("inside", [True, False])
def test_tracks_come_back_and_any_tool_reads_them(tmp_path: Path, inside: bool) -> None:
    fill(tmp_path, inside=inside)
    frames = {path.name: path.read_bytes() for path in (tmp_path / "shards").iterdir()}
    if not inside:
        for part in (1, 0):
            add(tmp_path, "slow", SLOW, (part, 2))
        add(tmp_path, "timed", TIMED)
        add(tmp_path, "said", SAID)
    assert_tracks(Corpus(tmp_path))
    assert {path.name: path.read_bytes() for path in (tmp_path / "shards").iterdir()} == frames
    index = pyarrow.dataset.dataset(tmp_path / "tracks/slow", format="arrow", exclude_invalid_files=True).to_table()
    row = next(row for row in index.to_pylist() if row["clip_id"] == "c4")
    data = (tmp_path / row["shard"]).read_bytes()[row["offset"] : row["offset"] + row["length"]]
    assert np.array_equal(np.load(io.BytesIO(data)), rows(4))
    with tarfile.open(tmp_path / ("shards" if inside else "tracks/said") / "000002.tar") as tar:
        assert json.loads(tar.extractfile("c4.said.json").read())[0]["text"] == "Wörter 4.0"  # type: ignore[union-attr]


def test_what_is_in_the_shards_is_found_again_from_them(tmp_path: Path) -> None:
    fill(tmp_path, inside=True)
    forget(tmp_path)
    CorpusWriter(tmp_path).close()
    assert_tracks(Corpus(tmp_path))


def test_features_of_two_models_are_not_mixed(tmp_path: Path) -> None:
    fill(tmp_path)
    add(tmp_path, "slow", SLOW)
    for other in (replace(SLOW, fingerprint="slow-2"), replace(SLOW, rate=1.0)):
        with pytest.raises(StoreError, match=r"track 'slow' holds .*slow-1.*are not mixed"):
            TrackWriter(tmp_path, "slow", other)
    manifest = tmp_path / "corpus.json"
    manifest.write_text(manifest.read_text().replace("slow-1", "slow-2"))
    with pytest.raises(StoreError, match=r"clip 'c0' is of the model 'slow-1', the corpus says 'slow-2'"):
        Corpus(tmp_path).features(0, "slow")


def test_a_killed_writer_goes_on_and_a_grown_corpus_lacks_the_new_clips(tmp_path: Path) -> None:
    def killed() -> None:
        with TrackWriter(tmp_path, "slow", SLOW) as writer:
            for i in writer.missing():
                if i == 5:
                    raise KeyboardInterrupt
                if i != 3:
                    writer.add(i, rows(i))

    fill(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        killed()
    assert [one is None for one in (Corpus(tmp_path).features(i, "slow") for i in range(CLIPS))] == [
        *[False] * 3, *[True] * 4,
    ]  # fmt: skip
    with TrackWriter(tmp_path, "slow", SLOW) as writer:
        assert list(writer.missing()) == [4, 5, 6]
    for name, track in (("slow", SLOW), ("timed", TIMED), ("said", SAID)):
        add(tmp_path, name, track)
    assert_tracks(Corpus(tmp_path))
    fill(tmp_path, first=CLIPS)
    assert_tracks(Corpus(tmp_path))
    assert Corpus(tmp_path).features(CLIPS, "slow") is None
    with TrackWriter(tmp_path, "slow", SLOW) as writer:
        assert list(writer.missing()) == list(range(CLIPS, 2 * CLIPS))


def test_damage_is_named(tmp_path: Path) -> None:
    fill(tmp_path)
    add(tmp_path, "slow", SLOW)
    shard = tmp_path / "tracks/slow/000001.tar"
    data = bytearray(shard.read_bytes())
    data[512 + 150] ^= 1
    shard.write_bytes(data)
    with pytest.raises(StoreError, match=r"tracks/slow/000001\.tar: clip 'c2' .* the bytes of track 'slow' are not"):
        Corpus(tmp_path).features(2, "slow")
    assert Corpus(tmp_path).features(1, "slow") is not None
    (tmp_path / "tracks/slow/000002.arrow").replace(tmp_path / "tracks/slow/000000.arrow")
    with pytest.raises(StoreError, match=r"was made for clip 'c4', not 'c0'"):  # as after shards were built anew
        Corpus(tmp_path).features(0, "slow")


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    with pytest.raises(UsageError, match="needs the fingerprint"):
        Track("features", rate=2.0)
    with pytest.raises(UsageError, match="'frames' is a stream of the corpus"):
        CorpusWriter(tmp_path, tracks={"frames": SLOW})
    with pytest.raises(UsageError, match="has no features 'slow'; its tracks of features: none"):
        Corpus(tmp_path).features(0, "slow")
    with TrackWriter(tmp_path, "slow", SLOW) as writer:
        for wrong, message in (
            (rows(0).astype(np.float32), r"holds \(T, F\) float16, this is \(1, 5\) float32"),
            (Features(rows(1), np.array([0.0, 9.0])), "has 2 rows a second, and these have other times"),
        ):
            with pytest.raises(UsageError, match=message):
                writer.add(0, wrong)
        writer.add(1, rows(1))
        with pytest.raises(UsageError, match=r"holds \(T, 5\) float16, this is \(3, 6\)"):
            writer.add(2, rows(2, width=6))
        with pytest.raises(UsageError, match="comes too late"):
            writer.add(0, rows(0))
    with TrackWriter(tmp_path, "slow", SLOW) as writer, pytest.raises(UsageError, match="is complete"):
        writer.add(0, rows(0))


def test_split_and_merged_corpora_keep_their_tracks(tmp_path: Path) -> None:
    for name, first in (("a", 0), ("b", CLIPS)):
        fill(tmp_path / name, first)
        if name == "a":
            for track, kind in (("slow", SLOW), ("timed", TIMED), ("said", SAID)):
                add(tmp_path / name, track, kind)
    merge_corpora([tmp_path / "a", tmp_path / "b"], tmp_path / "both")
    assert_tracks(Corpus(tmp_path / "both"))
    split_corpus(tmp_path / "both", tmp_path / "split", {"x": 0.5, "y": 0.5}, seed=1)
    found = 0
    for name in ("x", "y"):
        corpus = Corpus(tmp_path / "split" / name)
        for i, clip in enumerate(corpus.clips):
            slow, number = corpus.features(i, "slow"), int(clip.clip_id[1:])
            assert (slow is None) == (number == 3 or number >= CLIPS)
            assert slow is None or np.array_equal(slow.rows, rows(number))
            found += slow is not None
    assert found == CLIPS - 1

"""What goes into a corpus comes out of it, through our reader and through any tar and Parquet tool."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hdvila.errors import StoreError, UsageError
from hdvila.media import decode_jpeg
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams
from tests.unit.store.derived import index_rows

PREPROCESS = Preprocess(height=64, width=128, segments=2, neighbours=3, rate=2)


def streams(seed: int, frames: int = 24, start: float = 0.0) -> tuple[Frames, Frames]:
    """(hr, lr): smooth pictures that differ from frame to frame, so JPEG keeps them and a swap shows."""
    phase = np.random.default_rng(seed).random(3)
    t, y, x = np.meshgrid(np.arange(frames), np.linspace(0, 1, 72), np.linspace(0, 1, 144), indexing="ij")
    wave = np.stack([np.sin(2 * (x + y + p) + t * 0.4) for p in phase], axis=-1)
    rgb = np.round(127 + 100 * wave).astype(np.uint8)
    pts = start + np.arange(frames) / 10
    return Frames(rgb[::5], pts[::5]), Frames(np.ascontiguousarray(rgb[:, ::4, ::4]), pts)


def named(frames: tuple[Frames, Frames]) -> dict[str, Frames]:
    return dict(zip(("hr", "lr"), frames, strict=True))


def fill(root: Path, videos: int = 3, clips: int = 3, clips_per_shard: int = 4) -> None:
    with CorpusWriter(root, hybrid_streams(), clips_per_shard=clips_per_shard) as writer:
        for video in range(videos):
            for number in range(clips):
                clip = Clip(f"v{video}.{number}.mp4", f"v{video}", 3.0 * number, 3.0 * number + 2.4, f"words {video}")
                frames = named(streams(10 * video + number, start=clip.start))
                writer.add(clip, frames, {"category": f"c{video}", "rank": number})


def test_clips_and_frames_come_back(tmp_path: Path) -> None:
    fill(tmp_path)
    corpus = Corpus(tmp_path)
    assert len(corpus) == 9
    assert [clip.clip_id for clip in corpus.clips] == [f"v{v}.{n}.mp4" for v in range(3) for n in range(3)]
    assert corpus.table["category"].to_pylist() == ["c0"] * 3 + ["c1"] * 3 + ["c2"] * 3
    for i, clip in enumerate(corpus.clips):
        hr, lr = streams(10 * (i // 3) + i % 3, start=clip.start)
        assert (corpus.num_frames(i, "hr"), corpus.num_frames(i, "lr")) == (5, 24)
        for stream, stored in (("hr", hr), ("lr", lr)):
            numbers = [3, 0, 3]
            back = corpus.frames(i, stream, numbers)  # type: ignore[arg-type]
            assert back.pts_seconds.tolist() == stored.pts_seconds[numbers].tolist()
            assert np.abs(back.rgb.astype(int) - stored.rgb[numbers]).mean() < 3
    with pytest.raises(UsageError, match=r"frames 0\.\.4"):
        corpus.frames(0, "hr", [5])


def test_any_tar_and_parquet_tool_reads_it(tmp_path: Path) -> None:
    fill(tmp_path)
    shards = sorted((tmp_path / "shards").iterdir())
    assert [path.name for path in shards] == ["000000.tar", "000001.tar"]  # cut between videos, after at least four
    members = {}
    for path in shards:
        with tarfile.open(path) as tar:
            for member in tar:
                content = tar.extractfile(member)
                assert content is not None
                members[path.name, member.offset_data] = member.name, content.read()
    names = [name for name, _ in members.values()]
    assert len(set(names)) == len(names) == 9 * (5 + 24 + 2)
    keys = {name.split(".")[0] for name in names}
    assert len(keys) == 9
    assert {name.split(".", 1)[1] for name in names if name.startswith(min(keys))} == {
        *(f"hr.{k:03d}.jpg" for k in range(5)),
        *(f"lr.{k:03d}.jpg" for k in range(24)),
        "txt",
        "json",
    }
    facts = {d["clip_id"]: d for d in (json.loads(data) for name, data in members.values() if name.endswith(".json"))}
    assert facts["v1.2.mp4"]["lr_pts"] == (6.0 + np.arange(24) / 10).tolist()
    assert facts["v1.2.mp4"]["hr_pts"] == facts["v1.2.mp4"]["lr_pts"][::5]
    for row in index_rows(tmp_path):
        name, data = members[row["shard"], row["offset"]]
        assert name.endswith(f".{row['stream']}.{row['frame']:03d}.jpg")
        assert len(data) == row["length"]
        assert decode_jpeg(data).ndim == 3
        assert row["pts"] == facts[row["clip_id"]][f"{row['stream']}_pts"][row["frame"]]
    row = pq.read_table(tmp_path / "clips.parquet").to_pylist()[4]
    expected = {"clip_id": "v1.1.mp4", "video_id": "v1", "start": 3.0, "end": 5.4, "text": "words 1", "words": 2}
    assert {name: row[name] for name in expected} == expected
    assert (row["timed_by"], row["rank"]) == ("word", 1)


def test_same_clips_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name)
    for path in sorted((tmp_path / "a").rglob("*.[tp]ar*")):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path


def test_samples_are_whole_segments_at_the_right_times(tmp_path: Path) -> None:
    fill(tmp_path, videos=1, clips=1)
    corpus = Corpus(tmp_path)
    for rng in (None, np.random.default_rng(5)):
        clip = corpus.sample(0, PREPROCESS, rng)
        assert clip.high is not None
        assert clip.low is not None
        assert clip.high.shape == (2, 3, 64, 128)
        assert clip.low.shape == (2, 6, 3, 16, 32)
        assert (np.round(clip.high_pts * 10) % 5 == 0).all()
        np.testing.assert_allclose(clip.low_pts - clip.high_pts[:, None], [[-0.6, -0.4, -0.2, 0.2, 0.4, 0.6]] * 2)
    only_middle = corpus.sample(0, Preprocess(64, 128, neighbours=0))
    assert only_middle.low is None
    with pytest.raises(UsageError, match="match fps"):
        corpus.sample(0, Preprocess(64, 128, fps=12))


def test_training_samples_depend_on_the_generator_alone(tmp_path: Path) -> None:
    fill(tmp_path, videos=1)
    corpus = Corpus(tmp_path)
    worker = pickle.loads(pickle.dumps(corpus))
    worker.sample(2, PREPROCESS, np.random.default_rng(9))
    one, two = (c.sample(1, PREPROCESS, np.random.default_rng(7)) for c in (corpus, worker))
    assert one.high is not None
    assert (one.high == two.high).all()  # type: ignore[union-attr]
    assert (one.low == two.low).all()  # type: ignore[operator]
    other = corpus.sample(1, PREPROCESS, np.random.default_rng(8))
    assert not np.array_equal(one.high, other.high)


def test_a_damaged_shard_names_itself_and_the_clip(tmp_path: Path) -> None:
    fill(tmp_path, videos=2)
    corpus = Corpus(tmp_path)
    row = next(r for r in index_rows(tmp_path) if r["clip_id"] == "v0.1.mp4")
    shard = tmp_path / "shards" / row["shard"]
    data = bytearray(shard.read_bytes())
    data[row["offset"] : row["offset"] + row["length"]] = bytes(row["length"])
    shard.write_bytes(data)
    corpus.frames(0, "hr")
    with pytest.raises(StoreError, match=r"000000\.tar.*v0\.1\.mp4"):
        corpus.frames(1, "hr")
    shard.write_bytes(data[: row["offset"] + 100])
    with pytest.raises(StoreError, match=r"ends early"):
        Corpus(tmp_path).frames(1, "hr")
    shard.unlink()
    with pytest.raises(StoreError, match=r"000000\.tar.*v0\.0\.mp4"):
        Corpus(tmp_path).frames(0, "lr")


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a corpus"):
        Corpus(tmp_path)
    fill(tmp_path, videos=1)
    table = pq.read_table(tmp_path / "clips.parquet")
    (tmp_path / "corpus.json").unlink()
    pq.write_table(table.replace_schema_metadata({b"hdvila": b'{"format": 3}'}), tmp_path / "clips.parquet")
    with pytest.raises(StoreError, match="format 3"):
        Corpus(tmp_path)
    (tmp_path / "clips.parquet").write_bytes(b"not parquet")
    with pytest.raises(StoreError, match=r"clips\.parquet"):
        Corpus(tmp_path)


def test_clips_that_cannot_be_stored_are_refused(tmp_path: Path) -> None:
    hr, lr = streams(0)
    with CorpusWriter(tmp_path, hybrid_streams()) as writer:
        writer.add(Clip("a", "v", 0, 2.4, "x"), {"hr": hr, "lr": lr})
        with pytest.raises(UsageError, match="already"):
            writer.add(Clip("a", "v", 0, 2.4, "x"), {"hr": hr, "lr": lr})
        with pytest.raises(UsageError, match="do not fit"):
            writer.add(Clip("b", "v", 0, 2.4, "x"), {"hr": Frames(hr.rgb[:2], hr.pts_seconds[:2]), "lr": lr})
        with pytest.raises(UsageError, match="list is not a plain value"):
            writer.add(Clip("b", "v", 0, 2.4, "x"), {"hr": hr, "lr": lr}, {"tags": ["x"]})  # type: ignore[dict-item]
        writer.add(Clip("c", "w", 0, 2.4, "x"), {"hr": hr, "lr": lr})
        with pytest.raises(UsageError, match="one after another"):
            writer.add(Clip("d", "v", 0, 2.4, "x"), {"hr": hr, "lr": lr})
    assert [clip.clip_id for clip in Corpus(tmp_path).clips] == ["a", "c"]


def test_odd_names_become_safe_keys(tmp_path: Path) -> None:
    ids = ["a/b.c", "a_b_c", "ä ö", "x" * 300, "", ".."]
    with CorpusWriter(tmp_path, hybrid_streams()) as writer:
        for clip_id in ids:
            writer.add(Clip(clip_id, "v", 0, 2.4, "x"), named(streams(1)))
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "shards/000000.tar").read_bytes())) as tar:
        keys = {name.split(".")[0] for name in tar.getnames()}
    assert len(keys) == len(ids)
    assert all(key and set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for key in keys)
    assert [clip.clip_id for clip in Corpus(tmp_path).clips] == ids

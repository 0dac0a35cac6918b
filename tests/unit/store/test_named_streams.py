"""A corpus holds streams of any names, sizes and rates."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdvila.errors import StoreError, UsageError
from hdvila.store import Corpus, CorpusWriter, Stream
from hdvila.types import Clip, Frames


def frames(seed: int, count: int, height: int, width: int, start: float = 0.0, fps: float = 4.0) -> Frames:
    """Grey frames of one level each, which JPEG keeps."""
    levels = np.random.default_rng(seed).integers(0, 256, count).astype(np.uint8)
    rgb = np.broadcast_to(levels[:, None, None, None], (count, height, width, 3))
    return Frames(np.ascontiguousarray(rgb), start + np.arange(count) / fps)


names = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=3, unique=True)


@settings(max_examples=15, deadline=None)
@given(
    names=names.filter(lambda names: not {"txt", "json"} & set(names)),
    clips=st.lists(st.tuples(st.integers(1, 9), st.integers(8, 40)), min_size=1, max_size=5),
    data=st.data(),
)
def test_what_goes_in_comes_out(names: list[str], clips: list[tuple[int, int]], data: st.DataObject) -> None:
    stored = [
        {name: frames(100 * i + j, count + j, side + j, side) for j, name in enumerate(names)}
        for i, (count, side) in enumerate(clips)
    ]
    with tempfile.TemporaryDirectory() as root:
        with CorpusWriter(root, dict.fromkeys(names, 4.0), clips_per_shard=2) as writer:
            for i, one in enumerate(stored):
                writer.add(Clip(f"c{i}", f"v{i}", 0.0, 2.0, f"words {i}"), one, {"rank": i})
        corpus = Corpus(root)
        assert list(corpus.streams) == names
        for i in data.draw(st.permutations(range(len(stored)))):
            assert (corpus.clips[i].clip_id, corpus.attributes(i)) == (f"c{i}", {"rank": i})
            wanted = [
                (name, data.draw(st.lists(st.integers(0, len(stored[i][name]) - 1), max_size=6)))
                for name in data.draw(st.permutations(names))
            ]
            for (name, numbers), found in zip(wanted, corpus.stored_frames(i, wanted, scratch=True), strict=True):
                assert found.pts_seconds.tolist() == stored[i][name].pts_seconds[numbers].tolist()
                assert len(found.rgb) == len(set(numbers)), "each frame is decoded once"
                if numbers:
                    assert np.abs(found.all().astype(int) - stored[i][name].rgb[numbers]).max() < 3
                assert corpus.size(i, name) == stored[i][name].rgb.shape[1:3]


def test_members_are_named_after_their_stream(tmp_path: Path) -> None:
    with CorpusWriter(tmp_path, {"frames": 4.0}) as writer:
        writer.add(Clip("c", "v", 0, 1, "x"), {"frames": frames(0, 2, 8, 8)})
    with tarfile.open(tmp_path / "shards/000000.tar") as tar:
        assert tar.getnames() == ["c.frames.000.jpg", "c.frames.001.jpg", "c.txt", "c.json"]


def test_what_is_not_of_its_streams_is_refused(tmp_path: Path) -> None:
    clip, one = Clip("c", "v", 0, 1, "x"), frames(0, 4, 8, 8)
    both = {"a": one, "b": Frames(one.rgb[::2], one.pts_seconds[::2])}
    with CorpusWriter(tmp_path, {"a": Stream(4.0), "b": Stream(2.0, at="a")}) as writer:
        with pytest.raises(UsageError, match="has the streams a, the corpus a, b"):
            writer.add(clip, {"a": one})
        with pytest.raises(UsageError, match="4 b and 4 a frames do not fit"):
            writer.add(clip, {"a": one, "b": one})
        with pytest.raises(UsageError, match="attribute 'b_frames' cannot be stored: the name is the store's own"):
            writer.add(clip, both, {"b_frames": 1})
        writer.add(clip, both, {"rank": 1})
        with pytest.raises(UsageError, match="attribute 'rank' is string in some clips and int64 in others"):
            writer.add(Clip("d", "v", 0, 1, "x"), both, {"rank": "first"})
    with pytest.raises(StoreError, match="holds 4 a and 2 b frames a second, stored as jpeg, not 4 a"):
        CorpusWriter(tmp_path, {"a": 4.0})
    with pytest.raises(UsageError, match="a new corpus needs streams"):
        CorpusWriter(tmp_path / "new")
    for wrong, message in (({}, "needs a stream"), ({"A": 1.0}, "cannot be the name"), ({"a": 0.0}, "above 0")):
        with pytest.raises(UsageError, match=message):
            CorpusWriter(tmp_path / "other", wrong)
    with pytest.raises(UsageError, match="there is no clip -1, the corpus has 1"):
        Corpus(tmp_path).frames(-1, "a")


def test_sizes_are_known_without_reading_frames(tmp_path: Path) -> None:
    with CorpusWriter(tmp_path, {"a": 4.0, "b": Stream(4.0, form="h264")}) as writer:
        writer.add(Clip("c", "v", 0, 1, "x"), {"a": frames(0, 4, 15, 9), "b": frames(1, 4, 21, 33)})
    corpus = Corpus(tmp_path)
    sizes = {name: corpus.frames(0, name, [0]).rgb.shape[1:3] for name in corpus.streams}
    assert sizes == {"a": (15, 9), "b": (21, 33)}
    assert {name: (one.height, one.width) for name, one in corpus.packed(0).items()} == sizes
    (tmp_path / "shards/000000.tar").write_bytes(b"")
    assert {name: Corpus(tmp_path).size(0, name) for name in sizes} == sizes
    with pytest.raises(UsageError, match="the streams of this corpus are a and b"):
        corpus.size(0, "c")

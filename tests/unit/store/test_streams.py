"""One stream alone: a model that reads one resolution gets the same pictures as one that reads both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdvila.errors import UsageError
from hdvila.media.codecs import write_video
from hdvila.media.read_clips import read_clip
from hdvila.models.hdvila.preprocess import Preprocess
from hdvila.models.hdvila.sampling import HybridClip
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames
from tests.hybrid_streams import hybrid_streams

BOTH = Preprocess(64, 64, segments=2, neighbours=1, rate=2)


def video(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    write_video(folder / "v.mp4", iter(rng.integers(0, 255, (30, 64, 64, 3), np.uint8)), 10)
    return folder / "v.mp4"


def corpus(folder: Path) -> Corpus:
    rng = np.random.default_rng(0)
    lr = Frames(rng.integers(0, 255, (30, 16, 16, 3), np.uint8), np.arange(30) / 10)
    hr = Frames(rng.integers(0, 255, (6, 64, 64, 3), np.uint8), np.arange(6) / 2)
    with CorpusWriter(folder / "corpus", hybrid_streams()) as writer:
        writer.add(Clip("v_0", "v", 0.0, 3.0, "noise"), {"hr": hr, "lr": lr}, {})
    return Corpus(folder / "corpus")


def seen(where: str, folder: Path, preprocess: Preprocess) -> HybridClip:
    return read_clip(video(folder), preprocess) if where == "video" else corpus(folder).sample(0, preprocess)


@pytest.mark.parametrize("where", ["video", "corpus"])
def test_one_stream_is_that_of_both(where: str, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("both", "high", "low")]
    for folder in folders:
        folder.mkdir()
    both = seen(where, folders[0], BOTH)
    high = seen(where, folders[1], replace(BOTH, streams="high"))
    low = seen(where, folders[2], replace(BOTH, streams="low"))
    assert high.low is None
    assert low.high is None
    assert np.array_equal(high.high, both.high)  # type: ignore[arg-type]
    assert np.array_equal(low.low, both.low)  # type: ignore[arg-type]
    assert low.low is not None
    assert low.low.shape == (2, 2, 3, 16, 16)


def test_no_stream_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="leaves no picture"):
        replace(BOTH, streams="low", neighbours=0)
    with pytest.raises(UsageError, match="hybrid, high, low"):
        replace(BOTH, streams="middle")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["high", "low", "banana", "HR", "", None])
def test_a_stream_of_another_name_is_refused(name: str, tmp_path: Path) -> None:
    stored = corpus(tmp_path)
    assert (stored.num_frames(0, "hr"), stored.num_frames(0, "lr"), stored.num_frames(0)) == (6, 30, 30)
    for ask in (stored.frames, stored.num_frames, stored.pts_seconds):
        with pytest.raises(UsageError, match=f"stream={name!r}: the streams of this corpus are hr and lr"):
            ask(0, name)  # type: ignore[operator]

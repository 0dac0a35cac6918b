"""ClipBERT's inputs: N clips of T frames from videos, stores, images and memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hdvila.errors import UsageError
from hdvila.media import encode_jpeg, read_clip, write_video
from hdvila.media.in_memory import FramesInMemory
from hdvila.media.read_clips import read_windows
from hdvila.models.clipbert.inputs import SparseClips
from hdvila.sources import ImageFolder
from hdvila.store import Corpus, CorpusWriter
from hdvila.types import Clip, Frames, Pixels, Seconds
from tests.hybrid_streams import hybrid_streams


class Drawn:
    """A clip of which only times and numbers are asked; its frames begin at 10 s."""

    name = "a clip"

    def __init__(self, seconds: float, rate: float | None, frames: int | None = None) -> None:
        self._seconds, self._rate, self._frames = seconds, rate, frames

    def rate(self, stream: str) -> float | None:
        return self._rate

    def ticks(self, fps: float) -> int:
        return max(1, round(self._seconds * fps))

    def frames_at(self, stream: str, ticks: NDArray[np.int64], fps: float) -> NDArray[np.int64]:
        return ticks if self._frames is None else np.minimum(ticks, self._frames - 1)

    def pts_seconds(self, stream: str, numbers: NDArray[np.int64]) -> Seconds:
        seconds: Seconds = 10 + numbers / (self._rate or 30.0)
        return seconds


def numbers_of(inputs: SparseClips, clip: Drawn, seed: int | None = None) -> NDArray[np.int64]:
    (request,) = inputs.sample(clip, None if seed is None else np.random.default_rng(seed)).requests
    return request.numbers.reshape(inputs.clips, inputs.frames)


@pytest.mark.parametrize(
    ("inputs", "clip", "expected"),
    [
        (SparseClips(frames=2), Drawn(10, None), [[135, 164]]),  # a video: 30 a second
        (SparseClips(frames=2, position="third"), Drawn(10, None), [[90, 119]]),
        (SparseClips(frames=2, position="first"), Drawn(10, 6.0), [[0, 5]]),  # a store: its own rate
        (SparseClips(frames=4, position="first"), Drawn(10, 2.0), [[0, 0, 0, 1]]),  # of too low a rate
        (SparseClips(frames=2, seconds=2.0, position="first"), Drawn(10, 6.0), [[0, 11]]),
        (SparseClips(clips=4, frames=2), Drawn(10, None), [[0, 29], [68, 97], [135, 164], [203, 232]]),
        (SparseClips(frames=3), Drawn(0.5, 6.0), [[0, 2, 2]]),  # shorter than a clip
        (SparseClips(), Drawn(1, None, frames=1), [[0]]),  # a still image
    ],
)
def test_frames_of_an_evaluation(inputs: SparseClips, clip: Drawn, expected: list[list[int]]) -> None:
    assert numbers_of(inputs, clip).tolist() == expected


def test_training_draws_random_clips_or_the_uniform_ones() -> None:
    inputs, clip = SparseClips(clips=3, frames=2), Drawn(20, 30.0)
    first, again, other = (numbers_of(inputs, clip, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    uniform = numbers_of(replace(inputs, drawn="uniform"), clip, seed=1)
    assert (uniform == numbers_of(inputs, clip)).all()


def test_times_are_those_of_the_frames_in_rows_by_clip() -> None:
    inputs = SparseClips(size=64, clips=2, frames=2)
    sampled = inputs.sample(Drawn(4, 30.0))
    seen = sampled.finish([sampled.requests[0].room()])
    assert seen.times.tolist() == [[10.0, 10 + 29 / 30], [11.5, 11.5 + 29 / 30]]
    assert seen.arrays[0].shape == inputs.shapes[0] == (2, 2, 3, 64, 64)
    assert seen.frames()["frames"].pts_seconds.tolist() == seen.times.ravel().tolist()


def test_an_evaluation_takes_its_own_number_of_clips() -> None:
    inputs = SparseClips(clips=8, frames=2)
    assert inputs.in_segments(16) == replace(inputs, clips=16)
    assert inputs.in_segments(16).segments == 16
    assert inputs.in_segments(None) is inputs
    assert SparseClips.from_dict(inputs.to_dict()) == inputs


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 32},
        {"clips": 0},
        {"frames": 0},
        {"seconds": 0.0},
        {"fps": float("nan")},
        {"position": "last"},
        {"drawn": "all"},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        SparseClips(**wrong)  # type: ignore[arg-type]


# ---- from where


def moving(count: int, height: int = 48, width: int = 64) -> Frames:
    """Frame i is grey of level 10 + 3 i, at 12 a second."""
    levels = (10 + 3 * np.arange(count)).astype(np.uint8)[:, None, None, None]
    return Frames(np.tile(levels, (1, height, width, 3)), np.arange(count) / 12)


def levels_of(rgb: Pixels) -> NDArray[np.float64]:
    """(N, T): what `moving` shows, of (N, T, 3, L, L)."""
    return rgb[..., :40, :].mean(axis=(-3, -2, -1))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """HD-VILA's streams: HR 2 and LR 6 frames a second, 4 s."""
    frames = moving(48)
    rgb, pts = frames.rgb, frames.pts_seconds
    of = {"hr": Frames(rgb[::6], pts[::6]), "lr": Frames(rgb[::2, ::2, ::2], pts[::2])}
    with CorpusWriter(tmp_path / "corpus", hybrid_streams(6.0, 2.0)) as writer:
        writer.add(Clip("a", "a", 0.0, 4.0, "grey"), of)
    return Corpus(tmp_path / "corpus")


@pytest.mark.parametrize(("stream", "expected"), [("hr", [0, 6]), ("lr", [0, 10])])
def test_a_store_of_another_system(corpus: Corpus, stream: str, expected: Sequence[int]) -> None:
    """The frames of a second: at 2 a second the first two, at 6 the first and the last."""
    inputs = SparseClips(size=64, frames=2, position="first", stream=stream)
    seen = corpus.sample(0, inputs)
    assert np.abs(levels_of(seen.rgb) - (10 + 3 * np.array(expected))).max() < 2
    assert (seen.rgb[..., 48:, :] == 0).all()


def test_a_batch_is_decoded_in_place(corpus: Corpus) -> None:
    inputs = SparseClips(size=64, clips=2, frames=2, stream="lr")
    (room,) = inputs.room(3)
    for at in range(3):
        corpus.sample(0, inputs, np.random.default_rng(at), into=(room[at],))
    alone = [corpus.sample(0, inputs, np.random.default_rng(at)) for at in range(3)]
    assert (room == inputs.collate(alone)[0]).all()
    for wrong in (room, np.zeros(inputs.shapes[0], np.uint8)):  # a batch, and memory in which colours lie apart
        with pytest.raises(UsageError, match=r"SparseClips\.room"):
            corpus.sample(0, inputs, into=(wrong,))


def test_a_store_without_the_stream_is_named_with_those_it_has(corpus: Corpus) -> None:
    with pytest.raises(UsageError, match=r"the streams of this corpus are hr and lr; name one .*preprocess\.stream"):
        corpus.sample(0, SparseClips(size=64))


@pytest.mark.parametrize(
    ("rates", "stream"),
    [
        ({"frames": 6.0}, "frames"),
        ({"hr": 2.0, "lr": 6.0}, "hr"),
        ({"video": 6.0}, "video"),
        ({"a": 1.0, "b": 2.0}, "frames"),
    ],
)
def test_an_evaluation_finds_the_stream(rates: dict[str, float], stream: str) -> None:
    assert SparseClips().at_rates(rates) == SparseClips(stream=stream)


def test_a_video_an_image_and_frames_in_memory(tmp_path: Path) -> None:
    inputs = SparseClips(size=64, clips=2, frames=2)
    write_video(tmp_path / "v.mp4", moving(48).rgb, 12.0)
    seen = read_clip(tmp_path / "v.mp4", inputs)
    expected = [[0, 11 / 12], [1.5, 1.5 + 11 / 12]]
    assert np.abs(seen.times - expected).max() < 1e-6
    (held,) = read_windows(FramesInMemory(moving(48), 4.0), inputs)
    assert np.abs(held.times - expected).max() < 1e-6
    assert np.abs(levels_of(held.rgb) - levels_of(seen.rgb)).max() < 2
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "one.jpg").write_bytes(encode_jpeg(moving(1).rgb[0]))
    images = ImageFolder(tmp_path / "images")
    one = images.sample(0, SparseClips(size=64), np.random.default_rng(0))
    assert one.rgb.shape == (1, 1, 3, 64, 64)
    several = images.sample(0, inputs)
    assert (several.rgb == one.rgb).all()

"""The same pictures are known again after resizing, encoding and cutting; other pictures are not."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path
from unittest.mock import Mock

import av
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from hdvila.corpus.choice.frame_hashes import _gaps, frame_hashes, key_frame_hashes
from hdvila.corpus.choice.near_duplicates import LookAlikes
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import UsageError
from hdvila.media import open_video, resize, write_video
from hdvila.progress import SILENT


def scene(seed: int, frames: int = 50) -> list[np.ndarray]:
    """5 s of soft blobs that drift to the right."""
    blobs = np.random.default_rng(seed).integers(0, 256, (6, 12, 3)).astype(np.uint8)
    wide = resize(np.tile(blobs, (1, 2, 1))[None], 144, 512)[0]
    return [wide[:, number : number + 192] for number in range(frames)]


def write_encoded(path: Path, frames: list[np.ndarray], options: dict[str, str]) -> None:
    """H.264 at 10 frames a second, with these options of x264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", **options})
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("test set")
    for seed in range(3):
        write_video(folder / f"{seed}.mp4", scene(seed), 10.0, crf=18)
    return folder


@pytest.fixture(scope="module")
def look_alikes(given: Path) -> LookAlikes:
    return LookAlikes.of([given])


def test_resized_and_encoded_again(look_alikes: LookAlikes, tmp_path: Path) -> None:
    small = [resize(rgb[None], 72, 96)[0] for rgb in scene(1)]
    write_video(tmp_path / "again.mp4", small, 10.0, crf=36)
    assert look_alikes.match(tmp_path / "again.mp4") == "1.mp4"


def test_a_video_of_which_the_clip_was_cut_and_a_part_of_the_clip(look_alikes: LookAlikes, tmp_path: Path) -> None:
    write_video(tmp_path / "whole.mp4", [*scene(7, 100), *scene(2), *scene(8, 100)], 10.0, crf=28)
    assert look_alikes.match(tmp_path / "whole.mp4") == "2.mp4"
    write_video(tmp_path / "part.mp4", scene(0)[13:33], 10.0, crf=28)
    assert look_alikes.match(tmp_path / "part.mp4") == "0.mp4"


def test_other_videos_stay(look_alikes: LookAlikes, tmp_path: Path) -> None:
    videos = []
    for seed in range(10, 16):
        write_video(tmp_path / f"{seed}.mp4", scene(seed, 30), 10.0)
        videos.append(SourceVideo(str(seed), tmp_path / f"{seed}.mp4", None))
    assert look_alikes.exclude(videos) == (videos, [])


def test_plain_colours_tell_nothing(talk: Path, given: Path, tmp_path: Path) -> None:
    assert len(frame_hashes(talk, 0.5).hashes) == 0
    assert LookAlikes.of([talk]).match(talk) is None
    assert LookAlikes.of([talk, given / "1.mp4"]).match(given / "1.mp4") == "1.mp4"


def test_what_is_found_and_what_cannot_be_read_is_listed(look_alikes: LookAlikes, given: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"x" * 99)
    videos = [SourceVideo("a", given / "0.mp4", None), SourceVideo("b", tmp_path / "broken.mp4", None)]
    kept, failures = look_alikes.exclude(videos)
    assert kept == []
    assert [(one.video, one.step) for one in failures] == [("a", "exclude"), ("b", "filter")]
    assert "0.mp4" in failures[0].reason


def test_a_place_without_videos_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no video"):
        LookAlikes.of([tmp_path])


def like_one_by_one(known: list[np.ndarray], mine: np.ndarray, step: float) -> str | None:
    """The rule, frame by frame: half of the shorter video's frames must be in the other, and two if it has two."""
    for number, theirs in enumerate(known):
        found = sum(any(int(a ^ b).bit_count() <= 8 for b in theirs.tolist()) for a in mine.tolist())
        shorter = max(1, min(len(mine), int(len(theirs) * 0.25 / step)))
        if len(theirs) and found >= max(min(2, shorter), -(-shorter // 2)):
            return str(number)
    return None


@hypothesis.given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 12), max_size=6), st.integers(0, 9))
def test_many_videos_at_once_are_matched_as_one_by_one(seed: int, sizes: list[int], number: int) -> None:
    draw = np.random.default_rng(seed)
    scenes = draw.integers(0, 2**64, 4, dtype=np.uint64)
    flips = np.uint64(1) << draw.integers(0, 64, 40, dtype=np.uint64)
    seen = [scenes[draw.integers(0, 4, size)] ^ flips[draw.integers(0, 40, size)] for size in [*sizes, number]]
    known, mine = seen[:-1], seen[-1]
    whole = np.concatenate([np.empty(0, np.uint64), *known])
    ends = np.cumsum([len(part) for part in known], dtype=np.int64)
    look_alikes = LookAlikes(tuple(map(str, range(len(known)))), whole, ends, np.arange(len(whole)) * 0.25)
    assert look_alikes.match_hashes(mine, 0.5) == (like_one_by_one(known, mine, 0.5) if number else None)


def test_a_long_video_against_thousands_needs_little_memory() -> None:
    draw = np.random.default_rng(0)
    known = draw.integers(0, 2**64, 1000 * 480, dtype=np.uint64)
    look_alikes = LookAlikes(tuple(map(str, range(1000))), known, np.arange(1, 1001) * 480, np.zeros(len(known)))
    mine = draw.integers(0, 2**64, 450, dtype=np.uint64)
    tracemalloc.start()
    assert look_alikes.match_hashes(np.append(mine, known[-480::2]), 2.0) == "999"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_a_clip_between_the_key_frames_of_a_long_video_is_found(look_alikes: LookAlikes, tmp_path: Path) -> None:
    frames = [*scene(7, 30), *scene(8, 30), *scene(1), *scene(9, 100)]
    write_encoded(tmp_path / "long.mkv", frames, {"g": "9999", "sc_threshold": "0"})
    write_encoded(tmp_path / "all.mkv", frames, {"g": "1"})
    with open_video(tmp_path / "long.mkv") as video:
        assert video.keys.tolist() == [0]
    assert look_alikes.match(tmp_path / "long.mkv") == look_alikes.match(tmp_path / "all.mkv") == "1.mp4"


def test_of_a_video_like_none_only_key_frames_are_looked_at(tmp_path: Path) -> None:
    write_encoded(tmp_path / "long.mkv", scene(7, 250), {"g": "40", "sc_threshold": "0"})
    with open_video(tmp_path / "long.mkv") as video:
        assert key_frame_hashes(video, 5.0).times.tolist() == [0, 4, 8, 12, 16, 20, 24]
        assert len(key_frame_hashes(video, 3.0).times) > 7


def test_black_key_frames_are_made_good_by_later_ones(tmp_path: Path) -> None:
    frames = scene(7, 200)
    write_encoded(tmp_path / "fades.mkv", [rgb * (k % 50 >= 5) for k, rgb in enumerate(frames)], {"g": "50"})
    with open_video(tmp_path / "fades.mkv") as video:
        looks = key_frame_hashes(video, 2.0)
        assert len(looks.hashes) == len(looks.times)
        assert np.diff([0, *looks.times, 20]).max() <= 4.0  # at 10 s it falls on black again


@hypothesis.given(st.lists(st.floats(0, 60), max_size=20), st.floats(0.5, 2), st.floats(2, 10), st.floats(60, 100))
def test_no_stretch_passes_without_a_look(known: list[float], step: float, stretch: float, duration: float) -> None:
    looks = np.sort([*known, *_gaps(np.sort(np.array(known)), duration, step, stretch)])
    assert np.diff([0.0, *looks, duration]).max() <= 1.1 * stretch + 1e-9


def test_clips_shorter_than_what_is_followed_are_told(given: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "short.mp4", scene(3, 8), 10.0)
    reporter = Mock(wraps=SILENT)
    assert LookAlikes.of([given], reporter).stretch == pytest.approx(2.5, abs=0.1)
    reporter.note.assert_not_called()
    assert LookAlikes.of([given, tmp_path], reporter).stretch == 2.0
    assert reporter.note.call_args.args[0].startswith("1 of 4 are shorter than 2.0 s")


def test_what_an_earlier_rule_found_does_not_count(look_alikes: LookAlikes) -> None:
    before = hashlib.sha256(look_alikes.hashes.tobytes() + look_alikes.ends.tobytes()).hexdigest()[:16]
    assert look_alikes.digest != before

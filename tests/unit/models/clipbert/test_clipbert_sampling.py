"""ClipBERT's sampling: the official frames where there are any, frames inside the video everywhere."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.errors import UsageError
from hdvila.models.clipbert.sampling import (
    Drawn,
    Position,
    Timeline,
    frame_offsets,
    frames_of_clips,
    latest_start,
    sparse_frames,
    uniform_starts,
)

GOLDEN = json.loads((Path(__file__).parents[3] / "goldens" / "clipbert_sampling.json").read_text())
CASES = [dict(zip(GOLDEN["columns"], row, strict=True)) for row in GOLDEN["rows"]]
THIRDS = ("start", "middle", "end")  # the official code's names for clips 0, 1 and 2 of 3

TOTALS, LENGTHS = st.integers(1, 2000), st.floats(0.05, 300.0)
CLIPS, FRAMES = st.integers(1, 20), st.integers(1, 20)
SEEDS = st.one_of(st.none(), st.integers(0, 2**32))


def sampled(case: dict[str, Any]) -> list[int]:
    """The frames of one clip, from what a header says of its video."""
    total = case["n_frames_header"] or case["n_frames_decodable"]
    length = case["num_frm"] / case["target_fps"] * case["video_fps"]
    if case["strategy"] == "uniform":
        length = total
    latest = latest_start(total, length)
    if case["clip_idx"] is not None:
        start = uniform_starts(latest, case["num_clips"])[case["clip_idx"]]
    elif case["strategy"] in THIRDS:
        start = uniform_starts(latest, 3)[THIRDS.index(case["strategy"])]
    else:
        start = random.Random(case["python_random_seed"]).uniform(0, latest)
    duration = case["duration_header"]
    if case["safeguard_duration"] and case["video_max_pts"] < 0.8 * duration:
        duration = case["video_max_pts"]
    timeline = Timeline(total, case["pts_per_frame"], duration, case["n_frames_decodable"])
    (chosen,) = frames_of_clips(np.array([start]), length, case["num_frm"], timeline).tolist()
    return chosen


def test_every_frame_is_the_official_one() -> None:
    readable = [case for case in CASES if case["frame_indices"] is not None]
    assert (len(CASES), len(readable)) == (304, 302)
    assert [sampled(case) for case in readable] == [case["frame_indices"] for case in readable]


def test_videos_that_the_official_code_gives_up_are_read() -> None:
    """One has no frame count in its header, of the other only the first half can be decoded."""
    without_count, half = sorted((c for c in CASES if c["frame_indices"] is None), key=lambda c: c["n_frames_header"])
    assert sampled(without_count) == [90, 119]
    assert sampled(half) == [149, 149]


def test_inputs_follow_the_official_rules() -> None:
    """`sparse_frames`, which counts every frame, on the golden's whole videos."""
    several = [c for c in CASES if c["num_clips"] and c["n_frames_header"] == c["n_frames_decodable"]]
    for case in several:
        length = case["num_frm"] / case["target_fps"] * case["video_fps"]
        rows = sparse_frames(
            case["n_frames_header"], length, case["num_clips"], case["num_frm"], position="first"
        ).tolist()
        assert rows[case["clip_idx"]] == case["frame_indices"]
    assert len(several) > 100


@pytest.mark.parametrize(
    ("position", "frames", "expected"),
    [
        ("first", 2, [0, 29]),
        ("third", 2, [90, 119]),
        ("middle", 2, [135, 164]),
        ("middle", 1, [150]),  # the middle frame, not the first of a clip in the middle
        ("third", 1, [90]),
    ],
)
def test_a_single_clip_of_an_evaluation(position: Position, frames: int, expected: list[int]) -> None:
    assert sparse_frames(300, 30, 1, frames, position=position).tolist() == [expected]


@pytest.mark.parametrize(
    ("total", "length", "frames", "expected"),
    [
        (9, 20, 4, [0, 6, 8, 8]),  # the clip is longer than the video
        (10, 2, 4, [4, 4, 4, 5]),  # and shorter than its frames
        (1, 30, 2, [0, 0]),  # a still image
        (5, 0.25, 2, [2, 2]),  # less than a frame
    ],
)
def test_frames_repeat_where_there_are_too_few(total: int, length: float, frames: int, expected: list[int]) -> None:
    assert sparse_frames(total, length, 1, frames).tolist() == [expected]


@given(TOTALS, LENGTHS, CLIPS, FRAMES, SEEDS, st.sampled_from(["random", "uniform"]))
def test_frames_lie_inside_and_stand_in_order(
    total: int, length: float, clips: int, frames: int, seed: int | None, drawn: Drawn
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    chosen = sparse_frames(total, length, clips, frames, rng, drawn=drawn)
    assert chosen.shape == (clips, frames)
    assert chosen.min() >= 0
    assert chosen.max() < total
    assert (np.diff(chosen, axis=1) >= 0).all()
    assert (np.diff(chosen[:, 0]) >= 0).all()
    if total >= length:  # every clip is whole: all have the same distances, less than its length
        assert (chosen - chosen[:, :1] == frame_offsets(max(length, 1.0), frames)).all()
        assert (chosen[:, -1] - chosen[:, 0] <= max(length - 1, 0) + 1e-9).all()  # as offsets are rounded


@given(TOTALS, st.integers(1, 60), CLIPS)
def test_uniform_clips_cover_the_video(total: int, length: int, clips: int) -> None:
    """From the first frame on, no gap is longer than a step, and training sees the same ones if it asks for them."""
    first = sparse_frames(total, length, clips, position="first")[:, 0]
    step = latest_start(total, length) / clips
    assert first[0] == 0
    assert (np.diff(np.append(first, total - length)) <= step + 1).all()
    drawn = sparse_frames(total, length, clips, 1, np.random.default_rng(0), drawn="uniform", position="first")
    assert (drawn[:, 0] == first).all()


def test_random_clips_reach_the_whole_video_and_are_independent() -> None:
    rng = np.random.default_rng(0)
    drawn = np.concatenate([sparse_frames(40, 10, 2, 2, rng) for _ in range(400)])
    assert set(range(1, 31)) <= set(drawn[:, 0].tolist()) <= set(range(31))
    assert set((drawn[:, 1] - drawn[:, 0]).tolist()) == {9}
    assert drawn.max() == 39
    overlaps = np.diff(drawn[:, 0].reshape(-1, 2), axis=1) < 10
    assert 0.3 < overlaps.mean() < 0.8


@pytest.mark.parametrize(
    "wrong", [(0, 10, 1, 1), (10, 0, 1, 1), (10, 10, 0, 1), (10, 10, 1, 0), (10, float("inf"), 1, 1)]
)
def test_impossible_settings_are_refused(wrong: tuple[int, float, int, int]) -> None:
    with pytest.raises(UsageError, match="cannot sample"):
        sparse_frames(*wrong)

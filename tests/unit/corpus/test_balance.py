"""No category has more than its hours, whatever the order, and adding videos changes little."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.corpus.choice.balance import balance
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import UsageError

VIDEOS = st.lists(st.tuples(st.sampled_from("abc"), st.floats(1, 7200)), max_size=40)


def videos(spec: list[tuple[str, float]]) -> list[SourceVideo]:
    return [
        SourceVideo(f"v{number}", Path("x.mp4"), None, {"category": category}, seconds)
        for number, (category, seconds) in enumerate(spec)
    ]


def ids(chosen: list[SourceVideo]) -> set[str]:
    return {video.video_id for video in chosen}


@given(VIDEOS, st.floats(0, 5), st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_cap_holds_and_the_order_does_not_matter(
    spec: list[tuple[str, float]], hours: float, seed: int, chance: random.Random
) -> None:
    source = videos(spec)
    kept, failures, rows = balance(source, hours, seed)
    assert kept == [video for video in source if video.video_id in ids(kept)]
    assert {failure.video for failure in failures} == ids(source) - ids(kept)
    for row in rows:
        group = [video for video in source if video.attributes["category"] == row.category]
        assert row.hours_kept == pytest.approx(sum(v.duration or 0 for v in group if v in kept) / 3600)
        assert row.hours_kept <= hours + 1e-5
        if row.hours <= hours - 1e-4:
            assert row.videos_kept == row.videos == len(group)
    chance.shuffle(source)
    assert ids(balance(source, hours, seed)[0]) == ids(kept)


@given(VIDEOS, VIDEOS, st.floats(0, 5))
def test_added_videos_only_take_places(
    old: list[tuple[str, float]], new: list[tuple[str, float]], hours: float
) -> None:
    both = videos([*old, *new])
    before = ids(balance(both[: len(old)], hours)[0])
    assert ids(balance(both, hours)[0]) & ids(both[: len(old)]) <= before


@given(VIDEOS, st.floats(0, 5), st.randoms(use_true_random=False))
def test_a_job_that_was_killed_ends_with_the_same_sample(
    spec: list[tuple[str, float]], hours: float, chance: random.Random
) -> None:
    source = videos(spec)
    kept = ids(balance(source, hours)[0])
    stored = set(chance.sample(sorted(kept), len(kept) // 2))
    assert ids(balance(source, hours, stored=stored)[0]) == kept


def test_every_video_has_the_same_chance_and_seeds_differ() -> None:
    source = videos([("a", 3600.0)] * 200)
    samples = [ids(balance(source, 50, seed)[0]) for seed in range(40)]
    assert all(len(sample) == 50 for sample in samples)
    counts = [sum(video.video_id in sample for sample in samples) for video in source]
    assert 0 < min(counts) <= max(counts) < 25  # 10 expected of each, sd 2.7


def test_stored_videos_stay_and_count() -> None:
    source = videos([("a", 3600.0)] * 4)
    kept, failures, rows = balance(source, 1, stored={"v1", "v2"})
    assert ids(kept) == {"v1", "v2"}
    assert [(row.category, row.videos, row.videos_kept) for row in rows] == [("a", 4, 2)]
    assert failures[0].kind == "category 'a' has more than 1 h"


def test_what_is_in_no_known_category_is_not_capped_as_one() -> None:
    named = videos([("unknown", 3600.0)] * 3)
    source = [*named, *(SourceVideo(f"w{number}", Path("x.mp4"), None, {}, 3600.0) for number in range(4))]
    kept, failures, rows = balance(source, 1)
    assert {f"w{number}" for number in range(4)} < ids(kept)
    assert [(row.category, row.videos, row.videos_kept) for row in rows] == [(None, 4, 4), ("unknown", 3, 1)]
    assert {failure.video for failure in failures} < ids(named)


def test_without_duration_the_file_is_asked(talk: Path) -> None:
    source = [SourceVideo("a", talk, None), SourceVideo("b", talk.with_name("none.mp4"), None)]
    kept, failures, rows = balance(source, 1)
    assert (ids(kept), rows[0].hours) == ({"a"}, pytest.approx(15 / 3600))
    assert (failures[0].video, failures[0].step) == ("b", "filter")


def test_hours_below_zero_are_wrong_use() -> None:
    with pytest.raises(UsageError, match="hours"):
        balance([], -1)

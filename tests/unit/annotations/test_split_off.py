"""A validation split that is split off training: whole videos, the same whatever else is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdvila.annotations import split_off
from hdvila.annotations.carve import carve
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question
from hdvila.errors import UsageError


def training(videos: int = 200, clips: int = 2) -> Annotations:
    parts = [BenchmarkVideo(f"v{v}_{c}", f"v{v}", float(c), c + 1.0) for v in range(videos) for c in range(clips)]
    captions = [Caption(part.video_id, part.video_id, "text") for part in parts]
    questions = [Question(part.video_id, part.video_id, "who?", "man") for part in parts]
    return Annotations(tuple(parts), tuple(captions), tuple(questions))


@given(st.integers(0, 1000), st.floats(0.1, 0.9))
def test_nothing_is_lost_and_files_are_not_divided(seed: int, share: float) -> None:
    source = training()
    rest, away = split_off(source, share, seed)
    assert {part.stem for part in rest.videos}.isdisjoint(part.stem for part in away.videos)
    assert sorted(rest.videos + away.videos, key=str) == sorted(source.videos, key=str)
    assert len(rest.captions) + len(away.captions) == len(source.captions)
    assert {one.video_id for one in away.questions} == {part.video_id for part in away.videos}
    assert abs(len(away.videos) / len(source.videos) - share) < 0.2


def test_a_video_goes_by_its_name_alone() -> None:
    whole, part = split_off(training(200))[1], split_off(training(100))[1]
    assert set(part.videos) == {one for one in whole.videos if int(one.stem[1:]) < 100}
    assert set(split_off(training(), seed=1)[1].videos) != set(whole.videos)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        split_off(training(), share)
    with pytest.raises(UsageError, match="leaves nothing on one side"):
        split_off(training(1), 0.5)


def test_the_former_name_keeps_working() -> None:
    assert carve is split_off

"""Moments: small files with every oddity of the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.annotations.merge import select_videos, split_off
from hdvila.annotations.moments import read_moments
from hdvila.annotations.msrvtt_questions import read_msrvtt_qa
from hdvila.annotations.records import BenchmarkVideo, MomentQuery
from hdvila.errors import UsageError

LINE = {"desc_id": 90201, "desc": " A man opens\nthe door. ", "vid_name": "show_s01e02_seg01_clip_00", "ts": [0, 2.5]}


def write(folder: Path, *lines: object) -> Path:
    (folder / "moments.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "moments.jsonl"


def test_a_moment_has_its_span_in_seconds_its_type_and_its_video(tmp_path: Path) -> None:
    found = read_moments(write(tmp_path, LINE | {"type": "vt", "duration": 61.5}), "validation")
    video = "show_s01e02_seg01_clip_00"
    assert found.videos == (BenchmarkVideo(video, duration=61.5),)
    assert found.moments == (MomentQuery("90201", "A man opens the door.", video, ((0.0, 2.5),), "vt"),)
    assert found.notes == ()


def test_annotators_may_disagree(tmp_path: Path) -> None:
    spans = [[0, 5], [0, 5], [5, 10], [0, 10]]
    found = read_moments(write(tmp_path, LINE | {"ts": spans}), "test")
    assert found.moments[0].spans == ((0, 5), (0, 5), (5, 10), (0, 10))
    assert found.moments[0].kind == ""
    assert found.videos[0].duration is None


def test_a_video_stands_once_for_all_its_queries(tmp_path: Path) -> None:
    lines = [
        LINE | {"duration": 10},
        LINE | {"desc_id": "b", "duration": 11, "ts": [4, 12]},
        LINE | {"desc_id": "c", "desc": " "},
    ]
    found = read_moments(write(tmp_path, *lines), "train")
    assert [video.duration for video in found.videos] == [10]
    assert [moment.query_id for moment in found.moments] == ["90201", "b"]
    assert found.notes == (
        "1 span ends after its video",
        "2 lines have other durations of their videos than the first that names each, which counts",
        "1 moment without text was dropped",
    )


@pytest.mark.parametrize("more", [{}, {"vid_name": None, "ts": None}])
def test_a_public_test_hides_its_targets(tmp_path: Path, more: dict[str, None]) -> None:
    found = read_moments(write(tmp_path, {"desc_id": 7, "desc": "a kiss"} | more), "test")
    assert found.moments == (MomentQuery("7", "a kiss"),)
    assert found.videos == ()
    assert found.notes == ("1 query has no span: its target is hidden",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ts": [2.5, 2.5]}, "line 2: the moment starts at 2.5 s and ends at 2.5 s"),
        ({"ts": [-1, 2]}, "line 2: the moment starts at -1 s"),
        ({"ts": [0, 1e999]}, "line 2: the moment starts at 0 s and ends at inf s"),
        ({"ts": [0, "late"]}, "line 2: 'end' is 'late', but must be a number"),
        ({"ts": [[0, 5], 5]}, "line 2: 'ts' has 5, but must have pairs"),
        ({"ts": [0, 5, 9]}, "line 2: 'ts' has .*, but must have pairs"),
        ({"ts": "0-5"}, "line 2: 'ts' is '0-5', but must be"),
        ({"ts": []}, r"line 2: 'ts' is \[\], but must be"),
        ({"vid_name": None}, "line 2: 'vid_name' is None, but must be text"),
        ({"type": "a"}, "line 2: the type is 'a', but must be one of v, t, vt"),
        ({"duration": 0}, "line 2: the duration is 0 s, but must be above 0"),
        ({"desc_id": 90201}, "the id '90201' occurs more than once"),
    ],
)
def test_a_broken_line_is_refused_with_its_place(tmp_path: Path, change: dict[str, object], words: str) -> None:
    file = write(tmp_path, LINE, LINE | {"desc_id": "b"} | change)
    with pytest.raises(UsageError, match=words) as refused:
        read_moments(file, "test")
    assert str(file) in str(refused.value)


def test_other_files_are_refused_and_moments_are_told_from_questions(tmp_path: Path) -> None:
    file = write(tmp_path, LINE)
    with pytest.raises(UsageError, match="is not MSRVTT-QA, it looks like moments of TVR or How2R"):
        read_msrvtt_qa(file, "test")
    with pytest.raises(UsageError, match="is not a jsonl of moments, it looks like a retrieval jsonl"):
        read_moments(write(tmp_path, {"clip_id": "a", "text": "b"}), "test")


def test_moments_go_with_their_videos(tmp_path: Path) -> None:
    lines = [LINE | {"desc_id": n, "vid_name": f"clip_{n % 40}"} for n in range(80)]
    found = read_moments(write(tmp_path, *lines), "train")
    assert [moment.query_id for moment in select_videos(found, ["clip_3"]).moments] == ["3", "43"]
    training, validation = split_off(found, 0.3)
    assert len(training.moments) + len(validation.moments) == 80
    assert {moment.video_id for moment in validation.moments} == {video.video_id for video in validation.videos}

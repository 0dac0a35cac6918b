"""Captions: small files with every oddity of the real ones, for each benchmark and the official lists."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hdvila.annotations import entries, hdvila_jsonl, msrvtt
from hdvila.annotations.dense_captions import read_activitynet, read_didemo, read_youcook2
from hdvila.annotations.lsmdc import read_lsmdc
from hdvila.annotations.records import Annotations, BenchmarkVideo, Split
from hdvila.errors import UsageError


def write(folder: Path, name: str, content: str | object) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    data = text.encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder / name


def texts(annotations: Annotations) -> dict[str, str]:
    return {caption.query_id: caption.text for caption in annotations.captions}


def videodatainfo(*, validation: str = "validate") -> dict[str, Any]:
    """Three videos, one a split; sentences in no order, two of each video, one of a video that is not there."""
    splits = {"video0": "train", "video6513": validation, "video7010": "test"}
    return {
        "videos": [
            {
                "video_id": name,
                "split": split,
                "category": 3,
                "start time": 137.7,
                "end time": 149.4,
                "url": "x",
                "id": 0,
            }
            for name, split in splits.items()
        ],
        "sentences": [
            {"sen_id": 10 * place + number, "video_id": name, "caption": f"  caption {number}\nof {name} "}
            for number in (1, 0)
            for place, name in enumerate([*splits, "video9"])
        ],
    }


PAIRS = 'key,vid_key,video_id,sentence\nret0,msr9770,video9770,"a man, running"\nret1,msr9771,video9771,a girl\n'


def test_the_1ka_pairs(tmp_path: Path) -> None:
    for name in ("MSRVTT_JSFUSION_test.csv", "MSRVTT_JSFUSION_test.csv.gz"):
        found = msrvtt.read_1ka(write(tmp_path, name, PAIRS), "test")
        assert [part.video_id for part in found.videos] == ["video9770", "video9771"]
        assert texts(found) == {"ret0": "a man, running", "ret1": "a girl"}


def test_the_1ka_pairs_take_their_categories_from_the_json_beside(tmp_path: Path) -> None:
    file = write(tmp_path, "MSRVTT_JSFUSION_test.csv", PAIRS.replace("video9770", "video7010"))
    write(tmp_path, "MSRVTT_data.json", videodatainfo())
    found = msrvtt.read_1ka(file, "test")
    assert found.videos == (BenchmarkVideo("video7010", group="3"), BenchmarkVideo("video9771"))
    assert texts(found) == {"ret0": "a man, running", "ret1": "a girl"}


@pytest.mark.parametrize("name", ["MSRVTT_data.json.zip", "msrvtt.json.bak", "msrvtt_old.json"])
def test_the_1ka_pairs_need_nothing_of_what_else_lies_beside(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, "MSRVTT_JSFUSION_test.csv", PAIRS)
    (tmp_path / name).write_bytes(b"PK\x03\x04 \xff no json")
    found = msrvtt.read_1ka(file, "test")
    assert len(found.captions) == 2
    assert [note[:40] for note in found.notes] == ["the categories of the videos are unknown"] * name.endswith(".json")


def test_the_1ka_pairs_are_not_read_from_swapped_columns(tmp_path: Path) -> None:
    file = write(tmp_path, "test.csv", PAIRS.replace("vid_key,video_id", "video_id,vid_key"))
    with pytest.raises(UsageError, match="line 2: the video_id is 'msr9770', but must be video and a number"):
        msrvtt.read_1ka(file, "test")


@pytest.mark.parametrize("validation", ["val", "validate"])
def test_the_full_split_takes_every_caption_of_its_videos(tmp_path: Path, validation: str) -> None:
    file = write(tmp_path, "videodatainfo.json", videodatainfo(validation=validation))
    found = msrvtt.read_full(file, "validation")
    assert found.videos == (BenchmarkVideo("video6513", group="3"),)  # the clips are cut already: no times
    assert texts(found) == {"11": "caption 1 of video6513", "10": "caption 0 of video6513"}
    assert any("2 captions of videos that are not listed" in note for note in found.notes)
    assert [part.video_id for part in msrvtt.read_full(file, "test").videos] == ["video7010"]


@pytest.mark.parametrize(
    ("name", "content"), [("train.csv", "video_id\nvideo0\nvideo7010\n"), ("l.txt", "video0\nvideo7010\n")]
)
def test_a_list_of_ids_takes_its_captions_from_the_json_beside(tmp_path: Path, name: str, content: str) -> None:
    ids = write(tmp_path, name, content)
    with pytest.raises(UsageError, match=r"none for 2 of 2 videos, such as video0; put the json there"):
        msrvtt.read_1ka(ids, "train")
    write(tmp_path, "train_val_videodatainfo.json.gz", videodatainfo())
    found = msrvtt.read_1ka(ids, "train")
    assert [part.video_id for part in found.videos] == ["video0", "video7010"]
    assert len(found.captions) == 4
    assert "2 videos do not have 20 captions" in found.notes


def test_two_jsons_beside_give_each_video_once(tmp_path: Path) -> None:
    write(tmp_path, "train_val_videodatainfo.json", videodatainfo())
    test = videodatainfo()
    test["videos"] = [{"video_id": "video8000", "split": "test"}]
    test["sentences"] = [{"sen_id": 0, "video_id": "video8000", "caption": "of the other file"}]
    write(tmp_path, "test_videodatainfo.json", test)
    found = msrvtt.read_1ka(write(tmp_path, "l.txt", "video0\nvideo8000\n"), "train")
    assert texts(found)["video8000/0"] == "of the other file"  # sentence 0 is in both files
    assert len(found.captions) == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("video_id\nvideo9770\n", "a list of video ids"),
        (videodatainfo(), "MSR-VTT's videodatainfo json"),
    ],
)
def test_which_captions_1ka_tests_is_never_guessed(tmp_path: Path, content: object, why: str) -> None:
    file = write(tmp_path, "test.csv" if isinstance(content, str) else "test.json", content)
    with pytest.raises(UsageError, match=f"test pairs.*it looks like {why}"):
        msrvtt.read_1ka(file, "test")


def test_a_split_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    content = videodatainfo()
    content["videos"] = content["videos"][:1]
    with pytest.raises(UsageError, match="none of its 1 videos is in the test split, only in train"):
        msrvtt.read_full(write(tmp_path, "videodatainfo.json", content), "test")


def moment(video: str, description: str, number: int) -> dict[str, Any]:
    return {
        "video": video,
        "description": description,
        "times": [[1, 1], [0, 2]],
        "annotation_id": number,
        "num_segments": 6,
    }


def test_didemo_joins_what_is_said_under_all_names_of_a_video(tmp_path: Path) -> None:
    entries = [
        moment("1@N00_22_ab.mov", "the man bends ", 7),
        moment("2@N01_33_cd.", "a cat", 8),
        moment("1@N00_22_ab.mp4", "he waves. \n", 9),
        moment("3@N01_44_ef", "no ending", 10),
    ]
    found = read_didemo(write(tmp_path, "val_data.json.gz", entries), "validation")
    assert texts(found) == {
        "1@N00_22_ab": "the man bends he waves.",
        "2@N01_33_cd": "a cat",
        "3@N01_44_ef": "no ending",
    }
    assert found.notes == ("1 video is named with several endings",)


def test_activitynet_joins_in_the_order_of_the_file(tmp_path: Path) -> None:
    entries = {
        "v_-a_B-c_1-2x": {
            "duration": 9.5,
            "timestamps": [[7.3, 9.5], [0, 9.5]],
            "sentences": [" Later.", "  Earlier\nthan it. "],
        },
        "v_QOlSCBRmfWY": {"duration": 5, "timestamps": [], "sentences": []},
    }
    found = read_activitynet(write(tmp_path, "val_1.json", entries), "test")
    assert texts(found) == {"v_-a_B-c_1-2x": "Later. Earlier than it."}
    assert [part.video_id for part in found.videos] == ["v_-a_B-c_1-2x", "v_QOlSCBRmfWY"]  # it stays in the gallery
    assert found.notes == ("1 caption without text was dropped",)
    paragraphs = write(tmp_path, "para.json", {"v_-a_B-c_1-2x": "Later.   Earlier\nthan it."})
    assert texts(read_activitynet(paragraphs, "test")) == texts(found)


def test_youcook2_steps_are_the_same_from_both_files(tmp_path: Path) -> None:
    table = 'end,start,task,text,video_id\n60,47,226,"cut, then stir",xHr8X2Wpmno\n89,67.5,226,boil,xHr8X2Wpmno\n'
    dense = {"v_xHr8X2Wpmno": {"duration": 206.9, "timestamps": [[47, 60]], "sentences": ["cut, then stir"]}}
    found = read_youcook2(write(tmp_path, "validation_youcook.csv", table), "test")
    assert found.videos[0] == BenchmarkVideo("xHr8X2Wpmno_47_60", "xHr8X2Wpmno", 47.0, 60.0, "226")
    assert texts(found) == {"xHr8X2Wpmno_47_60": "cut, then stir", "xHr8X2Wpmno_67.5_89": "boil"}
    assert texts(read_youcook2(write(tmp_path, "yc2_val.json", dense), "test")).items() <= texts(found).items()


def test_two_steps_of_one_span_are_two_clips(tmp_path: Path) -> None:
    """As in the published validation file: 3,350 queries, 3,350 clips."""
    table = "end,start,task,text,video_id\n60,47,226,cut,xHr8X2Wpmno\n60,47,226,then stir,xHr8X2Wpmno\n"
    dense = {"v_xHr8X2Wpmno": {"duration": 206.9, "timestamps": [[47, 60]] * 2, "sentences": ["cut", "then stir"]}}
    for file in (write(tmp_path, "validation_youcook.csv", table), write(tmp_path, "yc2_val.json", dense)):
        found = read_youcook2(file, "test")
        assert texts(found) == {"xHr8X2Wpmno_47_60": "cut", "xHr8X2Wpmno_47_60_2": "then stir"}
        assert [(part.stem, part.start, part.end) for part in found.videos] == [("xHr8X2Wpmno", 47.0, 60.0)] * 2
        assert len(found.notes) == 1
        assert found.notes[0].startswith("1 step has the span of an earlier step of its video")


def test_youcook2_columns_in_the_usual_order_would_show(tmp_path: Path) -> None:
    table = "start,end,task,text,video_id\n60,47,226,cut,xHr8X2Wpmno\n"
    with pytest.raises(UsageError, match="line 2: the step ends at 47 s and starts at 60 s"):
        read_youcook2(write(tmp_path, "validation_youcook.csv", table), "test")


CLIP = "1004_Juno_00.00.32.306-00.00.40.746"


def test_lsmdc_is_separated_by_tabs_and_has_no_header(tmp_path: Path) -> None:
    rows = [f'{CLIP}\t00:00:32,306\t00:00:40,746\ta\tb\tSOMEONE says "no", she', f"{CLIP}\t0:0\t0:0\ta\tb\tagain"]
    found = read_lsmdc(write(tmp_path, "LSMDC16_challenge_1000_publictect.csv", "\r\n".join(rows) + "\r\n"), "test")
    assert found.videos == (BenchmarkVideo(CLIP, group="1004_Juno"),)
    assert texts(found) == {CLIP: 'SOMEONE says "no", she', f"{CLIP}/1": "again"}
    assert found.notes == ("1 clip has several sentences, each a query",)
    with pytest.raises(UsageError, match="line 2: 3 cells, expected 6"):
        read_lsmdc(write(tmp_path, "broken.csv", rows[0] + "\nx\ty\tz\n"), "test")


def test_the_official_list_names_videos_by_the_last_part_and_may_have_several_captions(tmp_path: Path) -> None:
    first = '{"clip_id": "films/1004/1004_a", "text": "one", "num_frame": 20}'
    content = first + '\n\n{"clip_id": "video7", "text": ["two", "three"]}\n'
    found = hdvila_jsonl.read_retrieval(write(tmp_path, "test1ka.jsonl", content), "MSR-VTT")
    assert [part.video_id for part in found.videos] == ["1004_a", "video7"]
    assert texts(found) == {"0": "one", "1": "two", "1/1": "three"}
    assert found.notes == ("1 line has a list of captions, each a query",)
    assert msrvtt.read_1ka(tmp_path / "test1ka.jsonl", "test") == found


@pytest.mark.parametrize("name", ["MSRVTT_data.json", "MSRVTT_data.json.gz", "other.json"])
def test_msrvtts_json_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    parsed = []
    parse = json.loads
    file = write(tmp_path, name, videodatainfo())
    monkeypatch.setattr(entries.json, "loads", lambda text: parsed.append(text) or parse(text))
    for reader in (msrvtt.read_1ka_7k, msrvtt.read_1ka, msrvtt.read_full):
        parsed.clear()
        assert [video.video_id for video in reader(file, "train").videos] == ["video0"]
        assert len(parsed) == 1, reader


@pytest.mark.parametrize("reader", [msrvtt.read_1ka_7k, msrvtt.read_full])
def test_an_official_list_to_train_on_is_checked_for_test_videos_or_says_that_it_was_not(
    tmp_path: Path, reader: Callable[[Path, Split], Annotations]
) -> None:
    lists = {name: {"clip_id": name, "text": ["one", "two"]} for name in ("video0", "video7010")}
    files = {name: write(tmp_path, f"{name}.jsonl", json.dumps(line)) for name, line in lists.items()}
    assert "MSR-VTT's own test was not checked" in reader(files["video0"], "train").notes[-1]
    assert "not checked" not in str(reader(files["video7010"], "test").notes)
    write(tmp_path, "videodatainfo.json", videodatainfo())
    assert "not checked" not in str(reader(files["video0"], "train").notes)
    with pytest.raises(UsageError, match="such as video7010, are in MSR-VTT's own test"):
        reader(files["video7010"], "train")


@pytest.mark.parametrize(
    ("reader", "name", "content", "words"),
    [
        (msrvtt.read_1ka, "a.csv", "key,vid_key,video_id,sentence\nret0,msr1,video1\n", "line 2: 3 cells"),
        (msrvtt.read_1ka, "a.csv", 'key,vid_key,video_id,sentence\nret0,m,v,"open\n', "is not a table"),
        (msrvtt.read_1ka, "a.csv", PAIRS + "ret1,m,video1,again\n", "the id 'ret1' occurs more than once"),
        (
            msrvtt.read_full,
            "a.json",
            {"videos": [{"split": "test"}], "sentences": []},
            "videos 1: there is no 'video_id'",
        ),
        (msrvtt.read_full, "a.json", {"videos": [{"split": "dev"}], "sentences": []}, "the split 'dev' is not one of"),
        (
            read_didemo,
            "a.json",
            [moment("a", "b", 1), {"video": "c"}],
            "entry 2: there is no 'annotation_id'",
        ),
        (
            read_didemo,
            "a.json",
            {"v_a": {"timestamps": [[0.5, 1]], "sentences": ["A."]}},
            "looks like ActivityNet",
        ),
        (
            read_activitynet,
            "a.json",
            {"v_a": {"duration": 1, "timestamps": [[0, 1]], "sentences": []}},
            "one length",
        ),
        (
            read_activitynet,
            "a.json",
            {"v_a": {"duration": 9, "timestamps": [[0, 1]], "sentences": ["cut it"]}},
            "YouCook2",
        ),
        (read_activitynet, "a.json", "{", "is not JSON"),
        (read_activitynet, "a.json", "[" * 200_000, "is not JSON"),
        (
            read_activitynet,
            "a.json",
            {"v_a": {"timestamps": None, "sentences": []}},
            "not two lists of one length",
        ),
        (
            read_activitynet,
            "a.json",
            {"v_a": {"timestamps": [3], "sentences": ["A."]}},
            "a time is 3, but must be a start",
        ),
        (
            read_youcook2,
            "a.json",
            {"v_a": {"duration": 9, "timestamps": [[0.5, 1]], "sentences": ["A."]}},
            "ActivityNet",
        ),
        (
            read_youcook2,
            "a.csv",
            PAIRS,
            "is not YouCook2's csv, it looks like the list of MSR-VTT's 1k-A",
        ),
        (
            read_lsmdc,
            "a.csv",
            "gif_name\tquestion\tanswer\tvid_id\tkey\n",
            "looks like TGIF-QA's count questions",
        ),
        (read_lsmdc, "a.jsonl", '{"clip_id": "a", "text": 1.5}\n', "line 1: 'text' is 1.5"),
        (read_lsmdc, "a.csv", "", "an empty file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, reader: Any, name: str, content: object, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        reader(write(tmp_path, name, content), "test")
    assert str(tmp_path / name) in str(refused.value)


def test_a_file_that_is_not_there_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read as text"):
        msrvtt.read_1ka(tmp_path / "none.csv", "test")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(PAIRS.encode())[:-9])
    with pytest.raises(UsageError, match="cannot be read as text"):
        msrvtt.read_1ka(tmp_path / "cut.csv.gz", "test")

"""Every form of annotation file against every protocol: it is read by those it is for, and refused by all others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hdvila.annotations.records import Split
from hdvila.errors import UsageError
from hdvila.evaluate.protocols import PROTOCOLS


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def tabs(*rows: str) -> str:
    return "".join("\t".join(row.split("|")) + "\n" for row in rows)


def dense(key: str, times: list[float], sentence: str) -> str:
    return json.dumps({key: {"duration": 99.5, "timestamps": [times], "sentences": [sentence]}})


def listed(clip_id: str) -> str:
    return lines({"clip_id": clip_id, "text": "a man cuts bread"})


QA = {"answer": "man", "question": "who cuts bread?"}
GIF = {"gif_name": "tumblr_a_250", "question": "what is it"}
FIVE = ["a", "b", "c", "d", "e"]
MSRVTT = {
    "videos": [
        {"video_id": f"video{n}", "category": 3, "split": split}
        for n, split in [(1, "train"), (2, "validate"), *((n, "test") for n in range(3, 9))]
    ],
    "sentences": [{"sen_id": n, "video_id": f"video{n}", "caption": f"text {n}"} for n in range(1, 9)],
}
TWIST = "tumblr_a_250|what does it do 3 times ?|a|b|c|d|e|1|{}1|26"
FILES = {  # name: content, whose it is
    "pairs.csv": ("key,vid_key,video_id,sentence\nret0,msr3,video3,a man\n", "msrvtt-1ka msrvtt-1ka-7k"),
    "videodatainfo.json": (json.dumps(MSRVTT), "msrvtt-full msrvtt-mc"),
    "test1ka.jsonl": (listed("msrvtt/video7020"), "msrvtt-1ka msrvtt-1ka-7k"),
    "test_data.json": (
        json.dumps(
            [
                {
                    "video": "1@N00_2_ab.mov",
                    "description": "a",
                    "times": [[0, 0]],
                    "annotation_id": 1,
                    "num_segments": 6,
                }
            ]
        ),
        "didemo",
    ),
    "didemo.jsonl": (listed("didemo/12090392@N02_13482799053_87ef417396"), "didemo"),
    "lsmdc.csv": (tabs("1004_A_00.01.02.003-00.01.04.005|1|2|1|2|SOMEONE cuts bread."), "lsmdc"),
    "lsmdc.jsonl": (listed("1004_A/1004_A_00.01.02.003-00.01.04.005"), "lsmdc"),
    "val_1.json": (dense("v_--abcDEF_12", [0.28, 55.1], " A man cuts bread."), "activitynet-val1"),
    "paragraphs.json": (json.dumps({"v_--abcDEF_12": "A man cuts bread."}), "activitynet-val1"),
    "val1.jsonl": (listed("v_--abcDEF_12"), "activitynet-val1"),
    "yc2_val.json": (dense("v_--abcDEF_12", [90, 102], "cut the bread"), "youcook2"),
    "youcook.csv": ("end,start,task,text,video_id\n102,90,113,cut the bread,--abcDEF_123\n", "youcook2"),
    "msrvtt_qa.json": (json.dumps([QA | {"id": 7, "video_id": 1, "category_id": 14}]), "msrvtt-qa"),
    "msrvtt_qa.jsonl": (lines(QA | {"video_id": "video1", "answer_type": "who"}), "msrvtt-qa"),
    "hqga.csv": ("video,question,answer,qid,type\n7010,who cuts bread,man,170859,10\n", "msrvtt-qa"),
    "msvd_train.json": (json.dumps([QA | {"id": 20, "video_id": 2}, QA | {"id": 9, "video_id": 1}]), "msvd-qa"),
    "msvd_test.json": (json.dumps([QA | {"id": 37348, "video_id": 1451}]), "msvd-qa"),
    "msvd.jsonl": (lines(QA | {"video_id": "vid1", "answer_type": "who"}), "msvd-qa"),
    "mc.jsonl": (lines({"clip_name": "video3", "options": FIVE, "answer": 1}), "msrvtt-mc"),
    "action.csv": (
        tabs("gif_name|question|a1|a2|a3|a4|a5|answer|vid_id|key", TWIST.format("ACTION")),
        "tgif-action",
    ),
    "transition.csv": (
        tabs("gif_name|question|a1|a2|a3|a4|a5|answer|vid_id|key", TWIST.format("TRANS")),
        "tgif-transition",
    ),
    "frameqa.csv": (
        tabs(
            "gif_name|question|answer|type|vid_id|key|description",
            "tumblr_a_250|what is it ?|bread|0|FRAMEQA1|26|a .",
        ),
        "tgif-frameqa",
    ),
    "count.csv": (tabs("gif_name|question|answer|vid_id|key", "tumblr_a_250|how often ?|3|COUNT1|26"), "tgif-count"),
    "action.jsonl": (lines(GIF | {"question": "what 3 times ?", "options": FIVE, "answer": 1}), "tgif-action"),
    "transition.jsonl": (
        lines(GIF | {"question": "what before it nods a few times ?", "options": FIVE, "answer": 1})
        + lines(GIF | {"question": "what after it ?", "options": FIVE, "answer": 1}),
        "tgif-transition",
    ),
    "frameqa.jsonl": (lines(GIF | {"answer": "bread", "answer_type": "object"}), "tgif-frameqa"),
    "count.jsonl": (lines(GIF | {"answer": "3"}, GIF | {"answer": 10}), "tgif-count"),
    "hdvila_100m.jsonl": (listed("QMi8x8o55Ns.1.mp4"), ""),
    "lsmdc_mc.jsonl": (
        lines({"clip_name": "1004_A_00.01.02.003-00.01.04.005", "options": FIVE, "answer": 1}),
        "",
    ),
    "nextqa.csv": ("video,frame_count,question,answer,qid,type,a0\n1,9,who,0,1,CW,a\n", ""),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_for_its_own_benchmark_only(tmp_path: Path, name: str) -> None:
    content, owners = FILES[name]
    file = tmp_path / name
    file.write_text(content)
    for protocol in PROTOCOLS.values():
        if protocol.name in owners.split():
            found = protocol.read(file, "test")
            assert found.captions or found.questions
        else:
            with pytest.raises(UsageError, match="looks like") as refused:
                protocol.read(file, "test")
            assert str(file) in str(refused.value), protocol.name


LISTS: dict[str, tuple[str, dict[str, set[Split]]]] = {  # content, who reads it for which split
    "7k.csv": (
        "video_id\nvideo1\nvideo2\n",
        {name: {"train", "validation"} for name in ("msrvtt-1ka", "msrvtt-1ka-7k", "msrvtt-full")},
    ),
    "9k.csv": ("video_id\nvideo1\nvideo2\nvideo4\n", {"msrvtt-1ka": {"train", "validation"}}),
    "train_list_jsfusion.txt": ("video1\nvideo4\n", {"msrvtt-1ka": {"train", "validation"}}),
    "pairs.csv": (FILES["pairs.csv"][0], {}),
    "didemo_list.txt": ("1@N00_2_ab.mov\n3@N04_5_cd\n", {}),
    "val_1_list.txt": ("v_--abcDEF_12\n", {}),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_videos_to_train_on_is_that_of_the_split(tmp_path: Path, name: str) -> None:
    content, readers = LISTS[name]
    (tmp_path / "MSRVTT_data.json").write_text(json.dumps(MSRVTT))
    file = tmp_path / name
    file.write_text(content)
    for protocol in PROTOCOLS.values():
        for split in ("train", "validation"):
            if split in readers.get(protocol.name, set()):
                assert protocol.read(file, split).captions
            else:
                with pytest.raises(UsageError, match="looks like"):
                    protocol.read(file, split)


def test_tgifs_columns_are_swapped_and_a_file_that_mends_them_is_another(tmp_path: Path) -> None:
    file = tmp_path / "Test_action_question.csv"
    file.write_text(tabs("gif_name|question|a1|a2|a3|a4|a5|answer|key|vid_id", TWIST.format("ACTION")))
    with pytest.raises(UsageError, match="line 2: key has the question's id, 'ACTION1', and vid_id does not"):
        PROTOCOLS["tgif-action"].read(file, "test")

"""The real files: counts, the first entry of each, and what keeps one benchmark's file from being read as another's."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hdvila.annotations import msrvtt, tgif_qa
from hdvila.annotations.dense_captions import read_activitynet, read_didemo, read_youcook2
from hdvila.annotations.detect_format import detect_format
from hdvila.annotations.entries import read_json, read_text
from hdvila.annotations.moments import read_moments
from hdvila.annotations.msrvtt_questions import read_msrvtt_mc, read_msrvtt_qa
from hdvila.annotations.records import Annotations
from hdvila.errors import UsageError
from hdvila.evaluate.protocols import PROTOCOLS
from tests.shared import ANNOTATIONS, missing


def real(name: str) -> Path:
    if not (ANNOTATIONS / name).is_file():
        pytest.skip(missing(ANNOTATIONS / name))
    return ANNOTATIONS / name


COUNTS = {  # file: protocol, split, videos, captions, questions
    "msrvtt/MSRVTT_JSFUSION_test.csv": ("msrvtt-1ka", "test", 1000, 1000, 0),
    "msrvtt/videodatainfo_it_sample.json.gz": ("msrvtt-full", "test", 60, 1200, 0),
    "didemo/val_data.json.gz": ("didemo", "validation", 1065, 1065, 0),
    "activitynet_captions/val_1.json.gz": ("activitynet-val1", "test", 3487, 3487, 0),
    "activitynet_captions/train_modified.json.gz": ("activitynet-val1", "train", 2500, 2500, 0),
    "activitynet_captions/anet_entities_val_1_para.json": ("activitynet-val1", "test", 1750, 1750, 0),
    "youcook2/validation_youcook.csv": ("youcook2", "test", 2355, 2355, 0),
    "youcook2/yc2_val.json": ("youcook2", "test", 2464, 2464, 0),
    "youcook2/yc2_train.json": ("youcook2", "train", 7341, 7341, 0),
    "msrvtt_qa/val.jsonl.gz": ("msrvtt-qa", "validation", 349, 0, 8517),
    "msrvtt_qa/hqga_test.csv": ("msrvtt-qa", "test", 481, 0, 12000),
    "msvd_qa/train_qa.json": ("msvd-qa", "train", 294, 0, 8000),
    "msvd_qa/val_qa.json": ("msvd-qa", "validation", 178, 0, 4691),
    "msvd_qa/test_qa.json.gz": ("msvd-qa", "test", 371, 0, 9543),
    "tgif_qa/Test_action_question.csv": ("tgif-action", "test", 1568, 0, 1568),
    "tgif_qa/Train_action_question.csv": ("tgif-action", "train", 5000, 0, 5000),
    "tgif_qa/Test_transition_question.csv": ("tgif-transition", "test", 2184, 0, 4368),
    "tgif_qa/Test_frameqa_question.csv.gz": ("tgif-frameqa", "test", 4941, 0, 9512),
    "tgif_qa/Test_count_question.csv": ("tgif-count", "test", 2447, 0, 2447),
    "tgif_qa/Train_count_question.csv": ("tgif-count", "train", 5000, 0, 5000),
}


@pytest.mark.parametrize("name", COUNTS)
def test_nothing_is_lost(name: str) -> None:
    protocol, split, videos, captions, questions = COUNTS[name]
    found = PROTOCOLS[protocol].read(real(name), split)  # type: ignore[arg-type]
    assert (len(found.videos), len(found.captions), len(found.questions)) == (videos, captions, questions)
    known = {part.video_id for part in found.videos}
    assert {one.video_id for one in (*found.captions, *found.questions)} <= known
    assert all(caption.text == " ".join(caption.text.split()) for caption in found.captions)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_file_is_read_as_another_benchmarks(protocol: str) -> None:
    """A file of each against every protocol: it is read by its own family or refused in one line."""
    families = {"msrvtt-1ka-7k": "msrvtt-1ka", "msrvtt-mc": "msrvtt-full"}
    own = families.get(protocol, protocol)
    firsts = {whose: name for name, (whose, *_) in reversed(COUNTS.items())}
    for name in firsts.values():
        whose, split, *_ = COUNTS[name]
        if whose == own:
            continue
        with pytest.raises(UsageError, match=r"looks like|is not MS"):
            PROTOCOLS[protocol].read(real(name), split)  # type: ignore[arg-type]


def test_didemo_ids_are_those_of_the_field() -> None:
    listed = real("didemo/collaborative_experts/val_list.txt").read_text().split()
    found = read_didemo(real("didemo/val_data.json.gz"), "validation")
    assert {part.video_id for part in found.videos} == {name.rsplit(".", 1)[0] for name in listed}
    assert found.notes == ("29 videos are named with several endings",)


def test_activitynet_paragraphs_are_those_of_the_field() -> None:
    ours = {
        one.video_id: one.text for one in read_activitynet(real("activitynet_captions/val_1.json.gz"), "test").captions
    }
    theirs = read_activitynet(real("activitynet_captions/anet_entities_val_1_para.json"), "test").captions
    assert all(ours[one.video_id] == one.text for one in theirs)
    times = {
        name: video["timestamps"]
        for name, video in json.loads(gzip.decompress(real("activitynet_captions/val_1.json.gz").read_bytes())).items()
    }
    assert sum(times[one.video_id] != sorted(times[one.video_id]) for one in theirs) == 87
    assert sum(name[2] in "-_" for name in ours) > 50


def test_youcook2_tables_agree() -> None:
    dense = {one.query_id: one.text for one in read_youcook2(real("youcook2/yc2_val.json"), "test").captions}
    table = {one.query_id: one.text for one in read_youcook2(real("youcook2/validation_youcook.csv"), "test").captions}
    shared = dense.keys() & table.keys()
    assert len(shared) > 1000
    assert all(dense[name] == table[name] for name in shared)


def test_types_and_broken_answers() -> None:
    frames = tgif_qa.read_frameqa(real("tgif_qa/Test_frameqa_question.csv.gz"), "test")
    assert Counter(one.kind for one in frames.questions) == {
        "object": 3858,
        "number": 2184,
        "color": 2758,
        "location": 712,
    }
    asked = read_msrvtt_qa(real("msrvtt_qa/val.jsonl.gz"), "validation").questions
    vocabulary = read_json(real("msrvtt_qa/train_ans2label.json"))
    assert sum(one.answer == "coversation" for one in asked) > 0
    assert sum(one.answer not in vocabulary for one in asked) == 603


@pytest.mark.parametrize(
    ("name", "split", "numbers"),
    [
        ("train_qa.json", "train", range(1, 1201)),
        ("val_qa.json", "validation", range(1201, 1451)),
        ("test_qa.json.gz", "test", range(1451, 1971)),
    ],
)
def test_msvd_qa_parts_its_videos_by_number(name: str, split: str, numbers: range) -> None:
    """Otherwise than the captions of MSVD, which have 100 videos for validation and 670 for the test."""
    found = PROTOCOLS["msvd-qa"].read(real(f"msvd_qa/{name}"), split)  # type: ignore[arg-type]
    asked = {int(part.video_id.removeprefix("vid")) for part in found.videos}
    assert asked <= set(numbers)
    if split != "train":  # the part of it that is shared has not its last videos
        assert (min(asked), max(asked)) == (numbers[0], numbers[-1])
    (said,) = re.findall(rf"{split}\w* [\d,]+ (?:questions )?on ([\d,]*\d)", PROTOCOLS["msvd-qa"].split)
    assert said == f"{len(numbers):,}"


def test_lists_of_ids_name_the_videos_without_captions() -> None:
    with pytest.raises(UsageError, match="none for 8,587 of 9,000 videos"):
        msrvtt.read_1ka(real("msrvtt/MSRVTT_train.9k.csv"), "train")


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[str], Path]:
    """A real list of MSR-VTT, beside a json that has a caption for each of the 10,000 videos."""
    videos = [
        {"video_id": f"video{n}", "split": "train" if n < 6513 else "validate" if n < 7010 else "test"}
        for n in range(10_000)
    ]
    sentences = [{"sen_id": n, "video_id": f"video{n}", "caption": "a man talks"} for n in range(10_000)]
    (tmp_path / "MSRVTT_data.json").write_text(json.dumps({"videos": videos, "sentences": sentences}))
    return lambda name: Path(shutil.copy(real(f"msrvtt/{name}"), tmp_path))


def names(found: Annotations) -> set[str]:
    return {part.video_id for part in found.videos}


def test_msrvtts_lists_are_the_splits_that_their_names_say(listed: Callable[[str], Path]) -> None:
    nine = names(msrvtt.read_1ka(listed("MSRVTT_train.9k.csv"), "train"))
    seven = names(msrvtt.read_1ka_7k(listed("MSRVTT_train.7k.csv"), "train"))
    full = {
        split: names(msrvtt.read_full(listed(f"MSRVTT_{name}.full.csv"), split))
        for split, name in {"train": "train", "validation": "val", "test": "test"}.items()
    }
    pairs = names(msrvtt.read_1ka(listed("MSRVTT_JSFUSION_test.csv"), "test"))
    assert {split: len(videos) for split, videos in full.items()} == {"train": 6513, "validation": 497, "test": 2990}
    assert sum(map(len, full.values())) == len(set().union(*full.values())) == 10_000
    assert seven == full["train"] | full["validation"]
    assert len(seven) == PROTOCOLS["msrvtt-1ka-7k"].train_size
    assert pairs < full["test"]
    assert nine == set().union(*full.values()) - pairs
    assert len(nine & full["test"]) == 1990


def test_the_bare_list_of_9000_videos_is_the_csv_without_its_header(listed: Callable[[str], Path]) -> None:
    bare = msrvtt.read_1ka(listed("collaborative_experts/train_list_jsfusion.txt"), "train")
    assert names(bare) == names(msrvtt.read_1ka(listed("MSRVTT_train.9k.csv"), "train"))
    with pytest.raises(UsageError, match="1,990 of its 9,000 videos, such as video7010, are in MSR-VTT's own test"):
        msrvtt.read_1ka_7k(listed("collaborative_experts/train_list_jsfusion.txt"), "train")


def test_activitynets_second_validation_annotates_videos_of_the_first() -> None:
    folder = "activitynet_captions/collaborative_experts"
    first, second = (set(real(f"{folder}/val_{n}_list.txt").read_text().split()) for n in (1, 2))
    assert len(first) == PROTOCOLS["activitynet-val1"].queries
    assert len(second) == 4885
    assert second <= first
    for n, ids in enumerate((first, second), start=1):
        found = read_activitynet(real(f"activitynet_captions/val_{n}.json.gz"), "test")
        assert {part.video_id.removeprefix("v_") for part in found.videos} <= {one.removeprefix("v_") for one in ids}


@pytest.mark.parametrize(
    "name", ["Test_action", "Train_action", "Test_transition", "Test_frameqa", "Test_count", "Train_count"]
)
def test_a_question_of_tgif_is_about_its_gif_and_not_about_what_vid_id_names(name: str) -> None:
    task = name.partition("_")[2]
    path = real(f"tgif_qa/{name}_question.csv{'.gz' if task == 'frameqa' else ''}")
    header, *rows = (line.split("\t") for line in read_text(path).splitlines())
    columns = {column: place for place, column in enumerate(header)}
    found = PROTOCOLS[f"tgif-{task}"].read(path, "test").questions
    told = [(row[columns["vid_id"]], row[columns["gif_name"]]) for row in rows]
    assert [(one.question_id, one.video_id) for one in found] == told
    assert all(video.startswith("tumblr_") for _, video in told)
    assert all(row[columns["key"]].isdecimal() for row in rows)


def test_nothing_is_done_once() -> None:
    answers = {
        one.answer
        for name in ("Test_count", "Train_count")
        for one in tgif_qa.read_count(real(f"tgif_qa/{name}_question.csv"), "test").questions
    }
    assert answers == {str(count) for count in tgif_qa.COUNTS} - {"1"}


def test_choices_are_built_from_the_real_json() -> None:
    built = read_msrvtt_mc(real("msrvtt/videodatainfo_it_sample.json.gz"), "test")
    assert (len(built.questions), {len(one.options) for one in built.questions}) == (60, {5})


def test_moments_of_tvr() -> None:
    found = read_moments(real("tvr/tvr_val_release.jsonl.gz"), "validation")
    assert (len(found.videos), len(found.moments), found.notes) == (1507, 7535, ())
    first = found.moments[0]
    assert (first.query_id, first.video_id) == ("94603", "friends_s04e21_seg02_clip_18")
    assert (first.spans, first.kind) == (((0.0, 2.29),), "vt")
    assert Counter(moment.kind for moment in found.moments) == {"v": 5599, "t": 676, "vt": 1260}
    durations = read_json(real("tvr/tvr_video2dur_idx.json.gz"))["val"]
    assert all(video.duration == durations[video.video_id][0] for video in found.videos)
    hidden = read_moments(real("tvr/tvr_test_public_release.jsonl"), "test")
    assert (len(hidden.videos), len(hidden.moments)) == (0, 3795)
    assert hidden.notes == ("3,795 queries have no span: their targets are hidden",)


def test_every_real_file_is_named_or_said_to_be_unknown() -> None:
    real("msrvtt/MSRVTT_JSFUSION_test.csv")
    files = [file for file in sorted(ANNOTATIONS.rglob("*")) if file.is_file()]
    assert sum(detect_format(file) == "no known format" for file in files) <= 4
    assert not any(detect_format(file) == "a damaged file" for file in files)

"""The registry: every protocol complete, its files found, and guessing lands on its chance level."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question, Split
from hdvila.errors import UsageError
from hdvila.evaluate.predictions import Answers, Similarity
from hdvila.evaluate.protocols import PROTOCOLS, Protocol, find_annotations, get_protocol, read_file, read_split
from hdvila.evaluate.protocols.files import split_of
from hdvila.evaluate.record import Record
from hdvila.evaluate.score import score
from hdvila.models.hdvila.benchmarks import SHOWN

RETRIEVAL = ["msrvtt-1ka", "msrvtt-1ka-7k", "msrvtt-full", "didemo", "lsmdc", "activitynet-val1", "youcook2"]
QUESTIONS = ["msrvtt-qa", "msrvtt-mc", "msvd-qa", "tgif-action", "tgif-transition", "tgif-frameqa", "tgif-count"]
IMAGES = ["vqa2", "coco-captions", "visual-genome"]
NAMES = RETRIEVAL + QUESTIONS + IMAGES
TO_LEARN_FROM = ["coco-captions", "visual-genome"]
MEASURES = {"metric", "queries", "gallery", "chance", "published"}


def test_all_are_there_and_say_everything() -> None:
    assert list(PROTOCOLS) == NAMES
    for name, protocol in PROTOCOLS.items():
        plain = json.loads(json.dumps(protocol.to_dict()))
        assert plain["name"] == name
        needed = plain.keys() - {"differences", "train_size"} - (MEASURES if name in TO_LEARN_FROM else set())
        assert all(plain[key] for key in needed), f"{name} leaves something empty"
        assert bool(protocol.train_size) == ("train" in protocol.files)
        assert ("test" in protocol.files) == bool(protocol.metric) == (name not in TO_LEARN_FROM)
    for name, shown in SHOWN.items():
        protocol = PROTOCOLS[name]
        assert all(shown.to_dict()[key] for key in ("train", "test", "text_length", "consensus", "differences"))
        if kept := " ".join(one for one in shown.differences if one.startswith("Which checkpoint")):
            assert ("there is no validation split" in kept) == ("validation" not in protocol.files), name
        assert shown.consensus == ("logsumexp" if name in ("msrvtt-qa", "msvd-qa") else "mean")
        for sampling in (shown.train, shown.test):
            assert (sampling.fps, sampling.hr_every) == (6.0, 3)
    assert set(SHOWN) == set(RETRIEVAL + QUESTIONS)


@pytest.mark.parametrize("name", TO_LEARN_FROM)
def test_nothing_is_measured_on_a_set_to_learn_from(tmp_path: Path, name: str) -> None:
    protocol = get_protocol(name)
    for refused in (
        lambda: read_split(protocol, tmp_path, "test"),
        lambda: read_file(protocol, tmp_path / "captions_val2014.json"),
    ):
        with pytest.raises(UsageError, match=f"{name} is a set of captions to learn from"):
            refused()


def test_zero_shot_says_that_the_papers_large_pictures_are_enlarged_ones() -> None:
    shown = SHOWN["msrvtt-1ka"]
    assert shown.zero_shot is not None
    (said,) = (one for one in shown.differences if one.startswith("Zero-shot in the paper"))
    see = shown.zero_shot
    assert f"{see.segments} segments of {2 * see.neighbours + 1} frames" in said
    assert f"LR of {see.height // 4}x{see.width // 4}, HR the LR picture enlarged four times" in said
    assert (see.segments, see.neighbours, see.height // 4, see.width // 4, see.enlarged) == (4, 5, 224, 320, True)
    assert see.hr_every == 1, "any frame can be a middle one, as in the released code"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("msrvtt_1ka", "msrvtt-1ka"), ("TGIF-frame", "tgif-frameqa"), ("activitynet", "activitynet-val1")],
)
def test_a_wrong_name_is_answered_with_the_right_one(typed: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {meant}\\?"):
        get_protocol(typed)
    with pytest.raises(UsageError, match="choose one of msrvtt-1ka, "):
        get_protocol("imagenet")


PAIRS = b"key,vid_key,video_id,sentence\nret0,msr9770,video9770,a man\n"


@pytest.mark.parametrize("place", ["MSRVTT_JSFUSION_test.csv", "annotations/MSRVTT_JSFUSION_test.csv.gz"])
def test_annotations_are_found_in_a_data_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / place).write_bytes(gzip.compress(PAIRS) if place.endswith(".gz") else PAIRS)
    protocol = get_protocol("msrvtt-1ka")
    assert find_annotations(protocol, tmp_path, "test") == tmp_path / place
    assert read_split(protocol, tmp_path, "test").captions == (Caption("ret0", "video9770", "a man"),)


@pytest.mark.parametrize(
    ("protocol", "name", "split"),
    [
        ("tgif-action", "Test_action_question.csv", "test"),
        ("tgif-action", "Train_action_question.csv", "train"),
        ("tgif-action", "Total_action_question.csv", "train"),
        ("activitynet-val1", "val_1.json.gz", "test"),
        ("activitynet-val1", "val_2.json.gz", "validation"),
        ("activitynet-val1", "train_modified.json", "train"),
        ("activitynet-val1", "anet_val1_paragraphs.json", "test"),
        ("activitynet-val1", "my_val.json", "validation"),
        ("activitynet-val1", "val-1.json", "test"),
        ("activitynet-val1", "train_val_1.json", "validation"),
        ("youcook2", "yc2_train_val.json", "validation"),
        ("msrvtt-qa", "trainQA.json", "train"),
        ("msrvtt-qa", "MSRVTTTrain.json", "train"),
        ("msrvtt-qa", "trainval.json", "train"),
        ("msrvtt-qa", "validationset.csv", "validation"),
        ("msrvtt-qa", "devtest.csv", None),
        ("youcook2", "yc2_val.json", "test"),
        ("youcook2", "my_validation_steps.csv", "test"),
        ("youcook2", "yc2_train.json", "train"),
        ("msrvtt-qa", "val.jsonl.gz", "validation"),
        ("msrvtt-qa", "hqga_test.csv", "test"),
        ("msrvtt-full", "MSRVTT_data.json", "test"),
        ("msrvtt-full", "train_val_videodatainfo.json", "validation"),
        ("msrvtt-1ka", "MSRVTT_JSFUSION_test.csv", "test"),
        ("msrvtt-1ka", "train9k.jsonl", "train"),
        ("lsmdc", "my_clips.csv", None),
        ("lsmdc", "LSMDC16_annos_val_someone.csv", "validation"),
        ("didemo", "trained_on_the_test.json", "test"),
    ],
)
def test_a_files_name_says_which_split_it_is(protocol: str, name: str, split: Split | None) -> None:
    assert split_of(get_protocol(protocol), Path("train") / name) == split


@pytest.mark.parametrize(
    ("protocol", "name", "content"),
    [
        ("msvd-qa", "hqga_test.csv", "video,question,answer,qid,type\n7010,what is it,show,170859,10\n"),
        ("activitynet-val1", "anet_entities_val_1_para.json", '{"v_uqiMw7tQ1Cc": "A weight lifting tutorial."}'),
    ],
)
def test_another_benchmarks_file_is_not_taken_for_the_test(
    protocol: str, name: str, content: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=f"the test annotations of {protocol} are missing"):
        find_annotations(get_protocol(protocol), tmp_path, "test")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"put one of MSRVTT_JSFUSION_test.csv, test1ka.jsonl there"):
        read_split(get_protocol("msrvtt-1ka"), tmp_path, "test")
    with pytest.raises(UsageError, match="has no validation split, only train, test; no validation, so split one off"):
        read_split(get_protocol("tgif-action"), tmp_path, "validation")


def synthetic(protocol: Protocol, seed: int) -> Annotations:
    """A test of the protocol's form: questions whose answers say nothing."""
    draw = np.random.default_rng(seed)
    if protocol.task == "retrieval":
        videos = [BenchmarkVideo(f"v{number}") for number in range(protocol.gallery // 4)]
        each = 3 if protocol.name == "msrvtt-full" else 1
        captions = [Caption(f"{part.video_id}/{n}", part.video_id, "x") for part in videos for n in range(each)]
        return Annotations(tuple(videos), tuple(captions))
    videos = [BenchmarkVideo(f"v{number}") for number in range(6000 if protocol.task == "open_ended" else 2000)]
    questions = []
    for part in videos:
        for number in range(10):
            options = tuple("abcde") if protocol.task == "multiple_choice" else ()
            answer: int | str = int(draw.integers(5)) if options else str(draw.integers(protocol.gallery))
            if protocol.task == "open_ended" and number == 9:
                answer = "outside every vocabulary"
            questions.append(Question(f"{part.video_id}/{number}", part.video_id, "?", answer, options))
    return Annotations(tuple(videos), (), tuple(questions))


def guess(protocol: Protocol, annotations: Annotations, seed: int) -> Record:
    draw = np.random.default_rng(seed)
    if protocol.task == "retrieval":
        similarity = draw.random((len(annotations.captions), len(annotations.videos)), np.float32)
        queries = tuple(caption.query_id for caption in annotations.captions)
        return score(
            protocol, annotations, Similarity(similarity, queries, tuple(v.video_id for v in annotations.videos))
        )
    answers: dict[str, str | int | float] = {}
    for question in annotations.questions:
        drawn = int(draw.integers(protocol.gallery))
        answers[question.question_id] = str(drawn) if protocol.task == "open_ended" else drawn
    vocabulary = {str(row) for row in range(protocol.gallery)} if protocol.task == "open_ended" else None
    return score(protocol, annotations, Answers(answers), vocabulary=vocabulary)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TO_LEARN_FROM])
def test_a_random_scorer_lands_on_chance(name: str) -> None:
    protocol = get_protocol(name)
    annotations = synthetic(protocol, 1)
    record = guess(protocol, annotations, 2)
    if protocol.task == "retrieval":
        assert record.text_to_video is not None
        assert record.video_to_text is not None
        assert record.chance == pytest.approx(1 / len(annotations.videos))
        for direction, k in ((record.text_to_video, 50), (record.video_to_text, 50)):
            per_video = len(annotations.captions) / len(annotations.videos) if direction is record.video_to_text else 1
            expected = 1 - (1 - k / direction["gallery"]) ** per_video
            assert direction[f"r{k}"] == pytest.approx(expected, abs=4 * (expected / direction["queries"]) ** 0.5)
        middle = record.text_to_video["gallery"] / 2
        assert record.text_to_video["median_rank"] == pytest.approx(middle, rel=0.2)
    elif protocol.task == "count":
        assert record.mean_squared_error == pytest.approx(record.chance, rel=0.05)
        assert record.accuracy == pytest.approx(1 / 11, abs=0.01)
    else:
        inside = 0.9 if protocol.task == "open_ended" else 1.0
        assert record.chance == pytest.approx(inside * protocol.chance)
        spread = 4 * (record.chance / record.queries) ** 0.5
        assert spread < record.chance  # a scorer that is never right would show
        assert record.accuracy == pytest.approx(record.chance, abs=spread)

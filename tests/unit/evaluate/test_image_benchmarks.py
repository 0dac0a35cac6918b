"""VQA 2.0 scored by soft answers, its secret test, and what is learned from images in a folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hdvila.annotations.records import Annotations, BenchmarkVideo, Question
from hdvila.data.examples import training_answers
from hdvila.data.source import open_prepared
from hdvila.errors import UsageError
from hdvila.evaluate.clip_test import ClipTest, benchmark_test
from hdvila.evaluate.predictions import Answers, read_predictions, write_predictions
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.evaluate.score import quick_score, score
from hdvila.media import encode_jpeg
from tests.unit.annotations.test_image_files import ANNOTATIONS, ANSWERED, ASKED, COCO, QUESTIONS, put

VQA2 = get_protocol("vqa2")
IMAGE = BenchmarkVideo("a", media="image")


def asked(number: int, kind: str, **soft: float) -> Question:
    best = max(soft, key=lambda word: soft[word]) if soft else ""
    return Question(str(number), "a", "What?", best, kind=kind, soft_answers=tuple(soft.items()))


QUESTIONS_ASKED = Annotations(
    (IMAGE,),
    questions=(
        asked(1, "yes/no", yes=1.0),
        asked(2, "other", cat=1.0, dog=1 / 3),
        asked(3, "other", dog=2 / 3, cat=1 / 3),
        asked(4, "number", **{"2": 1.0}),
        asked(5, "other"),
    ),
)


def test_an_answer_counts_what_it_is_worth() -> None:
    said = Answers({"1": "Yes", "2": "a dog", "3": "cat", "4": "two", "5": "cat"})
    record = score(VQA2, QUESTIONS_ASKED, said, vocabulary=("yes", "cat", "2"), resamples=20)
    assert record.accuracy == pytest.approx((1 + 1 / 3 + 1 / 3 + 1 + 0) / 5)
    assert record.accuracy_by_type == pytest.approx({"yes/no": 1, "number": 1, "other": 2 / 9})
    assert record.most_frequent == pytest.approx((1 + 1 / 3) / 5), "always cat"
    assert record.chance == pytest.approx((1 + 1 + 1 / 3 + 1) / 5 / 3)
    assert record.out_of_vocabulary == {"questions": 1, "answers": 1}, "a question that nothing answers"
    assert quick_score(VQA2, QUESTIONS_ASKED, Answers({"3": "cat", "1": "yes"})) == pytest.approx(2 / 3)


def test_of_secret_answers_nothing_is_scored_and_the_file_is_what_the_server_takes(tmp_path: Path) -> None:
    hidden = Annotations((IMAGE,), questions=(Question("262148000", "a", "What?", ""),), hidden=True)
    said = Answers({"262148000": "cat"})
    record = score(VQA2, hidden, said, resamples=20)
    assert record.accuracy is record.accuracy_by_type is record.most_frequent is None
    assert "its server scores the predictions" in record.notes[-1]
    write_predictions(tmp_path / "vqa.json", said)
    assert json.loads((tmp_path / "vqa.json").read_text()) == [{"question_id": 262148000, "answer": "cat"}]
    assert read_predictions(tmp_path / "vqa.json", "open_ended") == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"question_id": 1, "answer": "a"}, 7]', "entry 2: is 7, but must be an object"),
        ('[{"question_id": 1}]', "entry 1: there is no 'answer'"),
        ("3", "must have a list of objects, but has a int"),
        ('{"question_id": 1, "answer": "a"}\n[1]', "line 2: is .1., but must be an object with question_id and answer"),
        ("[]", "has no answers"),
    ],
)
def test_a_list_of_answers_that_is_none_is_told(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(UsageError, match=said):
        read_predictions(tmp_path / "a.json", "open_ended")


def test_what_nothing_answers_is_no_answer_to_learn() -> None:
    assert training_answers(QUESTIONS_ASKED) == ["yes", "cat", "dog", "2"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """VQA's validation and COCO's training, with one of two images."""
    put(tmp_path, QUESTIONS.format("val2014"), ASKED)
    put(tmp_path, ANNOTATIONS.format("val2014"), ANSWERED)
    put(tmp_path, "captions_train2014.json", COCO)
    (tmp_path / "images" / "sub").mkdir(parents=True)
    pixels = encode_jpeg(np.zeros((30, 40, 3), np.uint8))
    for name in ("COCO_val2014_000000262148", "COCO_train2014_000000057870"):
        (tmp_path / "images" / "sub" / f"{name}.jpg").write_bytes(pixels)
    (tmp_path / "images" / "COCO_train2014_000000384029.jpg").write_bytes(pixels[:100])
    return tmp_path


def test_a_benchmark_of_images_is_opened_straight_from_their_folder(data: Path) -> None:
    test = benchmark_test("vqa2", data, split="validation")
    assert (test.split, list(test.numbers)) == ("validation", ["COCO_val2014_000000262148"])
    captions = read_split(get_protocol("coco-captions"), data, "train")
    prepared = open_prepared(data, "store", "coco-captions", [captions])
    assert [(clip.video_id, clip.text[:12]) for clip in prepared.source.clips] == [
        ("COCO_train2014_000000057870", "A restaurant")
    ]
    (damaged,) = prepared.damaged
    assert damaged.startswith(f"{data / 'images' / 'COCO_train2014_000000384029.jpg'}: ")
    test = ClipTest.of_benchmark(get_protocol("coco-captions"), captions, prepared, "store", allow_missing=True)
    assert test.annotations.notes[-1].startswith(f"1 image cannot be read: {data}")


def test_without_store_and_images_both_ways_out_are_told(data: Path) -> None:
    captions = read_split(get_protocol("coco-captions"), data, "train")
    (data / "images").rename(data / "elsewhere")
    with pytest.raises(UsageError, match=r"hdvila prepare coco-captions .*, or put the images into .*images"):
        open_prepared(data, "store", "coco-captions", [captions])
    videos = replace(captions, videos=(BenchmarkVideo("a"),))
    with pytest.raises(UsageError, match="there is no such store; make it with"):
        open_prepared(data, "store", "msrvtt-1ka", [videos])

"""COCO captions, Visual Genome and VQA 2.0: small files in every form of the real ones, whole and damaged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hdvila.annotations.coco import read_coco_captions
from hdvila.annotations.detect_format import detect_format
from hdvila.annotations.hdvila_jsonl import read_retrieval
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question
from hdvila.annotations.visual_genome import read_visual_genome
from hdvila.annotations.vqa2 import read_vqa2
from hdvila.annotations.vqa_answers import normalise_answer, soft_answers
from hdvila.errors import UsageError

Reader = Callable[[Path, Any], Annotations]

COCO = {
    "info": {"year": 2014},
    "images": [
        {"license": 5, "file_name": "COCO_train2014_000000057870.jpg", "height": 480, "width": 640, "id": 57870},
        {"license": 5, "file_name": "COCO_train2014_000000384029.jpg", "height": 429, "width": 640, "id": 384029},
    ],
    "licenses": [],
    "annotations": [
        {"image_id": 384029, "id": 48, "caption": "A bicycle replica with a clock as the front wheel. "},
        {"image_id": 57870, "id": 787980, "caption": "A restaurant has modern wooden\ntables and chairs."},
        {"image_id": 57870, "id": 789366, "caption": "A long restaurant table with rattan rounded back chairs."},
    ],
}
KARPATHY = {
    "dataset": "coco",
    "images": [
        {"filename": f"COCO_{folder}_{number:012d}.jpg", "cocoid": number, "split": split, "filepath": folder,
         "sentids": [number], "sentences": [{"raw": f"a {split} image", "sentid": number, "tokens": ["a"]}]}
        for number, folder, split in [
            (9, "train2014", "train"), (42, "val2014", "restval"), (73, "val2014", "val"), (74, "val2014", "test"),
        ]
    ],
}  # fmt: skip
VG = [
    {"id": 1, "regions": [
        {"region_id": 1382, "image_id": 1, "phrase": "the clock is green", "y": 57, "x": 421},
        {"region_id": 1383, "image_id": 1, "phrase": " shade along the\nstreet ", "y": 3, "x": 4},
    ]},
    {"id": 2, "regions": [{"region_id": 1382, "phrase": "a car"}, {"region_id": 7, "phrase": ""}]},
    {"id": 3, "regions": [{"region_id": 8, "phrase": "a dog"}]},
    {"id": 4, "regions": []},
]  # fmt: skip
FACTS = [
    {
        "width": 800,
        "url": "https://x/VG_100K_2/1.jpg",
        "height": 600,
        "image_id": 1,
        "coco_id": None,
        "flickr_id": None,
    },
    {"image_id": 2, "coco_id": 73, "flickr_id": 9},
    {"image_id": 3, "coco_id": 42},
]
ASKED = {
    "info": {}, "task_type": "Open-Ended", "data_type": "mscoco", "license": {}, "data_subtype": "val2014",
    "questions": [
        {"image_id": 262148, "question": "Where is he looking?", "question_id": 262148000},
        {"image_id": 262148, "question": "How many people?", "question_id": 262148001},
    ],
}  # fmt: skip
TEN = ["down", "down", "at table", "skateboard", "down", "the table", "Down.", "down", "table", "down"]
ANSWERED = {
    "info": {}, "data_type": "mscoco", "license": {}, "data_subtype": "val2014",
    "annotations": [
        {"question_type": "where is", "multiple_choice_answer": "down", "image_id": 262148, "answer_type": "other",
         "question_id": 262148000,
         "answers": [{"answer": one, "answer_confidence": "yes", "answer_id": i} for i, one in enumerate(TEN, 1)]},
        {"question_type": "how many", "multiple_choice_answer": "two", "image_id": 262148, "answer_type": "number",
         "question_id": 262148001, "answers": [{"answer": one} for one in ["2"] * 6 + ["two"] * 3 + ["none"]]},
    ],
}  # fmt: skip
QUESTIONS, ANNOTATIONS = "v2_OpenEnded_mscoco_{}_questions.json", "v2_mscoco_{}_annotations.json"


def put(folder: Path, name: str, content: object) -> Path:
    """A file of JSON, or for .jsonl a line for each of a list."""
    lines = content if name.endswith(".jsonl") else [content]
    assert isinstance(lines, list)
    (folder / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return folder / name


def image(name: str, file: str = "") -> BenchmarkVideo:
    return BenchmarkVideo(name, file, media="image")


def test_cocos_own_captions(tmp_path: Path) -> None:
    found = read_coco_captions(put(tmp_path, "captions_train2014.json", COCO), "train")
    first, second = "COCO_train2014_000000057870", "COCO_train2014_000000384029"
    assert found.videos == (image(first), image(second))
    assert found.captions == (
        Caption("48", second, "A bicycle replica with a clock as the front wheel."),
        Caption("787980", first, "A restaurant has modern wooden tables and chairs."),
        Caption("789366", first, "A long restaurant table with rattan rounded back chairs."),
    )


@pytest.mark.parametrize(("split", "numbers"), [("train", ["9", "42"]), ("validation", ["73"]), ("test", ["74"])])
def test_karpathys_training_has_what_he_calls_restval(tmp_path: Path, split: Any, numbers: list[str]) -> None:
    found = read_coco_captions(put(tmp_path, "dataset_coco.json", KARPATHY), split)
    assert [caption.query_id for caption in found.captions] == numbers


def test_clipberts_lines(tmp_path: Path) -> None:
    rows: list[tuple[Reader, dict[str, Any], tuple[BenchmarkVideo, ...], Any]] = [
        (read_coco_captions, {"caption": "a cat", "coco_id": 391895}, (image("000000391895"),), None),
        (
            read_coco_captions,
            {"caption": "a cat", "coco_id": "val2014/COCO_val2014_000000391895.jpg"},
            (image("COCO_val2014_000000391895"),),
            None,
        ),
        (read_visual_genome, {"caption": "a cat", "vg_id": "2345"}, (image("VG_2345", "2345"),), None),
        (read_visual_genome, {"caption": "a cat", "vg_id": "VG_100K/2345.jpg"}, (image("VG_2345", "2345"),), None),
        (lambda path, _: read_retrieval(path, "MSR-VTT"), {"caption": "a cat", "clip_name": "video7", "sen_id": 3},
         (BenchmarkVideo("video7"),), None),
        (
            read_vqa2,
            {"image_id": "COCO_val2014_000000391895", "question_id": 7, "question": "What?", "answer_type": "other",
             "labels": {"net": 0.3, "cat": 1}},
            (image("COCO_val2014_000000391895"),),
            Question("7", "COCO_val2014_000000391895", "What?", "cat", kind="other",
                     soft_answers=(("net", 0.3), ("cat", 1.0))),
        ),
        (read_vqa2, {"image_id": 5, "question_id": 7, "question": "What?", "answer_type": "other", "labels": {}},
         (image("000000000005"),), Question("7", "000000000005", "What?", "", kind="other")),
    ]  # fmt: skip
    for reader, line, videos, question in rows:
        found = reader(put(tmp_path, "train.jsonl", [line]), "train")
        assert found.videos == videos
        assert found.questions == (() if question is None else (question,))
        assert [caption.text for caption in found.captions] == (["a cat"] if question is None else [])
        assert not found.hidden


def test_phrases_of_visual_genome_are_captions_of_their_images(tmp_path: Path) -> None:
    put(tmp_path, "dataset_coco.json", "broken: not looked at without image_data.json")
    found = read_visual_genome(put(tmp_path, "region_descriptions.json", VG), "train")
    assert found.videos == (image("VG_1", "1"), image("VG_2", "2"), image("VG_3", "3"))
    assert found.captions == (
        Caption("1382", "VG_1", "the clock is green"),
        Caption("1383", "VG_1", "shade along the street"),
        Caption("1382/1", "VG_2", "a car"),
        Caption("8", "VG_3", "a dog"),
    )
    assert found.notes == (
        "images that COCO holds out for validation and test may be among these: put image_data.json beside the file, "
        "and they are left out",
        "1 caption without text was dropped",
    )


@pytest.mark.parametrize(
    ("beside", "left", "said"),
    [
        ({}, [1, 2, 3], "put dataset_coco.json, captions_val2014.json or VQA's questions beside the file"),
        ({"dataset_coco.json": KARPATHY}, [1, 3], "1 image is left out: they are of the validation or test of dataset"),
        (
            {"captions_val2014.json": COCO | {"images": [{"id": 73}, {"id": 42}]}},
            [1],
            "2 images are left out: they are in captions_val2014.json, by the COCO ids of image_data.json",
        ),
        (
            {QUESTIONS.format("test-dev2015"): ASKED | {"questions": [{"image_id": 42}]}},
            [1, 2],
            "1 image is left out: they are in v2_OpenEnded_mscoco_test-dev2015_questions.json",
        ),
    ],
)
def test_images_that_coco_holds_out_are_not_learned_from(
    tmp_path: Path, beside: dict[str, object], left: list[int], said: str
) -> None:
    file = put(tmp_path, "region_descriptions.json", VG)
    (tmp_path / "image_data.json.gz").write_bytes(gzip.compress(json.dumps(FACTS).encode()))
    for name, content in beside.items():
        put(tmp_path, name, content)
    found = read_visual_genome(file, "train")
    assert [video.video_id for video in found.videos] == [f"VG_{number}" for number in left]
    assert {caption.video_id for caption in found.captions} <= {video.video_id for video in found.videos}
    assert said in found.notes[0]


@pytest.mark.parametrize("given", [QUESTIONS, ANNOTATIONS])
def test_questions_of_vqa_and_their_ten_answers(tmp_path: Path, given: str) -> None:
    put(tmp_path, QUESTIONS.format("val2014"), ASKED)
    put(tmp_path, ANNOTATIONS.format("val2014"), ANSWERED)
    found = read_vqa2(tmp_path / given.format("val2014"), "validation")
    name = "COCO_val2014_000000262148"
    assert found.videos == (image(name),)
    where, many = found.questions
    assert (where.question_id, where.answer, where.kind) == ("262148000", "down", "other")
    assert dict(where.soft_answers) == {"down": 1, "table": 2 / 3, "at table": 1 / 3, "skateboard": 1 / 3}
    assert (many.answer, many.soft_answers) == ("2", (("2", 1.0), ("0", 1 / 3)))
    assert not found.hidden


@pytest.mark.parametrize("part", ["test2015", "test-dev2015"])
def test_the_answers_of_the_tests_are_secret(tmp_path: Path, part: str) -> None:
    found = read_vqa2(put(tmp_path, QUESTIONS.format(part), ASKED | {"data_subtype": part}), "test")
    assert found.hidden
    assert found.questions[0] == Question("262148000", "COCO_test2015_000000262148", "Where is he looking?", "")


@pytest.mark.parametrize(
    ("answer", "compared"),
    [
        ("Yes", "yes"),
        ("the red car.", "red car"),
        ("A", ""),
        ("two", "2"),
        ("None", "0"),
        ("1,000", "1000"),
        ("3.5", "3.5"),
        ("5 p.m.", "5 pm"),
        ("black/white", "black white"),
        ("black / white", "black white"),
        ("t-shirt", "t shirt"),
        ("t-shirt - red", "tshirt red"),
        ("dont know", "don't know"),
        ("couldnt've", "couldn't've"),
        ("y'allll", "y'all'll"),
        ("twas", "'twas"),
        ("somebody'd", "somebodyd"),
        ("lets go", "lets go"),
        ("it's", "it's"),
        ("what?!", "what"),
        ("a\nb\tc", "b c"),
    ],
)
def test_answers_are_compared_as_the_benchmark_does(answer: str, compared: str) -> None:
    assert normalise_answer(answer) == compared


def test_an_answer_counts_by_how_many_people_gave_it() -> None:
    given = ["cat", "a cat", "Cat", "dog", "two dogs", "dog", "1 dog", "bird", "bird.", "cat"]
    assert soft_answers(given) == (
        ("cat", 1.0), ("dog", 2 / 3), ("bird", 2 / 3), ("2 dogs", 1 / 3), ("1 dog", 1 / 3)
    )  # fmt: skip


def changed(whole: Any, *keys: Any, to: Any) -> Any:
    """A copy with one value replaced."""
    copy = json.loads(json.dumps(whole))
    inner = copy
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = to
    return copy


BROKEN: list[tuple[Reader, str, Any, str]] = [
    (read_coco_captions, "c.json", changed(COCO, "images", to={}), "'images' is {}, but must be a list"),
    (read_coco_captions, "c.json", changed(COCO, "images", 1, to=None), "images, entry 2: is None, but must be an obj"),
    (
        read_coco_captions,
        "c.json",
        changed(COCO, "images", 0, "id", to="x"),
        "entry 1: 'id' is 'x', but must be a whole",
    ),
    (
        read_coco_captions,
        "c.json",
        changed(COCO, "annotations", 0, "image_id", to=3),
        "entry 1: the image 3 is not among",
    ),
    (read_coco_captions, "c.json", changed(COCO, "annotations", 2, "caption", to=[]), "entry 3: 'caption' is"),
    (
        read_coco_captions,
        "c.json",
        changed(COCO, "annotations", 0, to={"image_id": 1, "bbox": []}),
        "looks like COCO's",
    ),
    (
        read_coco_captions,
        "c.json",
        changed(KARPATHY, "images", 0, "sentences", to=None),
        "entry 1: 'sentences' is None",
    ),
    (read_coco_captions, "c.json", [], "is not COCO's captions"),
    (read_coco_captions, "c.json", ASKED, "looks like VQA 2.0's questions"),
    (read_coco_captions, "c.jsonl", [{"caption": None, "coco_id": 1}], "line 1: 'caption' is None"),
    (read_visual_genome, "v.json", changed(VG, 1, "regions", to=7), "entry 2: 'regions' is 7, but must be a list"),
    (read_visual_genome, "v.json", changed(VG, 0, "regions", 0, to="x"), r"entry 1 \(image 1\): is 'x'"),
    (read_visual_genome, "v.json", changed(VG, 2, to=5), "entry 3: is 5, but must be an object"),
    (read_visual_genome, "v.json", FACTS, "looks like Visual Genome's facts of its images"),
    (read_visual_genome, "v.json", COCO, "looks like COCO's annotations"),
    (read_vqa2, QUESTIONS.format("val2014"), ASKED, "v2_mscoco_val2014_annotations.json does not lie beside it"),
    (read_vqa2, ANNOTATIONS.format("val2014"), ANSWERED, "v2_OpenEnded_mscoco_val2014_questions.json does not lie"),
    (read_vqa2, "mine.json", ASKED, "v2_mscoco_SPLIT_annotations.json does not lie beside it"),
    (read_vqa2, "q.json", changed(ASKED, "data_subtype", to=None), "'data_subtype' is None, but must be text"),
    (read_vqa2, "q.jsonl", [{"image_id": 1, "question_id": 2, "question": "?", "labels": [1]}], "line 1: 'labels' is"),
    (
        read_vqa2,
        "q.jsonl",
        [{"image_id": 1, "question_id": 2, "question": "?", "labels": {"a": 3}}],
        "'a' 3, but weights",
    ),
    (
        read_vqa2,
        "q.jsonl",
        [{"image_id": 1, "question_id": 2, "question": "?", "labels": {"a": "x"}}],
        "'a' is 'x', but",
    ),
    (read_vqa2, "q.json", KARPATHY, "looks like Karpathy's split of COCO"),
]


@pytest.mark.parametrize(("reader", "name", "content", "said"), BROKEN)
def test_damaged_and_other_files_are_told_in_one_line(
    tmp_path: Path, reader: Reader, name: str, content: Any, said: str
) -> None:
    file = put(tmp_path, name, content)
    with pytest.raises(UsageError, match=said) as refused:
        reader(file, "train")
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("annotations", 0, "answers"), r"annotations, entry 1: 'answers' is 7, but must be a list of answers"),
        (("annotations", 0, "question_id"), "entry 1: the question 262148000 has no answers"),
        (("annotations", 0, "answers", 3), "entry 1: is 7, but must be an object"),
    ],
)
def test_damaged_answers_name_their_own_file(tmp_path: Path, change: tuple[Any, ...], said: str) -> None:
    file = put(tmp_path, QUESTIONS.format("val2014"), ASKED)
    put(tmp_path, ANNOTATIONS.format("val2014"), changed(ANSWERED, *change, to=7))
    with pytest.raises(UsageError, match=said):
        read_vqa2(file, "validation")


def test_what_such_a_file_is_is_known(tmp_path: Path) -> None:
    assert detect_format(put(tmp_path, "a.json", ANSWERED)) == "VQA 2.0's annotations"
    lines = [{"caption": "a man", "clip_name": "video7", "sen_id": 1}]
    assert (
        detect_format(put(tmp_path, "a.jsonl", lines)) == "a retrieval jsonl of the official ClipBERT code on MSR-VTT"
    )

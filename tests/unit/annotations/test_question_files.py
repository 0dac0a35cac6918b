"""MSRVTT-QA, MSVD-QA, TGIF-QA, MSRVTT-MC and the official lists: small files with every oddity of the real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from hdvila.annotations import hdvila_jsonl, tgif_qa
from hdvila.annotations.merge import select_videos
from hdvila.annotations.msrvtt_questions import build_multiple_choice, read_msrvtt_mc, read_msrvtt_qa, read_msvd_qa
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question
from hdvila.errors import UsageError


def write(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_bytes(content.encode())
    return folder / name


def jsonl(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def tabs(*rows: Sequence[str]) -> str:
    return "".join("\t".join(row) + "\r\n" for row in rows)


def test_the_three_forms_of_msrvtt_qa(tmp_path: Path) -> None:
    whole = [{"answer": "coversation", "id": 170859, "question": "what is a family having?", "video_id": 7010}]
    line = {
        "answer": "coversation",
        "question": "what is a family having?",
        "video_id": "video7010",
        "answer_type": "what",
    }
    table = "video,question,answer,qid,type\n7010,what is a family having,coversation,170859,10\n"
    read = read_msrvtt_qa
    original = read(write(tmp_path, "test_qa.json", json.dumps(whole)), "test")
    text = "what is a family having?"
    assert original.questions == (Question("170859", "video7010", text, "coversation", kind="what"),)
    assert original.videos == (BenchmarkVideo("video7010"),)
    whole[0]["category_id"] = 10
    assert read(write(tmp_path, "test_qa.json", json.dumps(whole)), "test").videos == (
        BenchmarkVideo("video7010", group="10"),
    )
    numbered = read(write(tmp_path, "test.jsonl", jsonl(line)), "test")
    assert numbered.questions == (Question("0", "video7010", text, "coversation", kind="what"),)
    cut = read(write(tmp_path, "hqga_test.csv", table), "test")
    assert cut.questions == (Question("170859", "video7010", text.rstrip("?"), "coversation", kind="what"),)
    assert cut.videos == (BenchmarkVideo("video7010", group="10"),)


def test_msvd_qa_names_its_videos_otherwise(tmp_path: Path) -> None:
    whole = [{"answer": "man", "id": 37348, "question": "who opens it?", "video_id": 1451}]
    file = write(tmp_path, "test_qa.json", json.dumps(whole))
    assert read_msvd_qa(file, "test").videos == (BenchmarkVideo("vid1451"),)
    with pytest.raises(UsageError, match="have no category_id and its videos only the numbers of MSVD-QA"):
        read_msrvtt_qa(file, "test")
    for change in ({"video_id": 7010}, {"video_id": 0}, {"category_id": 14}):
        other = write(tmp_path, "other.json", json.dumps([whole[0] | change]))
        with pytest.raises(UsageError, match="is not MSVD-QA, which has no category_id and 1,970 videos"):
            read_msvd_qa(other, "test")
        assert read_msrvtt_qa(other, "test").questions
    line = {"answer": "man", "question": "who?", "video_id": "video6513", "answer_type": "who"}
    with pytest.raises(UsageError, match="by the names of its videos it looks like MSR-VTT"):
        read_msvd_qa(write(tmp_path, "val.jsonl", jsonl(line)), "validation")


def test_msvd_files_are_called_by_youtube_id_where_the_mapping_says_so(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "test_qa.json",
        json.dumps([{"answer": "a", "id": n, "question": "b?", "video_id": n} for n in (1, 2)]),
    )
    mapping = write(tmp_path, "youtube_mapping.txt", "-4wsuPCjDBc_5_15 vid1\n-7KMZQEsJW4_205_208 vid2\r\n\n")
    videos = read_msvd_qa(file, "test").videos
    assert videos == (BenchmarkVideo("vid1", "-4wsuPCjDBc_5_15"), BenchmarkVideo("vid2", "-7KMZQEsJW4_205_208"))
    mapping.write_text("-4wsuPCjDBc_5_15 vid1\n-7KMZQEsJW4_205_208\n")
    with pytest.raises(UsageError, match=r"youtube_mapping.txt, line 2: is '-7KMZQEsJW4_205_208', but must be"):
        read_msvd_qa(file, "test")


ACTION = ("gif_name", "question", "a1", "a2", "a3", "a4", "a5", "answer", "vid_id", "key")
FRAME = ("gif_name", "question", "answer", "type", "vid_id", "key", "description")
COUNT = ("gif_name", "question", "answer", "vid_id", "key")
LINES = {
    "action": (ACTION, ("tumblr_a_250", "What , 3 times ?", "flap", 'say "no"', "a", "b", "c", "4", "ACTION4", "26")),
    "transition": (ACTION, ("tumblr_a_250", "What before it ?", '"go', "stop", "a", "b", "c", "0", "TRANS37", "38")),
    "frameqa": (FRAME, ("tumblr_a_250", "what is it ?", "cookie", "2", "FRAMEQA9", "2", "a brown cookie .")),
    "count": (COUNT, ("tumblr_a_250", "How many times ?", "10", "COUNT12", "52")),
}
READERS = {
    "action": tgif_qa.read_action,
    "transition": tgif_qa.read_transition,
    "frameqa": tgif_qa.read_frameqa,
    "count": tgif_qa.read_count,
}


def test_tgif_ids_stand_in_the_column_that_is_named_for_the_video(tmp_path: Path) -> None:
    found = {
        task: READERS[task](write(tmp_path, f"Test_{task}_question.csv", tabs(*rows)), "test").questions
        for task, rows in LINES.items()
    }
    gif = "tumblr_a_250"
    options = ("flap", 'say "no"', "a", "b", "c")
    assert found["action"] == (Question("ACTION4", gif, "What , 3 times ?", 4, options),)
    assert found["transition"] == (Question("TRANS37", gif, "What before it ?", 0, ('"go', "stop", "a", "b", "c")),)
    assert found["frameqa"] == (Question("FRAMEQA9", gif, "what is it ?", "cookie", kind="color"),)
    assert found["count"] == (Question("COUNT12", gif, "How many times ?", "10"),)


@pytest.mark.parametrize(("reader", "file"), [(a, b) for a in READERS for b in READERS if a != b])
def test_one_tgif_task_is_not_taken_for_another(tmp_path: Path, reader: str, file: str) -> None:
    with pytest.raises(UsageError, match="looks like TGIF-QA"):
        READERS[reader](write(tmp_path, "Test_question.csv", tabs(*LINES[file])), "test")


def changed(task: str, column: str, value: str) -> str:
    header, row = LINES[task]
    return tabs(header, [value if name == column else cell for name, cell in zip(header, row, strict=True)])


@pytest.mark.parametrize(
    ("task", "content", "words"),
    [
        ("action", changed("action", "answer", "5"), r"line 2: the answer is 5, but the options are numbered 0\.\.4"),
        ("action", changed("action", "answer", "flap"), "'answer' is 'flap', but must be a whole number"),
        ("count", changed("count", "answer", "11"), "the count is 11"),
        ("count", changed("count", "answer", "2.5"), "whole number"),
        ("count", tabs(*LINES["count"], LINES["count"][1]), "'COUNT12' occurs more than once"),
        ("count", tabs(COUNT), "has no captions, questions or moments"),
    ],
)
def test_broken_tgif_lines_are_refused(tmp_path: Path, task: str, content: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        READERS[task](write(tmp_path, "Test_question.csv", content), "test")


def test_the_official_question_lists(tmp_path: Path) -> None:
    choice = {"question": "what 3 times", "answer": 1, "gif_name": "g1", "options": ["a", "b", "c", "d", "e"]}
    word = {"question": "what is it", "answer": "cat", "gif_name": "g1", "answer_type": "object"}
    found = tgif_qa.read_action(write(tmp_path, "action.jsonl", jsonl(choice)), "test")
    assert found.questions == (Question("0", "g1", "what 3 times", 1, ("a", "b", "c", "d", "e")),)
    found = tgif_qa.read_frameqa(write(tmp_path, "frame.jsonl", jsonl(word, word)), "test")
    assert [question.question_id for question in found.questions] == ["0", "1"]
    assert found.questions[0].kind == "object"
    with pytest.raises(UsageError, match="questions with options"):
        tgif_qa.read_transition(tmp_path / "frame.jsonl", "test")
    with pytest.raises(UsageError, match="list of texts"):
        hdvila_jsonl.read_questions(write(tmp_path, "x.jsonl", jsonl({**choice, "options": "a"})))


def test_a_choice_of_captions(tmp_path: Path) -> None:
    line = {"clip_name": "video7010", "options": ["a", "b", "c", "d", "e"], "answer": 2}
    found = read_msrvtt_mc(write(tmp_path, "msrvtt_mc_test.jsonl", jsonl({"qid": 7, **line}, line)), "test")
    assert [question.question_id for question in found.questions] == ["7", "1"]
    assert found.questions[0].answer == 2
    with pytest.raises(UsageError, match="is not MSRVTT-MC"):
        read_msrvtt_mc(write(tmp_path, "x.jsonl", jsonl({"clip_id": "a", "text": "b"})), "test")


def captions(videos: int, each: int = 3) -> Annotations:
    said = [Caption(f"{v}.{n}", f"video{v}", f"text {n} of {v}") for v in range(videos) for n in range(each)]
    return Annotations(tuple(BenchmarkVideo(f"video{v}") for v in range(videos)), tuple(said))


def test_choices_are_built_by_the_published_rule() -> None:
    source = captions(60)
    built = build_multiple_choice(source)
    assert [question.video_id for question in built.questions] == [part.video_id for part in source.videos]
    for question in built.questions:
        owners = [option.rsplit(" ", 1)[1] for option in question.options]
        assert len(set(owners)) == 5, "five captions of five videos"
        assert f"video{owners[int(question.answer or 0)]}" == question.video_id
    places = [question.answer for question in built.questions]
    assert all(places.count(place) >= 4 for place in range(5)), "the right one stands anywhere"
    assert build_multiple_choice(source) == built
    assert build_multiple_choice(source, seed=1).questions != built.questions
    assert "not the papers' draws" in built.notes[-1]
    assert built.built
    assert select_videos(built, ["video1"]).built, "a part of them is built as well"


def test_a_caption_that_two_videos_share_is_no_wrong_option() -> None:
    source = captions(5)
    same = tuple(Caption(one.query_id, one.video_id, "a man talks") for one in source.captions)
    with pytest.raises(UsageError, match="too few captions of other videos differ"):
        build_multiple_choice(Annotations(source.videos, same))
    with pytest.raises(UsageError, match="5 videos or more, and there are 4"):
        build_multiple_choice(captions(4))

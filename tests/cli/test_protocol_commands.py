"""`hdvila protocols`, `hdvila evaluate` on predictions and `hdvila results`: from files to a table, or to one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run, lines

PAIRS = "key,vid_key,video_id,sentence\nret0,m,video9770,a man\nret1,m,video9771,a girl\nret2,m,video9772,a dog\n"
FRAMES = "gif_name\tquestion\tanswer\ttype\tvid_id\tkey\tdescription\r\ng1\twhat ?\tcat\t0\tFRAMEQA1\t1\tx\r\n"


@pytest.fixture
def retrieval(tmp_path: Path) -> list[str]:
    (tmp_path / "MSRVTT_JSFUSION_test.csv").write_text(PAIRS)
    np.savez(
        tmp_path / "mine.npz",
        similarity=np.array([[0.9, 0.1, 0.2], [0.8, 0.3, 0.8], [0.1, 0.2, 0.7]]),
        query_ids=["ret2", "ret1", "ret0"],
        video_ids=["video9772", "video9771", "video9770"],
    )
    return ["--protocol", "msrvtt-1ka", "--annotations", "MSRVTT_JSFUSION_test.csv", "--predictions", "mine.npz"]


def test_protocols_are_listed_and_shown(here: Run) -> None:
    listed = here("protocols")
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, 17)
    objects = lines(here("protocols", "--json").stdout)
    assert [one["name"] for one in objects] == [line.split()[0] for line in listed.stdout.splitlines()]
    assert lines(here("protocols", "show", "didemo", "--json").stdout) == [objects[3]]
    shown = here("protocols", "show", "msrvtt-1ka").stdout
    for words in (
        "MSRVTT_JSFUSION_test.csv",
        "4 segments of 11 frames",
        "  HD-VILA v2, Table 3\n",
        "35.6  65.3   78.0        3   trained on 9,000 videos\n",
        "7 in the official",
        "224x320",
        "0.10%",
    ):
        assert words in shown
    wrong = here("protocols", "show", "tgif-actoin")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean tgif-action?" in wrong.stderr


def test_predictions_are_scored_recorded_and_tabulated(here: Run, retrieval: list[str], tmp_path: Path) -> None:
    done = here("evaluate", *retrieval, "--into", "records/mine.json", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = lines(done.stdout)
    assert record == json.loads((tmp_path / "records" / "mine.json").read_text())
    assert (record["protocol"], record["queries"], record["videos"]) == ("msrvtt-1ka", 3, 3)
    assert record["missing"] == []
    assert record["text_to_video"]["r1"] == pytest.approx(2 / 3)
    assert record["text_to_video"]["median_rank"] == 1
    assert record["ties"] == 0
    spoken = here("evaluate", *retrieval).stdout
    assert "3 queries about 3 videos" in spoken
    assert "| HD-VILA | 35.6 |" in spoken
    table = here("results", "records/mine.json", "--format", "markdown").stdout
    assert "| mine | 66.7 [" in table
    assert here("results", "records/mine.json", "--format", "html").returncode == 2
    assert lines(here("results", "records/mine.json", "--json").stdout) == [record]


def test_a_tie_counts_against_unless_another_rule_is_chosen(here: Run, retrieval: list[str], tmp_path: Path) -> None:
    np.savez(
        tmp_path / "mine.npz",
        similarity=np.zeros((3, 3)),
        query_ids=["ret0", "ret1", "ret2"],
        video_ids=["video9770", "video9771", "video9772"],
    )
    (worst,) = lines(here("evaluate", *retrieval, "--json").stdout)
    (best,) = lines(here("evaluate", *retrieval, "--ties", "optimistic", "--json").stdout)
    assert (worst["text_to_video"]["r1"], worst["ties"], best["text_to_video"]["r1"]) == (0, 6, 1)
    assert "ties: 6 queries, rule pessimistic" in here("evaluate", *retrieval).stdout


def test_missing_videos_need_a_word(here: Run, retrieval: list[str], tmp_path: Path) -> None:
    np.savez(
        tmp_path / "mine.npz", similarity=np.eye(2), query_ids=["ret0", "ret1"], video_ids=["video9770", "video9771"]
    )
    refused = here("evaluate", *retrieval)
    assert refused.returncode == 2
    assert "1 of 3 videos are missing from the predictions (video9772). " in refused.stderr
    allowed = here("evaluate", *retrieval, "--allow-missing")
    assert allowed.returncode == 0
    assert "missing: 1 video (video9772); the numbers cover the other 2; the record names all (--json" in allowed.stdout
    assert "2 of 1,000" in allowed.stdout


def test_questions_and_the_vocabulary_beside_them(here: Run, tmp_path: Path) -> None:
    (tmp_path / "Test_frameqa_question.csv").write_text(FRAMES)
    (tmp_path / "ans2label.json").write_text('{"dog": 0}')
    files = ["--annotations", "Test_frameqa_question.csv", "--predictions", "mine.jsonl"]
    (tmp_path / "mine.jsonl").write_text('{"question_id": "FRAMEQA1", "answer": "dog"}\n')
    (record,) = lines(here("evaluate", "--protocol", "tgif-frameqa", *files, "--json").stdout)
    assert (record["accuracy"], record["accuracy_by_type"]) == (0, {"object": 0})
    assert record["out_of_vocabulary"] == {"questions": 1, "answers": 1}
    assert "outside the vocabulary" in here("evaluate", "--protocol", "tgif-frameqa", *files).stdout
    (tmp_path / "mine.jsonl").write_text('{"question_id": "FRAMEQA1", "answer": "cat"}\n')  # a vocabulary of others
    (record,) = lines(here("evaluate", "--protocol", "tgif-frameqa", *files, "--json").stdout)
    assert (record["accuracy"], record["accuracy_by_type"]) == (1, {"object": 1})
    assert "out_of_vocabulary" not in record
    assert "none of ans2label.json has all their answers" in record["notes"][-1]
    other = here("evaluate", "--protocol", "tgif-count", *files)
    assert other.returncode == 2
    assert "it looks like TGIF-QA's frame questions" in other.stderr


def test_what_is_not_the_test_is_refused_or_says_so(here: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"question_id": "FRAMEQA1", "answer": "cat"}\n')
    words = ["evaluate", "--protocol", "tgif-frameqa", "--predictions", "mine.jsonl", "--annotations"]
    for name in ("Train_frameqa_question.csv", "my_val.csv", "Test_frameqa_question.csv"):
        (tmp_path / name).write_text(FRAMES)
    refused = here(*words, "Train_frameqa_question.csv")
    assert refused.returncode == 2
    assert "is by its name a training split" in refused.stderr
    assert "the test of tgif-frameqa is Test_frameqa_question.csv or frameqa_test.jsonl" in refused.stderr
    (record,) = lines(here(*words, "my_val.csv", "--json").stdout)
    assert (record["split"], record["full_queries"]) == ("validation", 13_691)
    spoken = here(*words, "my_val.csv").stdout
    assert "validation split, not the test |" in spoken
    assert "note: my_val.csv is by its name a file for validation" in spoken
    plain = here(*words, "Test_frameqa_question.csv").stdout
    assert "1 question about 1 video; the published test has 13,691" in plain
    assert "| 1 of 13,691 |" in plain
    assert "validation" not in plain


def test_half_a_command_is_refused(here: Run, retrieval: list[str]) -> None:
    for words in ([], retrieval[:4], [*retrieval, "--model", "x"], ["--model", "x"], ["--corpus", "x"]):
        done = here("evaluate", *words)
        assert done.returncode == 2
        assert "CHECKPOINT, --protocol and --data, or --protocol, --annotations and --predictions" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--into", "."], "--into .: is a folder; name a file"),
        (["--into", "mine.npz/record.json"], "--into mine.npz/record.json: cannot be written (File exists)"),
        (["--into", "mine.npz"], "--into mine.npz: is named twice"),
        (["--sampling", "zero-shot"], "--sampling zero-shot: says how a CHECKPOINT looks at the videos"),
        (["--store", "other"], "--store: not for --annotations and --predictions"),
        (["--sampling", "official"], "--sampling official: says how a CHECKPOINT looks at the videos"),
        (["--segments", "16"], "--segments 16: says how a model looks at the videos, and there is none"),
    ],
)
def test_what_cannot_be_or_would_be_passed_over_is_refused(
    here: Run, retrieval: list[str], words: list[str], message: str
) -> None:
    done = here("evaluate", *retrieval, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_the_program_itself(hdvila: Run, retrieval: list[str]) -> None:
    done = hdvila("evaluate", *retrieval, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done.stdout)[0]["gallery"] == 3

"""Records survive their file, and tables have ours, theirs and chance."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdvila.annotations.msrvtt_questions import build_multiple_choice
from hdvila.annotations.records import Annotations, BenchmarkVideo, Caption, Question
from hdvila.errors import UsageError
from hdvila.evaluate.predictions import Answers
from hdvila.evaluate.protocols import get_protocol
from hdvila.evaluate.record import Record, file_name, read_record, read_records, write_record
from hdvila.evaluate.report.results import setting_of, tabulate
from hdvila.evaluate.score import score
from tests.unit.evaluate.test_score import pairs, predicted, questions

FEWER = "fewer queries than the published test has"


def records() -> list[Record]:
    annotations = pairs(20)
    scores = 0.6 * np.random.default_rng(0).random((20, 20)) + 0.4 * np.eye(20)
    retrieval = score(get_protocol("msrvtt-1ka"), annotations, predicted(annotations, scores), method="ours_1 & co")
    asked = questions("2", "10", "4")
    counted = score(get_protocol("tgif-count"), asked, Answers({"q0": 2, "q1": 7, "q2": 4}), method="counter")
    return [retrieval, counted]


def test_a_record_comes_back_from_its_file(tmp_path: Path) -> None:
    for number, record in enumerate(records()):
        write_record(tmp_path / "deep" / f"{number}.json", record)
        again = read_record(tmp_path / "deep" / f"{number}.json")
        assert again.to_dict() == record.to_dict()
    assert {"python", "numpy", "torch"} <= set(records()[0].versions)
    whole = records()[0].to_dict()
    odd = [
        whole | {"gallery": "20"},
        whole | {"missing": "none"},
        whole | {"chance": True},
        whole | {"built": 1},
        whole | {"published": [{"who": "x"}]},
        whole | {"text_to_video": whole["text_to_video"] | {"r1": None}},
        whole | {"extra": {"dual_softmax": {"text_to_video": 1}}},
        whole | {"intervals": {"accuracy": [0.1]}},
        whole | {"chance": float("nan")},
    ]
    for content in ("[1]", "{", '{"protocol": "x"}', "[" * 200_000, *map(json.dumps, odd)):
        (tmp_path / "broken.json").write_text(content)
        with pytest.raises(UsageError, match="is not a record of an evaluation"):
            read_record(tmp_path / "broken.json")


def test_a_folder_stands_for_its_records(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no records of evaluations"):
        read_records(tmp_path)
    for number, record in enumerate(records()):
        write_record(tmp_path / f"{number}.json", record)
    found, odd = read_records(tmp_path)
    assert ([record.method for record in found], odd) == (["ours_1 & co", "counter"], [])
    assert [record.method for record in read_records(tmp_path / "1.json")[0]] == ["counter"]
    with pytest.raises(UsageError, match=r"nowhere: is not a record of an evaluation \(No such file or directory\)"):
        read_records(tmp_path / "nowhere")
    (tmp_path / "2.json").write_text('{"protocol": "x"}')
    found, [why] = read_records(tmp_path)
    assert [record.method for record in found] == ["ours_1 & co", "counter"]
    assert re.search(r"2.json: .* \(it lacks task, metric, .* more\)", why)
    for number in range(2):
        (tmp_path / f"{number}.json").unlink()
    with pytest.raises(UsageError, match=r"no records of evaluations; of its 1 .json files .*2.json: is not a record"):
        read_records(tmp_path)


def test_markdown() -> None:
    retrieval, _ = records()
    table = tabulate([retrieval], "markdown").splitlines()
    header, ours, paper = (next(line for line in table if word in line) for word in ("Method", "ours_1", "| HD-VILA |"))
    assert "| R@1 | R@5 | R@10 |" in header
    assert "R@1, dual softmax" in header
    assert retrieval.text_to_video is not None
    low, high = retrieval.text_to_video["intervals"]["r1"]
    assert f"| {100 * retrieval.text_to_video['r1']:.1f} [{100 * low:.1f}, {100 * high:.1f}] |" in ours
    assert ours.endswith(f"| 20 of 1,000 | 20 of 1,000 | {FEWER} |")
    assert paper.startswith("| HD-VILA | 35.6 | 65.3 | 78.0 |")
    assert retrieval.extra is not None
    softmax = retrieval.extra["dual_softmax"]["text_to_video"]
    low, high = softmax["intervals"]["r1"]
    assert low <= softmax["r1"] <= high
    assert f"| {100 * softmax['r1']:.1f} [{100 * low:.1f}, {100 * high:.1f}] |" in ours
    assert any(line.startswith("| chance | 5.00 |") for line in table)


def test_rows_that_are_no_rivals_say_in_what_they_differ() -> None:
    part, counted = records()
    plain = replace(part, queries=part.full_queries)
    chosen = {"sampling": "standard", "training": {"validate.on": "official-test", "validate.keep": "best"}}
    last = chosen | {"training": {"validate.on": "official-test", "validate.keep": "last"}}
    settings = {
        "": plain,
        "ties official": replace(plain, tie_rule="official"),
        "zero-shot sampling": replace(plain, recipe={"sampling": "zero-shot", "training": None}),
        "official sampling": replace(plain, recipe={"sampling": "official", "training": None}),
        "checkpoint chosen on the test": replace(plain, recipe=chosen),
        "videos of store-official": replace(plain, recipe=last | {"store": "store-official"}),
        "questions built by rule, not the papers' draws": replace(plain, built=True),
        "split not told by the file's name": replace(plain, split_told=False),
        "more queries than the published test has": replace(plain, queries=1001),
        FEWER: part,
        "2 videos missing": replace(plain, missing=("a", "b"), recipe=last),
        "validation split, not the test; ties average": replace(plain, split="validation", tie_rule="average"),
    }
    assert [setting_of(record) for record in settings.values()] == list(settings)
    table = tabulate([*settings.values(), counted], "markdown")
    for setting in settings:
        assert f"| 20 of 1,000 | {setting} |" in table
    assert f"| 3 of 3,554 | 11 | {FEWER} |" in table  # questions say how many were scored, too
    assert "| 1,065 (test: 1,000) |" in tabulate([replace(plain, queries=1065)], "markdown")
    rows = list(csv.DictReader(io.StringIO(tabulate(list(settings.values()), "csv"))))
    assert [row["setting"] for row in rows[: len(settings)]] == list(settings)
    assert {(row["queries"], row["full_queries"]) for row in rows[: len(settings)]} == {
        ("20", "1000"),
        ("1000", "1000"),
        ("1001", "1000"),
    }


def test_rows_say_what_their_model_was_fine_tuned_on(tmp_path: Path) -> None:
    somebodys = replace(records()[0], queries=1000)
    made = replace(somebodys, checkpoint={"path": "m", "sha256": "ab", "identity": "cd"})
    settings = {
        "": replace(made, fine_tuned=("msrvtt-1ka",)),
        "not fine-tuned": replace(made, fine_tuned=()),
        "fine-tuned on msrvtt-1ka-7k": replace(made, fine_tuned=("msrvtt-1ka-7k",)),
        "fine-tuned on didemo, then msrvtt-1ka": replace(made, fine_tuned=("didemo", "msrvtt-1ka", "msrvtt-1ka")),
        "training unknown": made,
    }
    for setting, record in settings.items():
        write_record(tmp_path / "r.json", record)
        assert setting_of(read_record(tmp_path / "r.json")) == setting
    assert setting_of(somebodys) == ""


def test_runs_of_one_recipe_are_told_apart() -> None:
    plain, _ = records()
    first, second, other = (
        replace(plain, method=method, fine_tuned=("msrvtt-1ka",), checkpoint={"path": "m", "identity": digit * 64})
        for method, digit in (("recipe", "1"), ("recipe", "2"), ("another", "3"))
    )
    rows = list(csv.DictReader(io.StringIO(tabulate([first, second, other, plain, plain], "csv"))))
    named = ["recipe (111111111111)", "recipe (222222222222)", "another", "ours_1 & co", "ours_1 & co"]
    assert [row["method"] for row in rows[:5]] == named
    assert "| recipe (111111111111) |" in tabulate([first, second], "markdown")
    assert "| recipe |" in tabulate([first], "markdown")


def test_questions_that_were_built_are_no_rivals_in_any_table(tmp_path: Path) -> None:
    videos = [f"video{n}" for n in range(6)]
    captions = tuple(Caption(str(n), name, f"a thing of {name}") for n, name in enumerate(videos))
    asked = build_multiple_choice(Annotations(tuple(map(BenchmarkVideo, videos)), captions))
    given = Answers({question.question_id: question.answer or 0 for question in asked.questions[:5]})
    record = score(get_protocol("msrvtt-mc"), asked, given, method="ours", allow_missing=True)
    assert record.built
    assert record.to_dict()["built"] is True
    write_record(tmp_path / "r.json", record)
    again = read_record(tmp_path / "r.json")
    for form in ("markdown", "latex", "csv"):
        row = next(line for line in tabulate([again], form).splitlines() if "ours" in line)  # type: ignore[arg-type]
        assert "questions built by rule, not the papers' draws; 1 video missing" in row, form
    assert file_name(record) != file_name(replace(record, built=False))


def test_types_have_intervals() -> None:
    asked = questions("a", "b", "a", "b", kinds="what what who who")
    given = Answers({"q0": "a", "q1": "x", "q2": "a", "q3": "b"})
    record = score(get_protocol("msrvtt-qa"), asked, given, method="<b>a|b\\c`*")
    assert record.intervals_by_type is not None  # a video each, so one value each
    assert record.intervals_by_type["what"] == pytest.approx((0.0546, 0.9454), abs=1e-4)
    assert record.intervals_by_type["who"] == pytest.approx((0.2065, 1.0), abs=1e-4)
    table = tabulate([record], "markdown")
    assert "| 50.0 [5.5, 94.5] | 100.0 [20.7, 100.0] |" in table
    assert r"| &lt;b>a\|b\\c\`\* |" in table
    assert r"\textless{}b\textgreater{}a\textbar{}b\textbackslash{}c`*" in tabulate([record], "latex")


def test_the_tasks_of_tgif_stand_in_one_table_as_papers_print_them() -> None:
    def asked(task: str, right: int, method: str = "", **changes: Any) -> Record:
        given = [0] * right + [1] * (4 - right)
        options = () if task == "frameqa" else tuple("abcde")
        texts = given if options else ["yes" if one == 0 else "no" for one in given]
        videos = tuple(BenchmarkVideo(f"v{number}") for number in range(4))
        answer: int | str = 0 if options else "yes"
        questions = tuple(Question(f"q{n}", f"v{n}", "?", answer, options) for n in range(4))
        answers = Answers({f"q{number}": text for number, text in enumerate(texts)})
        record = score(get_protocol(f"tgif-{task}"), Annotations(videos, (), questions), answers, method=method)
        return replace(record, **({"queries": record.full_queries} | changes))

    frame, action, transition = (
        asked(task, n, f"tgif-{task}-x") for task, n in (("frameqa", 1), ("action", 2), ("transition", 3))
    )
    table = tabulate([frame, action, transition], "markdown")
    header, _, *rows = [line for line in table.splitlines() if line.startswith("|")]
    assert table.startswith("**tgif-action, tgif-transition, tgif-frameqa**")
    assert header == "| Method | action | transition | frame | Queries | Choices | Source or setting |"
    cells = [re.sub(r" \[.*?\]", "", row) for row in rows]
    assert cells[0] == "| tgif-x | 50.0 | 75.0 | 25.0 | 2,274 / 6,232 / 13,691 | 5 / 5 / 1,540 |  |"
    assert cells[1] == "| HD-VILA | 84.3 | 90.0 | 60.5 |  |  | HD-VILA v2, Table 2 |"
    assert cells[-1].startswith("| chance | 20.00 | 20.00 | ")
    assert len(rows) == 10, "a row a method"
    assert tabulate([frame, action, transition], "latex").count("tabular}") == 2

    other = asked("action", 1, "tgif-action-x", queries=4)
    both = tabulate([action, other, frame], "markdown")
    assert both.count("| tgif-action-x | 50.0 ") == both.count("| tgif-action-x | 25.0 ") == 1, "which goes with frame?"
    assert re.search(r"\| tgif-frameqa-x \|  \| 25.0 .* \| - / 13,691 \| - / 1,540 \|  \|", both)
    part = tabulate([asked("action", 2, "mine", split_told=False), asked("transition", 2, "mine")], "markdown")
    assert "action: split not told by the file's name |" in part
    alone = tabulate([action], "markdown")
    assert "| Method | Accuracy | Queries |" in alone
    drawn = [replace(one, synthetic=True, published=()) for one in (action, frame)]
    assert tabulate(drawn, "markdown").startswith("**tgif-action, tgif-frameqa, synthetic (miniature world)**")
    rows_of = list(csv.DictReader(io.StringIO(tabulate([frame, action], "csv"))))
    assert {row["protocol"] for row in rows_of} == {"tgif-action", "tgif-frameqa"}, "a line a number's own protocol"


def test_records_of_old_stand_beside_the_rows_of_today(tmp_path: Path) -> None:
    retrieval, _ = records()
    old = retrieval.to_dict() | {"published": [{"who": "HD-VILA", "source": "an old one", "values": {"r1": 0.1}}]}
    (tmp_path / "old.json").write_text(json.dumps(old))
    table = tabulate([read_record(tmp_path / "old.json"), retrieval], "markdown")
    assert "an old one" not in table
    assert table.count("| HD-VILA | 35.6 ") == 1
    strange = replace(read_record(tmp_path / "old.json"), protocol="somebody's own")
    assert "| HD-VILA | 10.0 |" in tabulate([strange], "markdown")


def test_latex_is_escaped() -> None:
    text = tabulate(records(), "latex")
    assert r"ours\_1 \& co" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    columns = text.splitlines()[1].count("r", len(r"\begin{tabular}")) + 2
    assert all(
        line.replace(r"\&", "").count("&") == columns - 1 for line in text.split("%")[1].splitlines() if "&" in line
    )


def test_csv_holds_fractions_and_the_ends_of_intervals() -> None:
    retrieval, counted = records()
    rows = list(csv.DictReader(io.StringIO(tabulate([retrieval, counted], "csv"))))
    ours = next(row for row in rows if row["method"] == "ours_1 & co")
    assert retrieval.text_to_video is not None
    assert float(ours["text_to_video_r1"]) == retrieval.text_to_video["r1"]
    assert float(ours["text_to_video_r1_low"]) == retrieval.text_to_video["intervals"]["r1"][0]
    assert (ours["gallery"], ours["full_gallery"]) == ("20", "1000")
    theirs = next(row for row in rows if row["method"] == "HCRN")
    assert (theirs["protocol"], theirs["mean_squared_error"]) == ("tgif-count", "3.82")


def test_wrong_use_is_refused() -> None:
    with pytest.raises(UsageError, match="no records"):
        tabulate([], "csv")
    with pytest.raises(UsageError, match="'html' is unknown"):
        tabulate(records(), "html")  # type: ignore[arg-type]

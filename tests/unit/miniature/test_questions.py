"""Questions: the forms of the public data sets, and answers that are true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hdvila.miniature.actions import VERBS
from hdvila.miniature.questions import FAMILIES, questions, write_questions
from hdvila.miniature.script import write_script
from hdvila.miniature.world import COLOURS, ActionMix, WorldConfig


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    return [write_script(0, number, WorldConfig()).truth() for number in range(40)]


FRAME = {0: "object", 2: "colour", 3: "place", 4: "texture", 5: "mark"}


@pytest.fixture(scope="module")
def asked(truth: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return questions(truth)


def event_of(question: dict[str, Any], truth: list[dict[str, Any]]) -> dict[str, Any]:
    video = next(v for v in truth if v["video"] == question["video"])
    return next(e for e in video["events"] if e["start"] == question["start"] and e["end"] == question["end"])[
        "attributes"
    ]


def test_every_family_has_questions_with_its_fields(asked: dict[str, list[dict[str, Any]]]) -> None:
    assert set(asked) == set(FAMILIES)
    options = {"a1", "a2", "a3", "a4", "a5"}
    fields = {
        "tgif_action": {"gif_name", "question", "answer", *options},
        "tgif_transition": {"gif_name", "question", "answer", *options},
        "tgif_count": {"gif_name", "question", "answer"},
        "tgif_frameqa": {"gif_name", "question", "answer", "type"},
        "msrvtt_qa": {"video_id", "question", "answer", "answer_type"},
    }
    for family, found in asked.items():
        assert len(found) > 50, family
        assert all(fields[family] <= set(question) for question in found)
        key = "id" if family == "msrvtt_qa" else "question_id"
        assert len({question[key] for question in found}) == len(found)
    assert {q["answer_type"] for q in asked["msrvtt_qa"]} == {"what", "who", "how", "where", "when"}
    assert {q["type"] for q in asked["tgif_frameqa"]} == {0, 2, 3, 4, 5}


def test_right_options_are_right_and_wrong_ones_wrong(
    asked: dict[str, list[dict[str, Any]]], truth: list[dict[str, Any]]
) -> None:
    for family in ("tgif_action", "tgif_transition"):
        places = set()
        for question in asked[family]:
            attributes = event_of(question, truth)
            options = [question[f"a{n}"] for n in range(1, 6)]
            assert len(set(options)) == 5
            right = options[question["answer"]]
            places.add(question["answer"])
            steps = [attributes[name][:-1] for name in ("first", "second") if name in attributes]
            assert right in steps
            assert len(set(options) & set(steps)) == 1, "no wrong option is true"
            if " after " in question["question"]:
                assert right == steps[1]
            elif " before " in question["question"]:
                assert right == steps[0]
            else:
                assert f" {attributes['count']} times" in question["question"]
        assert places == {0, 1, 2, 3, 4}, "the right option stands anywhere"


def test_what_shines_is_asked_for_order_and_all_options_are_equally_seen() -> None:
    config = WorldConfig(actions=ActionMix(move=0, turn=0, repeat=0, order=0, cycle=1, tour=1))
    truth = [write_script(1, number, config).truth() for number in range(30)]
    asked = questions(truth)
    ways = {verb.removesuffix("s") for verb in VERBS}
    for question in asked["tgif_action"]:
        attributes = event_of(question, truth)
        options = [question[f"a{n}"] for n in range(1, 6)]
        assert len(set(options)) == 5
        assert set(options) <= ways
        assert options[question["answer"]] == attributes["first"].removesuffix("s")
        assert " 2 times " in question["question"]
    for question in asked["tgif_transition"]:
        attributes = event_of(question, truth)
        options = [question[f"a{n}"] for n in range(1, 6)]
        assert len(set(options)) == 5
        assert set(options) <= ways
        when = "after" if " after " in question["question"] else "before"
        assert options[question["answer"]] == attributes[when].removesuffix("s")
    assert len(asked["tgif_action"]) > 50
    assert len(asked["tgif_transition"]) > 50
    assert asked["tgif_count"] == [], "twice is how often everything is gone through"


def test_open_answers_are_true_words(asked: dict[str, list[dict[str, Any]]], truth: list[dict[str, Any]]) -> None:
    for question in asked["tgif_frameqa"]:
        attributes = event_of(question, truth)
        assert question["answer"] == attributes[FRAME[question["type"]]]
    for question in asked["tgif_count"]:
        assert question["answer"] == event_of(question, truth)["count"]
    for question in asked["msrvtt_qa"]:
        assert len(question["answer"].split()) == 1
        if question["question"].startswith("what color"):
            assert question["answer"] in COLOURS
            attributes = event_of(question, truth)
            assert question["answer"] == attributes["turns" if " turn" in question["question"] else "colour"]
            assert "turns" not in attributes or question["question"].endswith(("turn?", "first?"))


def test_questions_are_written_by_split(truth: list[dict[str, Any]], tmp_path: Path) -> None:
    files = write_questions(tmp_path, truth)
    assert len(files) == 2 * len(FAMILIES)
    records = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert len(records) == sum(len(found) for found in questions(truth).values())
    for path in files:
        split = path.stem.rpartition("-")[2]
        assert {json.loads(line)["split"] for line in path.read_text().splitlines()} == {split}

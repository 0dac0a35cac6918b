"""Fine-tuning on benchmarks in their original forms: answers, validation, the best model, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import hdvila
from hdvila.data.provenance import TRAINED_ON, from_note
from hdvila.hub import read_note
from tests.e2e.benchmarks import write_action, write_didemo, write_qa
from tests.e2e.test_training_resume import kill_at
from tests.e2e.training_runs import SETTINGS, command, log, run_here, write_corpus

SIZES = {key: value for key, value in SETTINGS.items() if key.startswith("model.")}
SEEN = {"data.preprocess.height": 64, "data.preprocess.width": 64, "data.preprocess.neighbours": 1}
SMALL = {**SIZES, **SEEN, "model.joint_layers": 1, "model.visual_rows": 4, "model.visual_columns": 4}
SMALL |= {"steps": 12, "checkpoint_every": 5, "validate.every": 4, "data.text_length": 8, "data.corpus": ""}
SMALL |= {"data.benchmark.segments": 2}


def finetune(recipe: str, data: Path, run: Path, **changes: object) -> list[str]:
    return command(Path(), run, recipe, **SMALL | {"data.benchmark.folder": data} | changes)


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_action(tmp_path_factory.mktemp("tgif") / "data")


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_qa(tmp_path_factory.mktemp("qa") / "data")


@pytest.fixture(scope="module")
def didemo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_didemo(tmp_path_factory.mktemp("didemo") / "data")


def weights(folder: Path) -> dict[str, Any]:
    return load_file(folder / "model.safetensors")


def scores(run: Path) -> dict[int, float]:
    return {int(line["step"]): line["validation"] for line in log(run) if "validation" in line}


def test_multiple_choice_goes_on_after_a_kill_to_the_same_best_model(
    action: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {run: finetune("miniature-tgif-action", action, tmp_path / run) for run in ("unbroken", "killed")}
    status, _, errors = run_here(words["unbroken"], capsys)
    assert status == 0, errors
    (tmp_path / "killed").mkdir()
    stale = [{"protocol": "didemo", "benchmark": "x", "split": "train", "videos": []}]
    (tmp_path / "killed" / TRAINED_ON).write_text(json.dumps(stale))  # begun here from other weights, and given up
    kill_at(words["killed"], tmp_path / "killed", 3)  # before any checkpoint
    kill_at(words["killed"], tmp_path / "killed", 8)  # after a validation that the last checkpoint does not know
    status, _, errors = run_here(words["killed"], capsys)
    assert status == 0, errors
    runs = [tmp_path / name for name in words]
    assert scores(runs[0]) == scores(runs[1])
    assert list(scores(runs[0])) == [4, 8, 12]
    for folder in ("best", "model"):
        first, second = (weights(run / folder) for run in runs)
        assert all(np.array_equal(first[key], second[key]) for key in first), folder
    best, model = (weights(runs[0] / folder) for folder in ("best", "model"))
    assert all(np.array_equal(best[key], model[key]) for key in best)
    note = read_note(runs[0] / "model", "validation.json")
    reached = scores(runs[0])
    first_best = min(step for step, score in reached.items() if score == max(reached.values()))
    assert [one["protocol"] for one in read_note(runs[1] / "model", TRAINED_ON)] == ["tgif-action"]
    assert note == {"step": first_best, "of": 12, "score": max(reached.values()), "on": "validation"}


def test_a_model_knows_its_recipe_and_what_it_has_seen(
    action: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = run_here(
        finetune("miniature-tgif-action", action, tmp_path, **{"validate.keep": "last"}), capsys
    )
    assert status == 0, errors
    assert read_note(tmp_path / "model", "recipe.json")["task.type"] == "VideoQA"
    (training,) = from_note(read_note(tmp_path / "model", TRAINED_ON))
    assert (training.protocol, training.split) == ("tgif-action", "train")
    seen = training.seen(f"gif_{n}" for n in range(50))
    assert 30 <= len(seen) < 40  # of 40 training videos about a tenth are held out
    assert training.seen(f"gif_{n}" for n in range(40, 50)) == []
    model = hdvila.load_model(tmp_path / "model")
    assert model.processor is not None
    assert model.processor.preprocess.segments == 2  # those of the evaluation, not of the training


def test_open_questions_bring_their_answers(
    questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {"model.num_answers": 5}
    status, _, errors = run_here(finetune("miniature-msrvtt-qa", questions, tmp_path / "run", **changes), capsys)
    assert status == 0, errors
    assert "1 of 41 training questions are left out" in errors
    model = hdvila.load_model(tmp_path / "run" / "model")
    assert model.processor is not None
    assert model.processor.answers is not None
    assert model.processor.answers.words == ("blue", "green", "grey", "red", "white")  # equally frequent: the alphabet
    assert json.loads((tmp_path / "run" / "model" / "answers.json").read_text())["blue"] == 0

    start = {"start.model": tmp_path / "run" / "model", "model.num_answers": 6}
    status, _, errors = run_here(finetune("miniature-msrvtt-qa", questions, tmp_path / "more", **start), capsys)
    assert status == 1
    assert (
        "it answers with a vocabulary of its own (5 answers, the recipe's has 6, 1 are in one of them only)" in errors
    )
    start |= {"data.benchmark.answers": tmp_path / "run" / "model" / "answers.json", "model.num_answers": 5}
    status, _, errors = run_here(finetune("miniature-msrvtt-qa", questions, tmp_path / "more", **start), capsys)
    assert status == 0, errors
    assert len(read_note(tmp_path / "more" / "model", TRAINED_ON)) == 2


def test_a_start_model_from_the_hub_brings_words_answers_and_history(
    questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run_here(finetune("miniature-msrvtt-qa", questions, first, steps=1), capsys)[0] == 0
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub, "snapshot_download", lambda name: str({"someone/qa": first / "model"}[name]))
    start = {"start.model": "someone/qa", "steps": 1}
    status, _, errors = run_here(finetune("miniature-msrvtt-qa", questions, second, **start), capsys)
    assert status == 0, errors
    assert len(read_note(second / "model", TRAINED_ON)) == 2
    assert read_note(second / "model", "recipe.json")["start.model"] == "someone/qa"  # no folder of this machine


def test_more_answers_than_rows_widen_the_head(
    questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "ans2label.json"
    answers.write_text(json.dumps({f"word{row}": row for row in range(9)} | {"red": 9}))
    changes = {"model.num_answers": 5, "data.benchmark.answers": answers, "steps": 1}
    status, _, errors = run_here(finetune("miniature-msrvtt-qa", questions, tmp_path / "run", **changes), capsys)
    assert status == 0, errors
    assert "33 of 41 training questions are left out" in errors
    assert hdvila.load_model(tmp_path / "run" / "model").config.num_answers == 10


@pytest.mark.parametrize("on", ["validation", "official-test"])
def test_retrieval_starts_from_stage_two_and_is_measured(
    on: str, didemo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    stage_two = {"steps": 1, "model.joint_layers": 1, "model.visual_rows": 4, "model.visual_columns": 4}
    status, _, errors = run_here(command(corpus, tmp_path / "two", "miniature-stage2", **stage_two), capsys)
    assert status == 0, errors
    changes = {"start.model": tmp_path / "two" / "model", "validate.on": on, "data.preprocess.segments": 1}
    status, _, errors = run_here(finetune("miniature-didemo-retrieval", didemo, tmp_path / "run", **changes), capsys)
    assert status == 0, errors
    assert read_note(tmp_path / "run" / "model", "validation.json")["on"] == on
    assert all(
        score * 8 == int(score * 8) for score in scores(tmp_path / "run").values()
    )  # eight videos of either split


def test_questions_start_from_stage_one_and_say_what_begins_at_random(
    action: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    assert run_here(command(corpus, tmp_path / "one", steps=1), capsys)[0] == 0
    start = {"start.model": tmp_path / "one" / "model", "steps": 1}
    status, _, errors = run_here(finetune("miniature-tgif-action", action, tmp_path / "run", **start), capsys)
    assert status == 0, errors
    assert "stage one has no joint transformer" in errors
    assert "the answer head starts new" in errors


@pytest.mark.parametrize(
    ("recipe", "changes", "message"),
    [
        ("miniature-tgif-action", {"data.benchmark.folder": ""}, "data.benchmark.folder=FOLDER"),
        ("miniature-tgif-action", {"data.benchmark.protocol": "tgif-acton"}, "did you mean tgif-action?"),
        ("miniature-tgif-action", {"data.benchmark.protocol": "tgif-frameqa"}, "the protocol asks for open answers"),
        ("miniature-tgif-action", {"task.consensus": "median"}, "choose one of mean, max, logsumexp"),
        ("miniature-tgif-action", {"validate.every": "0"}, "validate.every=0: choose 1 or more"),
        ("miniature-msrvtt-qa", {}, "the train annotations of msrvtt-qa are missing"),
        (
            "miniature-tgif-action",
            {"data.benchmark.store": "store-official"},
            "there is no such store; make it with hdvila prepare tgif-action --videos VIDEOS --data",
        ),
        ("miniature-stage1", {"validate.on": "official-test"}, "has no data.benchmark"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    recipe: str,
    changes: dict[str, str],
    message: str,
    action: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = {key: value for key, value in SMALL.items() if not key.startswith(("validate", "data.benchmark"))}
    words = command(tmp_path, tmp_path / "run", recipe, **known, **changes)
    if recipe != "miniature-stage1":
        words = finetune(recipe, action, tmp_path / "run", **changes)
    status, _, errors = run_here(words, capsys)
    assert status == 2
    assert message in errors
    assert errors.count("\n") == 1


def test_missing_videos_are_counted_and_named(action: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    write_action(data, train=38, test=0)
    (data / "Train_action_question.csv").write_bytes((action / "Train_action_question.csv").read_bytes())
    words = finetune("miniature-tgif-action", data, tmp_path / "run", steps=1)
    status, _, errors = run_here(words, capsys)
    assert status == 2
    assert "videos are not in it (gif_38" in errors
    assert "continue without them with --set data.benchmark.allow_missing=true" in errors
    assert f"hdvila prepare tgif-action --videos VIDEOS --data {data}," in errors
    allowed = {"data.benchmark.allow_missing": "true", "steps": 1}
    status, _, errors = run_here(finetune("miniature-tgif-action", data, tmp_path / "run", **allowed), capsys)
    assert status == 0
    assert "videos it lacks (gif_38" in errors

"""``hdvila train`` beside the runs themselves: listing, planning, refusing, and several processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import hdvila.nn.device
from hdvila.cli.main import main
from hdvila.hub import Precision, load_model, read_note
from hdvila.recipes import RECIPES
from hdvila.train import loop
from tests.e2e.training_runs import command, log, run_here, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def test_the_list_names_every_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--list", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["recipe"] for record in records] == list(RECIPES)
    assert {"miniature-stage1", "miniature-stage2", "hdvila-stage1", "hdvila-stage2"} <= RECIPES.keys()
    assert all(record[part] for record in records for part in ("what", "cost", "expect"))
    assert all(record["command"].startswith(("hdvila train", "as ")) for record in records)


def test_a_plan_starts_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(["train", "--plan", "hdvila-stage2", "--into", str(run), "--set", "steps=10", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert not run.exists()
    assert plan["steps"] == 10
    assert plan["samples"] == 10 * 1024
    assert 180e6 < plan["trained"] < 190e6  # the joint transformer and the word head
    assert 290e6 < plan["frozen"] < 310e6  # stage one
    assert plan["memory"]["total"] > plan["memory"]["weights"] > 4 * 480e6


def test_a_plan_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--plan", "hdvila-stage1"]) == 0
    out = capsys.readouterr().out
    for words in ("transformer.bert", "memory of each of 128 GPUs", "activations of 8 clips", "7 epochs", "TB"):
        assert words in out


def test_a_plan_and_a_start_say_that_accumulating_makes_negatives_fewer(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = ["train", "--plan", "miniature-stage1", "--set", "batch_size=8"]
    for more, said in (("chunk=2", "has 7 negatives\n"), ("accumulate=2", "has 3 negatives (reduced by accumulate=2;")):
        assert main([*plan, "--set", more]) == 0
        assert said in capsys.readouterr().out
    _, _, errors = run_here(command(corpus, tmp_path, steps=1, accumulate=2), capsys)
    assert "accumulate=2: each pair has 3 negatives instead of 7; chunk saves memory and keeps them all" in errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hdvila-stage3", "--into", "x"], "did you mean hdvila-stage"),
        (["miniature-stage1"], "add --into"),
        ([], "which recipe?"),
        (["miniature-stage1", "--into", "x", "--set", "batchsize=3"], "did you mean 'batch_size'?"),
        (["miniature-stage1", "--into", "x", "--set", "steps=many"], "steps='many' is not a whole number"),
        (["hdvila-stage1", "--into", "x", "--set", "data.tokenizer="], "data.corpus is empty"),
    ],
)
def test_wrong_use_is_one_line_and_status_two(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1


def test_a_missing_corpus_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, errors = run_here(command(tmp_path / "nowhere", tmp_path / "run"), capsys)
    assert status == 1
    assert "nowhere" in errors
    assert errors.count("\n") == 1


def test_a_batch_larger_than_the_corpus_is_refused(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = run_here(command(corpus, tmp_path, batch_size=25), capsys)
    assert status == 2
    assert "batch_size=25, but there are only 24 clips to train on" in errors
    assert "--set batch_size=24" in errors


@pytest.mark.parametrize(("precision", "told"), [("bfloat16", 1), ("float32", 0)])
def test_bfloat16_on_a_machine_that_does_not_know_it_is_remarked_upon(
    precision: str,
    told: int,
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "fast_precision", lambda: "float32")
    status, _, errors = run_here(command(corpus, tmp_path / "run", steps=1, precision=precision), capsys)
    assert status == 0
    assert errors.count("many times slower in bfloat16: --set precision=float32") == told


def test_a_run_that_moves_to_another_kind_of_machine_keeps_its_precision(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the miniature's recipes have it, whose precision is the machine's; a change that is asked for is said."""
    machines: list[tuple[int, Precision, dict[str, str], str]] = [
        (1, "bfloat16", {}, "bfloat16"),
        (2, "float32", {}, "bfloat16"),
        (3, "float32", {"precision": "float32"}, "float32"),
    ]
    for steps, fast, asked, wanted in machines:
        for place in (loop, hdvila.nn.device):
            monkeypatch.setattr(place, "fast_precision", lambda device=None, fast=fast: fast)
        status, _, errors = run_here(command(corpus, tmp_path / "run", steps=steps, **asked), capsys)
        assert status == 0, errors
        assert read_note(tmp_path / "run" / "model", "recipe.json")["precision"] == wanted
        said = "precision: bfloat16 -> float32 from step 3 on: gradients of another rounding"
        assert (said in errors) == bool(asked)
        assert ("many times slower" in errors) == (steps == 2)
    assert [line["step"] for line in log(tmp_path / "run")] == [1, 2, 3]
    model, checkpoint = (load_model(tmp_path / "run" / name) for name in ("model", "checkpoints/step_00000003.pt"))
    assert checkpoint.describe() == model.describe()
    assert all(torch.equal(tensor, model.state_dict()[key]) for key, tensor in checkpoint.state_dict().items())

"""What a run may change when it goes on, what it says of it, and what it cannot do without."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from hdvila.errors import TrainingError
from hdvila.recipes import get_recipe
from hdvila.settings import override
from hdvila.tasks.pretrain_stage1 import PretrainStage1
from hdvila.train import loop
from hdvila.train.checkpoint import Checkpoints
from hdvila.train.run import Run
from tests.e2e.training_runs import SETTINGS, command, log, run_here, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()


def test_a_run_keeps_its_recipe_from_before_its_first_step(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(PretrainStage1, "loss_sum", interrupted)
        assert run_here(command(corpus, tmp_path), capsys)[0] == 130
    assert Checkpoints(tmp_path / "checkpoints").steps() == [0]
    status, _, errors = run_here(command(corpus, tmp_path, batch_size=4), capsys)
    assert status == 1
    assert "was begun with other settings (batch_size: 8 -> 4)" in errors
    assert "go on with the old ones (--set batch_size=8), or" in errors
    status, _, errors = run_here(command(corpus, tmp_path, **{"validate.every": 100}), capsys)
    assert status == 1, "a run on all clips does not go on without those that are held out, though 100 is the default"
    assert "go on with the old ones (--set validate=none), or" in errors
    earlier = Checkpoints(tmp_path / "checkpoints").load_latest()
    assert earlier is not None
    known = {key: value for key, value in earlier.recipe.items() if key != "data.preprocess.enlarged"}
    Checkpoints(tmp_path / "checkpoints").save(replace(earlier, recipe=known))  # of a version that did not have it
    assert run_here(command(corpus, tmp_path, steps=1), capsys)[0] == 0


def test_a_corpus_elsewhere_and_another_chunk_are_the_same_run(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    still = {"model.dropout": 0, "model.hybrid_stochastic_depth": 0, "schedule.decay": "constant"}
    assert run_here(command(corpus, tmp_path / "straight", steps=6, **still), capsys)[0] == 0
    assert run_here(command(corpus, tmp_path / "moved", steps=2, **still), capsys)[0] == 0
    shutil.copytree(corpus, tmp_path / "there")
    monkeypatch.chdir(tmp_path)
    status, _, errors = run_here(command(Path("there"), tmp_path / "moved", steps=3, **still), capsys)
    assert status == 0, errors
    assert f"data.corpus: {corpus} -> {tmp_path / 'there'}: its fingerprint is that of the run" in errors
    assert "steps: 2 -> 3: the learning rate stays 0.0005" in errors
    other_words = Path("..", tmp_path.name, "there")
    status, _, errors = run_here(command(other_words, tmp_path / "moved", steps=4, chunk=3, **still), capsys)
    assert status == 0
    assert "data.corpus" not in errors, "the same place in other words"
    assert "chunk: 0 -> 3 from step 4 on: the same gradients up to rounding" in errors
    one, other = ([line["loss"] for line in log(tmp_path / run)] for run in ("straight", "moved"))
    assert one[:3] == other[:3]
    assert one[3] == pytest.approx(other[3], rel=1e-4)


def test_a_longer_schedule_says_how_the_rate_jumps(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_here(command(corpus, tmp_path, steps=4, checkpoint_every=1), capsys)[0] == 0
    status, _, errors = run_here(command(corpus, tmp_path, steps=8), capsys)
    assert status == 0
    before, after = (log(tmp_path)[step]["lr"] for step in (3, 4))
    assert before < after
    assert f"the learning rate goes from {before:.3g} in step 4 to {after:.3g} in step 5" in errors


def test_lost_checkpoints_are_said_and_nothing_is_begun_anew(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(corpus, tmp_path / "run", steps=2)
    assert run_here(words, capsys)[0] == 0
    run, kept = tmp_path / "run", weights(tmp_path / "run")
    shutil.rmtree(run / "checkpoints")
    before = (run / "log.jsonl").read_bytes()
    status, _, errors = run_here(words, capsys)
    assert status == 1
    assert "its log tells of 2 steps, but" in errors
    assert "begin anew in this one after deleting its log.jsonl and model" in errors
    assert errors.count("\n") == 1
    assert ((run / "log.jsonl").read_bytes(), weights(run)) == (before, kept)
    (run / "log.jsonl").unlink()
    assert "it holds model, but" in run_here(words, capsys)[2]
    shutil.rmtree(run / "model")  # as it says
    assert run_here(words, capsys)[0] == 0
    assert weights(run) == kept


def held(run: Run) -> dict[str, Any]:
    """Every number of weights, buffers and optimiser."""
    found: dict[str, Any] = {name: value.clone() for name, value in run.model.state_dict().items()}
    for number, state in run.train_step.optimizer.state_dict()["state"].items():
        found |= {f"{number} {name}": value.clone() for name, value in state.items() if isinstance(value, Tensor)}
    return found | {"updates": [group["updates"] for group in run.train_step.optimizer.param_groups]}


@pytest.mark.parametrize("where", ["loss alone", "gradient too"])
def test_a_step_without_a_number_changes_no_bit(
    where: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[Run] = []
    begin, loss_sum = loop.begin, PretrainStage1.loss_sum
    monkeypatch.setattr(loop, "begin", lambda *args: runs.append(begin(*args)) or runs[0])  # type: ignore[func-returns-value]
    before: list[dict[str, Any]] = []

    def spoiled(task: PretrainStage1, outputs: Any, batch: Any) -> Any:
        loss, metrics = loss_sum(task, outputs, batch)
        optimizer: Any = runs[0].train_step.optimizer  # type: ignore[attr-defined]
        if len(optimizer.state_dict()["state"]) and optimizer.param_groups[0]["updates"] == 2:
            before.append(held(runs[0]))
            loss = loss + math.nan if where == "loss alone" else loss * math.nan
        return loss, metrics

    monkeypatch.setattr(PretrainStage1, "loss_sum", spoiled)
    changes = SETTINGS | {"data.corpus": corpus, "precision": "float32"}
    recipe = override(get_recipe("miniature-stage1"), [f"{key}={value}" for key, value in changes.items()])
    with pytest.raises(TrainingError, match=r"step 3 of the run .* gave loss nan .* of step 0 is intact"):
        loop.train(recipe, tmp_path)
    after = held(runs[0])
    assert after.keys() == before[0].keys()
    for name, value in before[0].items():
        assert torch.equal(value, after[name]) if isinstance(value, Tensor) else value == after[name], name
    assert len(log(tmp_path)) == 2

    with torch.no_grad():
        runs[0].model.transformer.t_proj.bias[0] = math.inf
    with pytest.raises(TrainingError, match=r"step 2 .* values that are not finite: the training has diverged"):
        runs[0].keep(2)
    assert runs[0].checkpoints.steps() == [0]

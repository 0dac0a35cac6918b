"""A run that is killed and continued ends with the weights of an unbroken one; real processes, real SIGKILL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import hdvila
from hdvila.train.checkpoint import Checkpoints
from hdvila.train.run import only_writer
from tests.e2e.training_runs import (
    STEPS,
    command,
    log,
    one_thread,
    run_elsewhere,
    run_here,
    without_progress,
    write_corpus,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def kill_at(words: list[str], run: Path, step: int) -> None:
    """Start the run and kill it as soon as its log has reached `step`."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=one_thread())
    path = run / "log.jsonl"
    deadline = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < deadline:
        if path.exists() and f'{{"step": {step},' in path.read_text():
            process.send_signal(signal.SIGKILL)
        time.sleep(0.002)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()


@pytest.fixture(scope="module")
def unbroken(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("unbroken")
    done = run_elsewhere(command(corpus, run))
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["step"] == STEPS
    assert record["model"] == str(run / "model")
    return run


def test_a_killed_and_continued_run_ends_with_the_same_weights(
    corpus: Path, unbroken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(corpus, tmp_path)
    for step in (2, 13):  # before the first checkpoint, and between two of them in the middle of an epoch
        kill_at(words, tmp_path, step)
        assert not (tmp_path / "model").exists()
    status, _, errors = run_here(words, capsys)
    assert (status, errors) == (0, "")
    weights = [(run / "model" / "model.safetensors").read_bytes() for run in (unbroken, tmp_path)]
    assert weights[0] == weights[1]
    lines = [log(run) for run in (unbroken, tmp_path)]
    assert [line["step"] for line in lines[1]] == list(range(1, STEPS + 1))
    for name in ("loss", "lr", "grad_norm", "accuracy", "epoch"):
        assert [line[name] for line in lines[0]] == [line[name] for line in lines[1]], name


def test_it_learns_and_leaves_a_model_that_loads(unbroken: Path) -> None:
    losses = [line["loss"] for line in log(unbroken)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert all(line["samples_per_second"] > 0 for line in log(unbroken))
    model = hdvila.load_model(unbroken / "model")
    assert model.embed_text(["a thing c"]).shape == (1, 16)


def test_a_finished_run_is_left_as_it_is(corpus: Path, unbroken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (unbroken / "log.jsonl").read_bytes()
    status, out, _ = run_here(command(corpus, unbroken), capsys)
    assert status == 0
    assert json.loads(out)["step"] == STEPS
    assert (unbroken / "log.jsonl").read_bytes() == before


def test_another_recipe_is_refused_with_the_changed_keys(
    corpus: Path, unbroken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = run_here(command(corpus, unbroken, **{"optim.lr": 0.5, "checkpoint_every": 7}), capsys)
    assert status == 1
    assert "-> 0.5" in errors
    assert "optim.lr" in errors
    assert "checkpoint_every" not in errors
    assert errors.count("\n") == 1


def test_fewer_steps_than_were_made_are_refused(
    corpus: Path, unbroken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = run_here(command(corpus, unbroken, steps=STEPS - 1), capsys)
    assert status == 1
    assert f"has already made {STEPS} steps" in errors


def test_two_processes_do_not_share_a_run(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with only_writer(tmp_path):
        status, _, errors = run_here(command(corpus, tmp_path), capsys)
    assert status == 1
    assert f"{tmp_path}: another process is training into this run" in errors


def test_stage_two_begins_with_stage_one(
    corpus: Path, unbroken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"model.joint_layers": 1, "model.visual_rows": 4, "model.visual_columns": 4, "steps": 4}
    start = {"start.model": unbroken / "model"}
    status, _, errors = run_here(command(corpus, tmp_path, "miniature-stage2", **start, **sizes), capsys)
    assert status == 0, errors
    first, second = (load_file(run / "model" / "model.safetensors") for run in (unbroken, tmp_path))
    assert first.keys() < second.keys()
    assert all(np.array_equal(first[key], second[key]) for key in first)  # frozen


def test_a_full_disk_ends_the_run_and_not_its_past(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_here(command(corpus, tmp_path, steps=8), capsys)[0] == 0
    words = command(corpus, tmp_path, steps=12)
    limit = "import resource, os, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
    full = run_elsewhere([sys.executable, "-c", limit + "os.execv(sys.argv[1], sys.argv[1:])", *words])
    assert full.returncode == 1
    errors = without_progress(full.stderr)
    note, error = errors.splitlines()
    assert "steps: 8 -> 12: the schedule is that of 12 steps from here on" in note
    assert "step_00000012.pt cannot be written: File too large; the checkpoint of step 8 is intact" in error
    assert run_here(words, capsys)[0] == 0
    assert [line["step"] for line in log(tmp_path)] == list(range(1, 13))


def test_a_run_that_diverges_stops_with_the_step_and_the_last_good_checkpoint(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = {"optim.lr": 1e30, "optim.weight_decay": 0, "schedule.decay": "constant", "checkpoint_every": 1}
    status, _, errors = run_here(command(corpus, tmp_path, **wild), capsys)
    assert status == 1
    assert "the training has diverged" in errors
    last = len(log(tmp_path))
    assert f"step {last + 1} of the run in {tmp_path}" in errors
    assert f"the checkpoint of step {last} is intact" in errors
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_checkpoint_of_the_last_step_and_the_run_goes_on(
    sent: signal.Signals, status: int, corpus: Path, unbroken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(corpus, tmp_path, checkpoint_every=1000)
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=one_thread())
    path = tmp_path / "log.jsonl"
    while process.poll() is None and not (path.exists() and path.read_text().count("\n") >= 5):
        time.sleep(0.002)
    process.send_signal(sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    last = log(tmp_path)[-1]["step"]
    said = f"hdvila: interrupted after step {last}, which is kept; the same command goes on from there\n"
    assert without_progress(errors) == said
    assert Checkpoints(tmp_path / "checkpoints").steps() == [0, last]
    assert run_here(words, capsys)[0] == 0
    assert [line["step"] for line in log(tmp_path)] == list(range(1, STEPS + 1))
    weights = [(run / "model" / "model.safetensors").read_bytes() for run in (unbroken, tmp_path)]
    assert weights[0] == weights[1]

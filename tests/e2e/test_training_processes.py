"""Two processes make the run of one, whoever starts them, and end together; real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hdvila.train.checkpoint import Checkpoints
from tests.e2e.training_runs import command, log, one_thread, run_elsewhere, run_here, without_progress, write_corpus

pytestmark = pytest.mark.slow
STILL = {"model.dropout": 0, "model.hybrid_stochastic_depth": 0, "steps": 6, "precision": "float32"}
LONG = {**STILL, "steps": 100_000}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def losses_of_one(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    run = tmp_path_factory.mktemp("one")
    assert run_elsewhere(command(corpus, run, **STILL)).returncode == 0
    return [line["loss"] for line in log(run)]


def begin(words: list[str], run: Path, step: int) -> tuple[subprocess.Popen[str], list[int]]:
    """A run that has reached `step`, and its processes."""
    began = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=one_thread())
    path = run / "log.jsonl"
    while began.poll() is None and not (path.exists() and path.read_text().count("\n") >= step):
        time.sleep(0.01)
    found = subprocess.run(["pgrep", "-P", str(began.pid), "-f", "spawn_main"], capture_output=True, text=True)
    members = [int(number) for number in found.stdout.split()]
    assert len(members) == 2, began.communicate()
    return began, members


def assert_gone(members: list[int]) -> None:
    deadline = time.monotonic() + 20
    while alive := [number for number in members if Path(f"/proc/{number}").exists()]:
        assert time.monotonic() < deadline, f"processes are left: {alive}"
        time.sleep(0.05)


@pytest.mark.parametrize("launcher", ["torchrun", "ours"])
def test_two_processes_run_the_same_training(
    launcher: str, corpus: Path, losses_of_one: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own räume").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "own räume"))
    words = command(corpus, tmp_path, processes=2, **STILL)
    if launcher == "torchrun":
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        words = [*torchrun, *command(corpus, tmp_path, **STILL)[1:]]
    done = run_elsewhere(words)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    if launcher == "ours":
        assert without_progress(done.stderr) == ""
        assert json.loads(done.stdout)["processes"] == 2
    assert [line["step"] for line in log(tmp_path)] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose([line["loss"] for line in log(tmp_path)], losses_of_one, rtol=1e-4)


def test_a_run_goes_on_in_another_number_of_processes(
    corpus: Path, losses_of_one: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {**STILL, "checkpoint_every": 3, "schedule.decay": "constant"}
    assert run_elsewhere(command(corpus, tmp_path, processes=2, **{**changes, "steps": 3})).returncode == 0
    status, _, errors = run_here(command(corpus, tmp_path, **changes), capsys)
    assert status == 0
    assert "processes: 2 -> 1 from step 4 on: the same gradients up to rounding, and other dropout masks" in errors
    assert [line["processes"] for line in log(tmp_path)] == [2, 2, 2, 1, 1, 1]


def test_two_processes_that_share_the_model_make_the_same_run(
    corpus: Path, losses_of_one: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut over both, measured meanwhile, ended half way, gone on with in one process that holds all of it."""
    changes = {**STILL, "checkpoint_every": 3, "schedule.decay": "constant"}
    for run, steps in (("whole", 6), ("cut", 3)):
        shard = {"shard": "true"} if run == "cut" else {}
        done = run_elsewhere(command(corpus, tmp_path / run, processes=2, **{**changes, "steps": steps}, **shard))
        assert done.returncode == 0, done.stderr
    status, _, errors = run_here(command(corpus, tmp_path / "cut", **changes), capsys)
    assert status == 0, errors
    assert "shard: True -> False from step 4 on: the same gradients up to rounding" in errors
    whole, cut = ([line["loss"] for line in log(tmp_path / run)] for run in ("whole", "cut"))
    np.testing.assert_allclose(cut, whole, rtol=1e-4)
    again = {**changes, "shard": "true", "steps": 8, "validate.every": 8}
    done = run_elsewhere(command(corpus, tmp_path / "both", processes=2, **again))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "both" / "best" / "model.safetensors").is_file()
    whole_again = {**changes, "shard": "true"}
    done = run_elsewhere(command(corpus, tmp_path / "whole", processes=2, **{**whole_again, "steps": 8}))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_obeyed_by_both(sent: signal.Signals, status: int, corpus: Path, tmp_path: Path) -> None:
    run, members = begin(command(corpus, tmp_path, processes=2, **LONG), tmp_path, 3)
    run.send_signal(sent)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == status, errors
    last = int(log(tmp_path)[-1]["step"])
    said = f"hdvila: interrupted after step {last}, which is kept; the same command goes on from there\n"
    assert without_progress(errors) == said
    assert Checkpoints(tmp_path / "checkpoints").steps()[-1] == last
    assert_gone(members)


@pytest.mark.parametrize("which", [0, 1])
def test_one_that_is_killed_ends_the_run_with_its_reason(which: int, corpus: Path, tmp_path: Path) -> None:
    run, members = begin(command(corpus, tmp_path, processes=2, **LONG), tmp_path, 3)
    os.kill(members[which], signal.SIGKILL)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    (said,) = without_progress(errors).splitlines()
    assert "of the 2 of the run in" in said
    assert "ended (exit status -9), perhaps for lack of memory; the same command goes on" in said
    assert_gone(members)


def test_they_end_with_the_program_that_started_them(corpus: Path, tmp_path: Path) -> None:
    run, members = begin(command(corpus, tmp_path, processes=2, **LONG), tmp_path, 3)
    run.kill()
    run.communicate(timeout=60)
    assert_gone(members)


def test_an_error_of_one_is_said_once(corpus: Path, tmp_path: Path) -> None:
    wild = {"optim.lr": 1e30, "optim.weight_decay": 0, "schedule.decay": "constant"}
    done = run_elsewhere(command(corpus, tmp_path, processes=2, **STILL, **wild))
    assert done.returncode == 1
    (said,) = without_progress(done.stderr).splitlines()
    assert "the training has diverged" in said

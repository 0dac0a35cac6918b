"""The log holds each step once, whatever a killed run left in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hdvila.errors import TrainingError
from hdvila.train.log import RunLog, read_log


def steps(folder: Path) -> list[int]:
    return [line["step"] for line in read_log(folder)]


def test_each_step_is_one_line(tmp_path: Path) -> None:
    with RunLog(tmp_path, 0) as log:
        log.write(1, {"loss": 2.5, "lr": 1e-4})
        log.write(2, {"loss": 2.0, "lr": 2e-4})
    assert read_log(tmp_path) == [{"step": 1, "loss": 2.5, "lr": 1e-4}, {"step": 2, "loss": 2.0, "lr": 2e-4}]


def test_a_continued_run_replaces_the_steps_after_its_checkpoint(tmp_path: Path) -> None:
    with RunLog(tmp_path, 0) as log:
        for step in (1, 2, 3):
            log.write(step, {"loss": 1.0})
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"step": 4, "lo')  # killed while writing
    with RunLog(tmp_path, 2) as log:
        log.write(3, {"loss": 9.0})
    assert steps(tmp_path) == [1, 2, 3]
    assert read_log(tmp_path)[-1]["loss"] == 9.0


@pytest.mark.parametrize(
    "last", [b'{"step": 3, "lo', b'{"step": 3, "lo\n', b"\0" * 40, b"\0" * 40 + b"\n", b"\xff\xfe\n", b"3\n", b"\n"]
)
def test_a_broken_last_line_is_dropped(last: bytes, tmp_path: Path) -> None:
    with RunLog(tmp_path, 0) as log:
        for step in (1, 2):
            log.write(step, {"loss": 1.0})
    with open(tmp_path / "log.jsonl", "ab") as file:
        file.write(last)
    assert steps(tmp_path) == [1, 2]
    with RunLog(tmp_path, 2) as log:
        log.write(3, {"loss": 9.0})
    assert steps(tmp_path) == [1, 2, 3]
    assert (tmp_path / "log.jsonl").read_bytes().count(b"\n") == 3


def test_a_last_line_without_its_end_is_a_step(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}')
    assert steps(tmp_path) == [1, 2]


def test_tensorboard_shows_each_step_once(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with RunLog(tmp_path, 0) as log:
        for step in (1, 2, 3):
            log.write(step, {"loss": float(step), "lr": 0.5})
    with RunLog(tmp_path, 2) as log:  # killed after step 3, continued from the checkpoint of step 2
        log.write(3, {"loss": 30.0, "lr": 0.5})
    shown = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert shown.Tags()["scalars"] == ["loss", "lr"]
    assert [(event.step, event.value) for event in shown.Scalars("loss")] == [(1, 1.0), (2, 2.0), (3, 30.0)]


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(TrainingError, match=r"log\.jsonl cannot be written"):
        RunLog(tmp_path, 0)

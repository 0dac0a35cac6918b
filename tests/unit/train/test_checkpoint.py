"""A checkpoint is whole or absent, also when the disk is full or the process dies."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from hdvila.errors import TrainingError
from hdvila.train.checkpoint import Checkpoint, Checkpoints


def at(step: int, value: float = 0.0) -> Checkpoint:
    return Checkpoint(step, {"w": torch.full((4,), value)}, {"optimizer": {"state": {}}}, {"seed": 1}, {"clips": 9})


def test_the_newest_comes_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.load_latest() is None
    for step in (5, 10):
        checkpoints.save(at(step, step))
    latest = checkpoints.load_latest()
    assert latest is not None
    assert latest.step == 10
    assert latest.model["w"].tolist() == [10.0] * 4
    assert latest.recipe == {"seed": 1}
    assert latest.corpus == {"clips": 9}


def test_only_the_last_stay(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (1, 2, 3, 4):
        checkpoints.save(at(step))
    assert checkpoints.steps() == [3, 4]


def test_a_half_written_one_is_ignored_and_swept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(at(3))
    half = tmp_path / "step_00000009.pt.part"
    half.write_bytes(checkpoints.path(3).read_bytes()[:100])
    latest = checkpoints.load_latest()
    assert latest is not None
    assert latest.step == 3
    checkpoints.discard_unfinished()
    assert not half.exists()
    assert checkpoints.steps() == [3]


def test_one_of_a_version_that_knew_only_an_optimiser_goes_on(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    old = {"step": 4, "model": {}, "optimizer": {"state": {0: 1}}, "recipe": {"seed": 1}, "corpus": {"clips": 9}}
    torch.save(old, checkpoints.path(4))
    latest = checkpoints.load_latest()
    assert latest is not None
    assert latest.parts == {"optimizer": {"state": {0: 1}}}
    assert latest.recipe == {"seed": 1}


def test_a_damaged_one_is_named_with_the_way_on(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(at(3))
    checkpoints.save(at(6))
    checkpoints.path(6).write_bytes(b"nonsense")
    with pytest.raises(TrainingError, match=r"step_00000006\.pt cannot be read.*go on from step 3"):
        checkpoints.load_latest()


def test_loading_runs_no_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    checkpoints = Checkpoints(tmp_path)
    torch.save({"step": 1, "model": Trap(), "optimizer": {}, "recipe": {}, "corpus": {}}, checkpoints.path(1))
    with pytest.raises(TrainingError):
        checkpoints.load_latest()
    assert not (tmp_path / "sprung").exists()


FULL_DISK = """
    import resource, sys, torch
    from pathlib import Path
    from hdvila.errors import TrainingError
    from hdvila.train.checkpoint import Checkpoint, Checkpoints

    checkpoints = Checkpoints(Path(sys.argv[1]))
    checkpoints.save(Checkpoint(1, {"w": torch.zeros(10)}, {}, {}, {}))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # from here on the disk is "full" at 100 kB
    try:
        checkpoints.save(Checkpoint(2, {"w": torch.zeros(1_000_000)}, {}, {}, {}))
    except TrainingError as error:
        print(error)
"""


def test_a_full_disk_is_said_plainly_and_harms_nothing(tmp_path: Path) -> None:
    code = textwrap.dedent(FULL_DISK)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "step_00000002.pt cannot be written: File too large" in done.stdout
    assert "the checkpoint of step 1 is intact" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000001.pt"]
    latest = Checkpoints(tmp_path).load_latest()
    assert latest is not None
    assert latest.step == 1

"""Learning rates against those of the official code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from hdvila.errors import UsageError
from hdvila.train.optim import Decay, Schedule
from tests.shared import SHARED, needs

GOLDENS = json.loads((Path(__file__).parents[2] / "goldens" / "training_rules.json").read_text())["lr_schedule"]
CLIPBERT = SHARED / "reference" / "goldens" / "clipbert_train.safetensors"


@pytest.mark.parametrize("case", GOLDENS, ids=lambda c: f"{c['decay']}-{c['global_step']}-{c['warmup_ratio']}")
def test_schedule(case: dict[str, Any]) -> None:
    schedule = Schedule(case["decay"], case["warmup_ratio"], tuple(case["decay_epochs"]))
    rate = schedule.rate(case["base_lr"], case["global_step"], case["num_train_steps"], case["epoch"])
    assert rate == pytest.approx(case["lr"], rel=1e-12, abs=0)


@needs(CLIPBERT)
@pytest.mark.parametrize("steps", [100, 1237])
@pytest.mark.parametrize("decay", ["linear", "constant", "invsqrt"])
def test_schedules_are_those_of_clipbert(decay: Decay, steps: int) -> None:
    golden = load_file(CLIPBERT)
    rates = [Schedule(decay).rate(5e-5, int(step), steps) for step in golden[f"lr.steps_{steps}"]]
    assert rates == pytest.approx(golden[f"lr.{decay}_{steps}"].tolist(), rel=1e-12, abs=0)
    milestones = golden["lr.multi_step_epochs0_12_milestones_3_6_9"].tolist()
    halved = Schedule("multi_step", 0.1, (3, 6, 9))
    assert [halved.rate(1.0, steps, steps, epoch) for epoch in range(13)] == pytest.approx(milestones, rel=1e-12)


def test_milestones_count_from_the_epoch_they_name() -> None:
    schedule = Schedule("multi_step", 0.0, (4, 8, 16))
    assert [schedule.rate(1.0, 1, 1, epoch) for epoch in (3, 4, 7, 8, 15, 16, 99)] == [
        1.0, 0.5, 0.5, 0.25, 0.25, 0.0625, 0.0625,
    ]  # fmt: skip


def test_no_warmup_and_no_milestones() -> None:
    assert Schedule("linear", 0.0).rate(1.0, 1, 4) == 0.75
    assert Schedule("multi_step", 0.0).rate(1.0, 1, 4, epoch=9) == 1.0


def test_warmup_is_a_share() -> None:
    with pytest.raises(UsageError, match="warmup=100"):
        Schedule(warmup=100)

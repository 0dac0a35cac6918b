"""Learning rates against those of the official code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hdvila.errors import UsageError
from hdvila.train.optim import Schedule

GOLDENS = json.loads((Path(__file__).parents[2] / "goldens" / "training_rules.json").read_text())["lr_schedule"]


@pytest.mark.parametrize("case", GOLDENS, ids=lambda c: f"{c['decay']}-{c['global_step']}-{c['warmup_ratio']}")
def test_schedule(case: dict[str, Any]) -> None:
    schedule = Schedule(case["decay"], case["warmup_ratio"], tuple(case["decay_epochs"]))
    rate = schedule.rate(case["base_lr"], case["global_step"], case["num_train_steps"], case["epoch"])
    assert rate == pytest.approx(case["lr"], rel=1e-12, abs=0)


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

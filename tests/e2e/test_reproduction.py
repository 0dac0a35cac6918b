"""The reproduction as a whole, with two tasks and hardly any steps: everything runs, and nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.lab.reproduction import plan, run, training
from hdvila.lab.reproduction.plan import NONE, ONE_CATEGORY, STAGE2, Scale

TINY = Scale(16, 120, 1, 1, 0.003, 1, 4, 1, ())


@pytest.mark.slow
def test_every_run_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    retrieval, frame = plan.TASKS[0], plan.TASKS[6]
    tasks = (
        replace(retrieval, starts=(NONE, ONE_CATEGORY)),
        replace(frame, starts=(STAGE2,)),
    )
    monkeypatch.setattr(run, "TASKS", tasks)
    rows = run.run_reproduction(tmp_path, TINY, workers=2)
    asked = {(row.task, row.start, row.look, row.segments) for row in rows}
    assert len(asked) == len(rows)
    assert {("MSR-VTT", "none", "", 0), ("MSR-VTT", "one category", "", 4), ("MSRVTT-MC", "none", "", 0)} <= asked
    assert {("TGIF frame", "stage two", look, 0) for look in ("", "shuffled", "one frame", "no detail")} <= asked
    assert all(row.low <= row.score <= row.high for row in rows)
    monkeypatch.setattr(training, "train", None)  # whatever would train again fails
    assert run.run_reproduction(tmp_path, TINY, workers=1) == rows
    with pytest.raises(UsageError, match=r"a reproduction of another stage1; choose another folder"):
        run.run_reproduction(tmp_path, replace(TINY, stage1=2))
    with pytest.raises(UsageError, match=r"MSR-VTT from none after 1 steps, not 20; choose another folder"):
        run.run_reproduction(tmp_path, plan.QUICK)

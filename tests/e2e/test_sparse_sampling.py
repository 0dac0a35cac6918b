"""The study of sparse sampling as a whole, with two models and hardly any steps: it runs, and nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hdvila.errors import UsageError
from hdvila.lab.sparse_sampling import plan, run, training
from hdvila.lab.sparse_sampling.plan import SamplingScale, SparseTuning
from hdvila.lab.sparse_sampling.tables import sections

TINY = SamplingScale(videos=16, benchmark_videos=60, stage1=1, pretraining=1, tuning=1, pairs=6, seeds=1)


@pytest.mark.slow
def test_it_runs_is_continued_and_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [SparseTuning(), SparseTuning(clips=2, consensus="logsumexp"), SparseTuning(start="ResNet and words")]
    monkeypatch.setattr(run, "fine_tunings", lambda: models)
    rows = run.run_sparse_sampling(tmp_path, TINY, workers=2)
    assert {(row.task, row.model) for row in rows} == {(task, one.name) for task in plan.TASKS for one in models}
    assert [row.test_clips for row in rows if row.model == "1x1" and row.task == "retrieval"] == [1, 2, 4, 8, 16]
    assert all(0 <= row.low <= row.score <= row.high <= 1 for row in rows)
    table = sections(rows)["table-3"]
    assert "logsumexp, N = 2" in table
    monkeypatch.setattr(training, "train", None)  # whatever would train again fails
    assert run.run_sparse_sampling(tmp_path, TINY, workers=1) == rows
    with pytest.raises(UsageError, match="choose another folder"):
        run.run_sparse_sampling(tmp_path, replace(TINY, pairs=5))

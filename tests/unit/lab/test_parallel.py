"""Models side by side: a core each, and errors that say which."""

from __future__ import annotations

import os

import pytest
import torch

from hdvila.errors import TrainingError, UsageError
from hdvila.lab.parallel import in_parallel
from hdvila.progress import Reporter
from tests.unit.watching import Watching


def threads(item: str, reporter: Reporter) -> int:
    return torch.get_num_threads()


def dies(item: str, reporter: Reporter) -> None:
    os._exit(3)


def fails(item: str, reporter: Reporter) -> None:
    raise UsageError(f"{item} cannot be")


def reports(item: str, reporter: Reporter) -> None:
    with reporter.task("training", total=3) as bar:
        bar.advance(2)
        if item == "second":
            os._exit(3)
        bar.advance()
    reporter.note("done")


def test_each_has_one_core_and_the_parent_keeps_its_own() -> None:
    before = torch.get_num_threads()
    assert list(in_parallel(threads, ["a", "b"], workers=2)) == [("a", 1), ("b", 1)]
    assert list(in_parallel(threads, ["a", "b"], workers=1)) == [("a", before), ("b", before)]


def test_a_process_that_ends_is_named() -> None:
    with pytest.raises(TrainingError, match=r"second model: its process died \(exit status 3\)"):
        list(in_parallel(dies, ["second model", "third model"], workers=2))


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(UsageError, match=r"[ab] cannot be"):
        list(in_parallel(fails, ["a", "b"], workers=2))


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(workers: int) -> None:
    with pytest.raises(UsageError, match=f"workers={workers}"):
        list(in_parallel(threads, ["a", "b"], workers=workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_caller_hears_of_every_step(workers: int) -> None:
    watching = Watching()
    list(in_parallel(reports, ["first", "third"], watching, workers=workers))
    assert sorted(watching.done.values()) == [3] * (1 if workers == 1 else 2)
    assert all("done" in note for note in watching.notes)
    assert len(watching.notes) == 2
    if workers == 2:
        assert sorted(watching.done) == ["first: training", "third: training"]


def test_no_bar_of_a_dead_process_stays_open() -> None:
    watching = Watching()
    with pytest.raises(TrainingError, match="second"):
        list(in_parallel(reports, ["second", "third"], watching, workers=2))
    assert "second: training" in watching.done
    assert not watching.open

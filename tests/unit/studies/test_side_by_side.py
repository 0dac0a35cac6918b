"""Models side by side: a core each, and errors that say which."""

from __future__ import annotations

import os

import pytest
import torch

from hdvila.errors import TrainingError, UsageError
from hdvila.studies.side_by_side import side_by_side


def threads(item: str) -> int:
    return torch.get_num_threads()


def dies(item: str) -> None:
    os._exit(3)


def fails(item: str) -> None:
    raise UsageError(f"{item} cannot be")


def test_each_has_one_core_and_the_parent_keeps_its_own() -> None:
    before = torch.get_num_threads()
    assert list(side_by_side(threads, ["a", "b"], 2)) == [("a", 1), ("b", 1)]
    assert list(side_by_side(threads, ["a", "b"], 1)) == [("a", before), ("b", before)]


def test_a_process_that_ends_is_named() -> None:
    with pytest.raises(TrainingError, match=r"second model: its process ended \(exit status 3\)"):
        list(side_by_side(dies, ["second model", "third model"], 2))


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(UsageError, match=r"[ab] cannot be"):
        list(side_by_side(fails, ["a", "b"], 2))


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(workers: int) -> None:
    with pytest.raises(UsageError, match=f"workers={workers}"):
        list(side_by_side(threads, ["a", "b"], workers))

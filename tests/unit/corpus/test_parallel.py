"""Work in processes that may die."""

from __future__ import annotations

import os
import time

import pytest

from hdvila.corpus.parallel import Died, in_order


def slow_first(item: int) -> int:
    time.sleep(0.2 if item == 0 else 0.0)
    return item * item


def deadly(item: int) -> int:
    if item == 2:
        os._exit(9)
    return item


def wrong(item: int) -> int:
    raise ValueError(f"no {item}")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers: int) -> None:
    assert list(in_order(slow_first, range(9), workers)) == [(n, n * n) for n in range(9)]


def test_an_item_that_kills_its_process_costs_only_itself() -> None:
    assert list(in_order(deadly, range(6), 2)) == [(n, Died(9) if n == 2 else n) for n in range(6)]


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(ValueError, match=r"no \d"):
        list(in_order(wrong, range(3), 2))


def test_leaving_early_leaves_no_process() -> None:
    import multiprocessing

    results = in_order(slow_first, range(50), 2)
    next(results)
    results.close()
    assert not multiprocessing.active_children()

"""Work in processes that may die."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hdvila.processes import Died, in_order


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


def test_a_script_without_its_guard_is_told_so_at_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from hdvila.processes import in_order\nprint(list(in_order(abs, range(4), 2)))\n")
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=100)
    assert ended.returncode != 0
    assert "UsageError: a process of its own cannot be started" in ended.stderr

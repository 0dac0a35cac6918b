"""Work in processes that may die."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hdvila import processes
from hdvila.processes import Died, in_order, tell, usable_cores


def slow_first(item: int) -> int:
    time.sleep(0.2 if item == 0 else 0.0)
    return item * item


def deadly(item: int) -> int:
    if item == 2:
        os._exit(9)
    return item


def wrong(item: int) -> int:
    raise ValueError(f"no {item}")


def tells(item: int) -> int:
    tell(f"{item} is begun")
    tell(f"{item} is half done")
    return deadly(item)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers: int) -> None:
    assert list(in_order(slow_first, range(9), workers)) == [(n, n * n) for n in range(9)]


def test_an_item_that_kills_its_process_costs_only_itself() -> None:
    assert list(in_order(deadly, range(6), 2)) == [(n, Died(9) if n == 2 else n) for n in range(6)]


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(ValueError, match=r"no \d"):
        list(in_order(wrong, range(3), 2))


def test_what_the_work_tells_is_heard_of_a_dead_process_too() -> None:
    heard: list[tuple[int, str]] = []
    results = list(in_order(tells, range(4), 2, lambda item, message: heard.append((item, message))))
    assert results == [(n, Died(9) if n == 2 else n) for n in range(4)]
    assert sorted(heard) == [(n, f"{n} is {state}") for n in range(4) for state in ("begun", "half done")]


def test_telling_nobody_is_no_error() -> None:
    tell("nobody")


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


def test_processes_end_with_a_killed_parent_though_an_item_takes_long(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(
        "import os, pathlib, sys, time\n"
        "def sleep(item):\n"
        "    pathlib.Path(sys.argv[0]).with_name(f'{item}.pid').write_text(str(os.getpid()))\n"
        "    time.sleep(300)\n"
        "if __name__ == '__main__':\n"
        "    from hdvila.processes import in_order\n"
        "    list(in_order(sleep, [1, 2], 2))\n"
    )
    with subprocess.Popen([sys.executable, str(tmp_path / "work.py")]) as parent:
        files = [tmp_path / "1.pid", tmp_path / "2.pid"]
        _wait(lambda: all(file.exists() and file.read_text() for file in files))
        parent.kill()
    pids = [int(file.read_text()) for file in files]
    _wait(lambda: not any(map(_is_running, pids)))


def _wait(happens: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < until, "not within a minute"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("files", "most"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "20000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({}, 64),
    ],
)
def test_a_containers_share_of_time_bounds_the_cores(
    files: dict[str, str], most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(processes, "_CGROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert usable_cores() == most

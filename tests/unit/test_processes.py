"""Work in processes that may die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from hdvila import processes
from hdvila.errors import TrainingError
from hdvila.processes import Died, in_order, send_message, together, usable_cores, usable_memory


def slow_first(item: int) -> int:
    time.sleep(0.2 if item == 0 else 0.0)
    return item * item


def deadly(item: int) -> int:
    if item == 2:
        os._exit(9)
    return item


def dies_while_it_sends(folder: Path, item: int) -> bytes:
    """Once its reader is away, send more than fits into a pipe, and be killed meanwhile."""
    if item == 1:
        _wait((folder / "away").exists)
        (folder / "pid").write_text(str(os.getpid()))
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return bytes(1 << 22 if item == 1 else 1)


def wrong(item: int) -> int:
    raise ValueError(f"no {item}")


def sends(item: int) -> int:
    send_message(f"{item} is begun")
    send_message(f"{item} is half done")
    return deadly(item)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers: int) -> None:
    assert list(in_order(slow_first, range(9), workers)) == [(n, n * n) for n in range(9)]


def test_an_item_that_kills_its_process_costs_only_itself() -> None:
    assert list(in_order(deadly, range(6), 2)) == [(n, Died(9) if n == 2 else n) for n in range(6)]


def test_a_process_that_is_killed_within_its_answer_costs_only_that_item(tmp_path: Path) -> None:
    results = in_order(partial(dies_while_it_sends, tmp_path), range(5), 2)
    assert next(results) == (0, bytes(1))
    (tmp_path / "away").touch()
    _wait(lambda: (tmp_path / "pid").exists() and bool((tmp_path / "pid").read_text()))
    _wait(lambda: not _is_running(int((tmp_path / "pid").read_text())))
    assert list(results) == [(n, Died(-signal.SIGKILL) if n == 1 else bytes(1)) for n in range(1, 5)]


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(ValueError, match=r"no \d"):
        list(in_order(wrong, range(3), 2))


def test_messages_of_a_process_that_dies_arrive_too() -> None:
    received: list[tuple[int, str]] = []
    results = list(in_order(sends, range(4), 2, lambda item, message: received.append((item, message))))
    assert results == [(n, Died(9) if n == 2 else n) for n in range(4)]
    assert sorted(received) == [(n, f"{n} is {state}") for n in range(4) for state in ("begun", "half done")]


def test_a_message_to_nobody_is_no_error() -> None:
    send_message("nobody")


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


def test_a_containers_limit_bounds_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_CGROUPS", tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("4000\n")
    free = usable_memory()
    assert free is None or free > 1 << 20
    (tmp_path / "memory.max").write_text("5000\n")
    assert usable_memory() == 1000
    (tmp_path / "memory.stat").write_text("anon 1400\nfile 2600\ninactive_file 2500\nactive_file 100\n")
    assert usable_memory() == 3500, "files that were read give way"


def meets(folder: Path, number: int) -> int:
    """Ends when the other one is there too."""
    (folder / str(number)).touch()
    while not (folder / str(1 - number)).exists():
        time.sleep(0.01)
    send_message(f"{number} is here")
    return number * 10


def ends_badly(folder: Path, how: str, number: int) -> None:
    """One meets its end, and the other loses the connection to it first."""
    if number == 0:
        while not (folder / "met").exists():
            time.sleep(0.01)
        raise RuntimeError("the other one is gone")
    (folder / "met").touch()
    time.sleep(0.3)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise TrainingError("a bad step")


def sleeps_or_fails(number: int) -> None:
    if number == 1:
        raise ValueError("no luck")
    time.sleep(100)


def test_together_they_work_at_the_same_time(tmp_path: Path) -> None:
    received: list[tuple[int, str]] = []
    assert together(partial(meets, tmp_path), 2, lambda number, message: received.append((number, message))) == [0, 10]
    assert sorted(received) == [(0, "0 is here"), (1, "1 is here")]


def test_of_several_failures_the_cause_comes_out(tmp_path: Path) -> None:
    for how in ("killed", "raised"):
        (tmp_path / how).mkdir()
    assert together(partial(ends_badly, tmp_path / "killed", "killed"), 2)[1] == Died(-signal.SIGKILL)
    with pytest.raises(TrainingError, match="a bad step"):
        together(partial(ends_badly, tmp_path / "raised", "raised"), 2)


def test_the_first_that_fails_ends_the_others_and_its_trace_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_GRACE", 0.1)
    with pytest.raises(ValueError, match="no luck") as raised:
        together(sleeps_or_fails, 2)
    assert "sleeps_or_fails" in raised.value.__notes__[0]

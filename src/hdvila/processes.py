"""Jobs in processes that may die: one for every item, whose death costs that item, or several that work together.

A process ends with the one that started it, even in the middle of an item. Every process has a pipe of its own: one
that is killed while it sends its result harms nobody else's. (The standard library's pools lose all items in work;
docs/architecture.md says what else was tried.)
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic, TypeVar

from hdvila.errors import HdvilaError, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")

_CGROUPS = Path("/sys/fs/cgroup")
_AHEAD = 3
_GRACE = 3.0  # seconds to wait for the failure that caused the first one
_STARTED, _MESSAGE, _DONE, _RAISED = range(4)  # what comes through a pipe: (one of these, value)

_pipe: Connection | None = None  # to the process that started this one


@dataclass(frozen=True, slots=True)
class Died:
    """The process that worked on an item ended without a result."""

    exit_code: int | None


def usable_cores() -> int:
    """Processor cores that this process may use: of its affinity, and no more than its container's share of time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _container_cores(_CGROUPS))))


def usable_memory() -> int | None:
    """Bytes that this process may still take without swapping, or None where the machine does not report them."""
    rooms = []
    if available := _number_in(Path("/proc/meminfo"), "MemAvailable:"):
        rooms.append(available * 1024)
    for limit, used, statistics, cached in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ):
        with suppress(OSError, ValueError):  # "max": there is no limit
            room = int((_CGROUPS / limit).read_text()) - int((_CGROUPS / used).read_text())
            # Pages of files that were read count as used, and give way.
            rooms.append(room + _number_in(_CGROUPS / statistics, cached))
    return max(0, min(rooms)) if rooms else None


def _number_in(file: Path, name: str) -> int:
    """The number after a name in a file with a name and a number on each line; 0 where there is none."""
    with suppress(OSError, ValueError):
        return next((int(line.split()[1]) for line in file.read_text().splitlines() if line.split()[:1] == [name]), 0)
    return 0


def _container_cores(cgroups: Path) -> float:
    """Cores whose whole time the container gets, by control groups of version 2 or 1; infinity without a limit."""
    with suppress(OSError, ValueError):
        quota, period = (cgroups / "cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError):
        quota, period = ((cgroups / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    return math.inf


def _ignore(item: object, message: object) -> None:
    pass


def in_order(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    on_message: Callable[[Item, Any], None] = _ignore,
    ahead: int = _AHEAD,
) -> Iterator[tuple[Item, Result | Died]]:
    """Yield (item, result) in the order of `items`. A single worker runs in this process, where no result is `Died`.

    Args:
        work: a function of a module, or a `functools.partial` of one. An exception that it raises ends everything.
        items: picklable.
        workers: processes.
        on_message: called with (item, message) for each `send_message` of the work on an item in another process.
        ahead: items for each process that may be finished, and their results kept, before their turn.

    Raises:
        UsageError: no process can be started, as from a script without the usual guard.
    """
    if workers == 1 or len(items) < 2:
        for item in items:
            yield item, work(item)
        return
    pool = _Pool(work, min(workers, len(items)), on_message, ahead)
    try:
        yield from pool.run(items)
    finally:
        pool.stop()


def together(
    work: Callable[[int], Result], count: int, on_message: Callable[[int, Any], None] = _ignore
) -> list[Result | Died]:
    """``[work(0), ..., work(count - 1)]``, all at the same time, each in its own process.

    The first that dies or raises ends the others. One failure may cause others (a lost connection), so an
    `HdvilaError` counts before a death, and a death before any other exception.

    Args:
        work: as for `in_order`.
        on_message: called with (number, message) for each `send_message` of ``work(number)``.

    Returns:
        The results; `Died` for one that died and for those that were ended because of it.

    Raises:
        UsageError: no process can be started.
        Exception: whatever the work raises.
    """
    pool = _Pool(work, count, on_message, 1)
    try:
        return pool.run_together(range(count))
    finally:
        pool.stop()


def send_message(message: object) -> None:
    """From within the work on an item, send a picklable message to the process that started this one.

    Does nothing in a process that neither `in_order` nor `together` started, or whose parent has ended.
    """
    if _pipe is not None:
        with suppress(BrokenPipeError):
            _pipe.send((_MESSAGE, message))


class _Pool(Generic[Item, Result]):
    def __init__(
        self, work: Callable[[Item], Result], workers: int, on_message: Callable[[Item, Any], None], ahead: int
    ) -> None:
        self._work, self._workers, self._on_message, self._ahead = work, workers, on_message, ahead
        self._context = multiprocessing.get_context("spawn")
        self._busy: dict[Connection, tuple[Any, int]] = {}
        self._idle: list[tuple[Connection, Any]] = []
        self._started: set[Connection] = set()  # whose process has begun
        self._finished: dict[int, Result | Died] = {}

    def run(self, items: Sequence[Item]) -> Iterator[tuple[Item, Result | Died]]:
        sent = turn = 0
        while turn < len(items):
            while sent < len(items) and len(self._busy) < self._workers and sent - turn < self._ahead * self._workers:
                connection, process = self._idle.pop() if self._idle else self._start()
                connection.send(items[sent])
                self._busy[connection] = process, sent
                sent += 1
            for ready in wait(list(self._busy)):
                assert isinstance(ready, Connection)
                self._receive(ready, items)
            while turn in self._finished:
                yield items[turn], self._finished.pop(turn)
                turn += 1

    def run_together(self, items: Sequence[Item]) -> list[Result | Died]:
        for number, item in enumerate(items):
            connection, process = self._start()
            connection.send(item)
            self._busy[connection] = process, number
        failure: Exception | None = None
        until = math.inf
        while self._busy and time.monotonic() < until:
            for ready in wait(list(self._busy), None if failure is None else until - time.monotonic()):
                assert isinstance(ready, Connection)
                try:
                    self._receive(ready, items)
                except HdvilaError:
                    raise
                except Exception as error:
                    failure = failure or error
            if any(isinstance(result, Died) for result in self._finished.values()):
                return [self._finished.get(number, Died(None)) for number in range(len(items))]
            if failure is not None:
                until = min(until, time.monotonic() + _GRACE)
        if failure is not None:
            raise failure
        return [self._finished[number] for number in range(len(items))]

    def stop(self) -> None:
        for connection, process in [*self._idle, *((pipe, process) for pipe, (process, _) in self._busy.items())]:
            process.kill()
            process.join()
            connection.close()

    def _start(self) -> tuple[Connection, Any]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(self._work, theirs), daemon=True)
        process.start()
        theirs.close()
        return ours, process

    def _receive(self, connection: Connection, items: Sequence[Item]) -> None:
        process, number = self._busy[connection]
        try:
            kind, value = connection.recv()
        except (EOFError, OSError):  # of the pipe: its process ended, perhaps in the middle of an answer
            self._lose(connection)
            return
        if kind == _STARTED:
            self._started.add(connection)
        elif kind == _MESSAGE:
            self._on_message(items[number], value)
        else:
            del self._busy[connection]
            self._idle.append((connection, process))
            if kind == _RAISED:
                raise value
            self._finished[number] = value

    def _lose(self, connection: Connection) -> None:
        process, number = self._busy[connection]
        process.join()
        if connection not in self._started:
            raise UsageError(
                f"a process of its own cannot be started (exit status {process.exitcode}): a script needs "
                "`if __name__ == '__main__':` before what it does (or one process: workers=1, processes=1)"
            ) from None
        del self._busy[connection]
        connection.close()
        self._finished[number] = Died(process.exitcode)


def _end_with_parent() -> None:
    """A killed parent cannot end us, and an item may take long; what it holds must be free for the next run."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _serve(work: Callable[[Any], Any], connection: Connection) -> None:
    """Announce the start; then, until the pipe closes, take an item and send back its result."""
    global _pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it too, and ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _pipe = connection
    connection.send((_STARTED, None))
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        try:
            answer = _DONE, work(item)
        except Exception as error:  # goes to the parent, which raises it
            if not isinstance(error, HdvilaError):  # a defect: its trace does not travel by itself
                error.add_note("".join(traceback.format_exception(error)))
            answer = _RAISED, error
        try:
            connection.send(answer)
        except BrokenPipeError:
            return

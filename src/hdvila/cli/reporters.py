"""Two reporters (`hdvila.progress.Reporter`) that write to stderr: bars for a terminal, sparse lines for a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from hdvila.progress import Bar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["PlainReporter", "RichReporter"]


class PlainReporter:
    """Lines for a log: at most one every few seconds, and one at the end of a job that had any.

    Args:
        stream: the output.
        interval: seconds between two progress lines.
        clock: a monotonic clock in seconds.
    """

    def __init__(self, stream: TextIO, interval: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._interval = interval
        self._clock = clock
        self._last = clock()

    @contextmanager
    def task(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Bar]:
        bar = _PlainBar(self, name, total, done, self._clock())
        yield bar
        bar.close()

    def note(self, message: str) -> None:
        self.line(message)

    def due(self) -> bool:
        """Whether enough time has passed since the last progress line; if so, the interval restarts."""
        now = self._clock()
        if now - self._last < self._interval:
            return False
        self._last = now
        return True

    def now(self) -> float:
        return self._clock()

    def line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class _PlainBar:
    def __init__(self, owner: PlainReporter, name: str, total: int | None, done: int, began: float) -> None:
        self._owner, self._name, self._total, self._began = owner, name, total, began
        self._done = self._first = done
        self._note = ""
        self._said = False

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._done += steps
        self._note = note or self._note
        if self._owner.due():
            self._said = True
            self._owner.line(self._text())

    def close(self) -> None:
        if self._said:
            took = self._owner.now() - self._began
            self._owner.line(f"{self._name}: done, {self._done} in {_clock_time(took)}")

    def _text(self) -> str:
        count = f"{self._done}" if self._total is None else f"{self._done}/{self._total}"
        parts = [count]
        took, steps = self._owner.now() - self._began, self._done - self._first
        if self._total and steps:
            parts.append(f"{_clock_time(took / steps * max(self._total - self._done, 0))} left")
        if self._note:
            parts.append(self._note)
        return f"{self._name}: {', '.join(parts)}"


class RichReporter:
    """Bars with counts and remaining time on the terminal of stderr.

    Several jobs may run at once; a bar disappears when its job ends, unless it is the last one.
    """

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._open = 0

    @contextmanager
    def task(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Bar]:
        progress = self._start()
        task = progress.add_task(name, total=total, completed=done, note="")
        self._open += 1
        try:
            yield _RichBar(progress, task)
        finally:
            self._open -= 1
            progress.stop_task(task)
            if self._open:
                progress.remove_task(task)
            else:
                progress.stop()
                self._progress = None

    def note(self, message: str) -> None:
        if self._progress is None:
            sys.stderr.write(message + "\n")
        else:
            self._progress.console.print(message, markup=False, highlight=False, soft_wrap=True)

    def _start(self) -> Progress:
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(elapsed_when_finished=True),
                TextColumn("{task.fields[note]}", markup=False),
                console=Console(stderr=True),
                redirect_stdout=sys.stdout.isatty(),  # results must reach a pipe unchanged
            )
            self._progress.start()
        return self._progress


class _RichBar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, steps: int = 1, note: str = "") -> None:
        if note:
            self._progress.update(self._task, advance=steps, note=note)
        else:
            self._progress.update(self._task, advance=steps)


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

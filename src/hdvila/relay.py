"""Progress from one process to another: a reporter that says everything in messages, and what makes bars of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from hdvila.progress import Bar, Reporter

__all__ = ["Listener", "Message", "Teller"]

_EVERY = 1.0  # seconds between two messages of a bar


@dataclass(frozen=True, slots=True)
class Opened:
    """A bar, at the top of those that are open."""

    name: str
    total: int | None
    done: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """The bar that is `depth` bars above the lowest one."""

    depth: int
    steps: int
    note: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The bar at the top."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the person who watches."""

    text: str


Message = Opened | Advanced | Closed | Note


class Teller:
    """A reporter (`hdvila.progress.Reporter`) at the far end.

    Args:
        tell: sends a message.
        clock: seconds that only grow.
    """

    def __init__(self, tell: Callable[[Message], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._depth = 0

    @contextmanager
    def task(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Bar]:
        self._tell(Opened(name, total, done))
        bar = _ToldBar(self._depth, self._tell, self._clock)
        self._depth += 1
        try:
            yield bar
        finally:
            self._depth -= 1
            bar.flush()
            self._tell(Closed())

    def note(self, message: str) -> None:
        self._tell(Note(message))


class _ToldBar:
    def __init__(self, depth: int, tell: Callable[[Message], None], clock: Callable[[], float]) -> None:
        self._depth, self._tell, self._clock = depth, tell, clock
        self._last, self._steps, self._note = clock(), 0, ""

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._steps += steps
        self._note = note or self._note
        if self._clock() - self._last >= _EVERY:
            self.flush()

    def flush(self) -> None:
        if self._steps or self._note:
            self._tell(Advanced(self._depth, self._steps, self._note))
        self._last, self._steps, self._note = self._clock(), 0, ""


class Listener:
    """Shows what a `Teller` tells.

    Args:
        reporter: where bars are shown.
        who: the other end's name, before everything it says; empty where there is only one.
    """

    def __init__(self, reporter: Reporter, who: str = "") -> None:
        self._reporter, self._who = reporter, f"{who}: " if who else ""
        self._open: list[tuple[Bar, ExitStack]] = []

    def hear(self, message: Message) -> None:
        match message:
            case Opened(name, total, done):
                stack = ExitStack()
                self._open.append((stack.enter_context(self._reporter.task(f"{self._who}{name}", total, done)), stack))
            case Advanced(depth, steps, note):
                self._open[depth][0].advance(steps, note)
            case Closed():
                self._open.pop()[1].close()
            case Note(text):
                self._reporter.note(f"{self._who}{text}")

    def close(self) -> None:
        """End the bars that are still open: the other end will say no more."""
        while self._open:
            self._open.pop()[1].close()

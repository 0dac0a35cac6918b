"""Progress across processes: a reporter that sends messages, and a receiver that shows them on another reporter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from hdvila.progress import Bar, Reporter

__all__ = ["Message", "Receiver", "Sender"]

_EVERY = 1.0  # seconds between two messages of a bar


@dataclass(frozen=True, slots=True)
class Opened:
    """A bar was opened, inside those that are open."""

    name: str
    total: int | None
    done: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """Steps of the bar inside `depth` others."""

    depth: int
    steps: int
    note: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The innermost bar was closed."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line of text."""

    text: str


Message = Opened | Advanced | Closed | Note


class Sender:
    """A reporter (`hdvila.progress.Reporter`) in the process that does the work.

    Args:
        send: sends a message to the other process.
        clock: monotonic seconds.
    """

    def __init__(self, send: Callable[[Message], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._send, self._clock = send, clock
        self._depth = 0

    @contextmanager
    def task(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Bar]:
        self._send(Opened(name, total, done))
        bar = _SentBar(self._depth, self._send, self._clock)
        self._depth += 1
        try:
            yield bar
        finally:
            self._depth -= 1
            bar.flush()
            self._send(Closed())

    def note(self, message: str) -> None:
        self._send(Note(message))


class _SentBar:
    def __init__(self, depth: int, send: Callable[[Message], None], clock: Callable[[], float]) -> None:
        self._depth, self._send, self._clock = depth, send, clock
        self._last, self._steps, self._note = clock(), 0, ""

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._steps += steps
        self._note = note or self._note
        if self._clock() - self._last >= _EVERY:
            self.flush()

    def flush(self) -> None:
        if self._steps or self._note:
            self._send(Advanced(self._depth, self._steps, self._note))
        self._last, self._steps, self._note = self._clock(), 0, ""


class Receiver:
    """Shows the progress that a `Sender` sends.

    Args:
        reporter: where bars are shown.
        name: of the sender, put before each of its bars and notes; empty where there is only one sender.
    """

    def __init__(self, reporter: Reporter, name: str = "") -> None:
        self._reporter, self._prefix = reporter, f"{name}: " if name else ""
        self._open: list[tuple[Bar, ExitStack]] = []

    def receive(self, message: Message) -> None:
        match message:
            case Opened(name, total, done):
                stack = ExitStack()
                self._open.append(
                    (stack.enter_context(self._reporter.task(f"{self._prefix}{name}", total, done)), stack)
                )
            case Advanced(depth, steps, note):
                self._open[depth][0].advance(steps, note)
            case Closed():
                self._open.pop()[1].close()
            case Note(text):
                self._reporter.note(f"{self._prefix}{text}")

    def close(self) -> None:
        """Close the bars that are still open, of a sender that sends no more."""
        while self._open:
            self._open.pop()[1].close()

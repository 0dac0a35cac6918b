"""A reporter that writes down what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hdvila.progress import Bar


class Watching:
    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.totals: dict[str, int | None] = {}
        self.notes: list[str] = []
        self.open: list[str] = []

    @contextmanager
    def task(self, name: str, total: int | None = None, done: int = 0) -> Iterator[Bar]:
        self.totals[name], self.done[name] = total, done
        self.open.append(name)
        yield _Bar(self, name)
        self.open.remove(name)

    def note(self, message: str) -> None:
        self.notes.append(message)


class _Bar:
    def __init__(self, owner: Watching, name: str) -> None:
        self._owner, self._name = owner, name

    def advance(self, steps: int = 1, note: str = "") -> None:
        self._owner.done[self._name] += steps
        if note:
            self._owner.notes.append(note)

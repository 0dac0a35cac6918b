"""Progress: what a long job tells its caller. Nothing below the command line prints; it reports here.

A job does ``with reporter.task("cutting clips", total=n) as bar: ... bar.advance()`` and ``reporter.note("...")``.
The command line shows bars and notes on stderr; `SILENT` swallows them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Bar(Protocol):
    """One job's progress."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """`steps` more are done; `note` (such as ``"loss 2.31"``) replaces what stands beside the bar."""


class Reporter(Protocol):
    """Where progress goes."""

    def task(self, name: str, total: int | None = None, done: int = 0) -> AbstractContextManager[Bar]:
        """Open a bar of `total` steps (None: unknown), `done` of them already behind us."""

    def note(self, message: str) -> None:
        """One line for the person who watches: a warning, a file that was left out."""


class _SilentBar:
    def advance(self, steps: int = 1, note: str = "") -> None:
        pass


class _SilentReporter:
    def task(self, name: str, total: int | None = None, done: int = 0) -> AbstractContextManager[Bar]:
        return nullcontext(_SilentBar())

    def note(self, message: str) -> None:
        pass


SILENT: Reporter = _SilentReporter()

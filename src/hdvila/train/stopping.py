"""Handle Ctrl-C and SIGTERM after the current step, so that its checkpoint can be written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

__all__ = ["StopSignals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """A context that records the first SIGINT or SIGTERM instead of ending the process; a second one ends it.

    Signals that the process ignores (a job in the background) stay ignored. Outside the main thread nothing changes,
    because signals never arrive there.

    Args:
        patient: also the second and later ones are remembered only: ``torchrun`` hands on to its processes what the
            terminal has sent them already.
        heard: is given the first one at once.

    Attributes:
        received: the first one, or None.
    """

    def __init__(self, patient: bool = False, heard: Callable[[signal.Signals], None] | None = None) -> None:
        self.received: signal.Signals | None = None
        self._patient, self._heard = patient, heard
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for one in _SIGNALS:
                if (before := signal.getsignal(one)) not in (signal.SIG_IGN, None):
                    self._before[one] = before
                    signal.signal(one, self._remember)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._restore()

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or signal.Signals(number)
        if not self._patient:
            self._restore()
        if self._heard is not None:
            self._heard(self.received)

    def _restore(self) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)

"""The first signal is a wish, the second acts as ever, and what is ignored stays ignored."""

from __future__ import annotations

import signal
import threading

import pytest

from hdvila.train.stopping import StopSignals


def test_the_first_is_remembered_and_the_second_obeyed() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopSignals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_beside_other_processes_all_are_remembered() -> None:
    with StopSignals(patient=True) as signals:
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(one)
    assert signals.received == signal.SIGTERM


def test_a_job_in_the_background_goes_on_ignoring(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signal.raise_signal(signal.SIGINT)
        assert signals.received is None
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_may_train() -> None:
    done = []

    def work() -> None:
        with StopSignals() as signals:
            done.append(signals.received)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [None]

"""Progress that goes through messages arrives as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hdvila.progress_proxy import Message, Opened, Receiver, Sender
from tests.unit.watching import Watching


@given(
    total=st.none() | st.integers(0, 100),
    done=st.integers(0, 5),
    advances=st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 3.0)), max_size=30),
)
def test_no_step_is_lost_however_fast_they_come(
    total: int | None, done: int, advances: list[tuple[int, float]]
) -> None:
    now, watching = [0.0], Watching()
    with Sender(Receiver(watching, "a model").receive, clock=lambda: now[0]).task("training", total, done) as bar:
        for steps, seconds in advances:
            now[0] += seconds
            bar.advance(steps)
    assert watching.done == {"a model: training": done + sum(steps for steps, _ in advances)}
    assert watching.totals == {"a model: training": total}
    assert not watching.open


def test_a_thousand_quick_steps_are_few_messages() -> None:
    messages: list[Message] = []
    now = [0.0]
    with Sender(messages.append, clock=lambda: now[0]).task("training", 1000) as bar:
        for _ in range(1000):
            now[0] += 0.005
            bar.advance()
    assert len(messages) < 10


def test_bars_within_bars_and_notes() -> None:
    watching = Watching()
    sender = Sender(Receiver(watching, "model").receive)
    with sender.task("outer", 5) as outer:
        outer.advance(1)
        with sender.task("inner", 3) as inner:
            inner.advance(2, note="half")
            outer.advance(2)
        outer.advance(1, note="loss 2.0")
        sender.note("one video was left out")
    assert watching.done == {"model: outer": 4, "model: inner": 2}
    assert watching.notes == ["half", "model: one video was left out", "loss 2.0"]
    assert not watching.open


def test_bars_of_an_end_that_fell_silent_are_closed() -> None:
    watching = Watching()
    receiver = Receiver(watching, "model")
    receiver.receive(Opened("training", 3, 0))
    assert watching.open == ["model: training"]
    receiver.close()
    assert not watching.open

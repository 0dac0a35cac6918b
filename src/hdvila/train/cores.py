"""Training on a CPU: one process a core, joined as by ``torchrun``.

Threads that share a step wait for each other at every operation, so that a core which another program takes for a
moment stops all of them, hundreds of times a step. Processes that share it meet a few times a step.
"""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import torch

from hdvila.data.loader import BatchShare
from hdvila.errors import Interrupted, TrainingError, UsageError
from hdvila.hub import pick_device
from hdvila.processes import Died, send_message, together, usable_cores, usable_memory
from hdvila.progress import SILENT, Reporter
from hdvila.progress_proxy import Receiver, Sender
from hdvila.train.engine import is_joined
from hdvila.train.loop import train
from hdvila.train.memory import estimate_memory, kept_bytes
from hdvila.train.recipe import Recipe
from hdvila.train.stopping import StopSignals

__all__ = ["choose_processes", "train_on_cores"]

_PATIENCE = timedelta(days=7)
"""How long processes wait for one another. A dead one is noticed at once; one that is suspended may come back."""
_FEWER_WARNINGS = ("TORCH_CPP_LOG_LEVEL", "ERROR")
"""For the processes: advice about `find_unused_parameters`, from each of them."""
_MEMORY_SHARE = 0.7
"""Of the memory that is free, for what every process has for itself; the rest is for activations."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the first process says: by this number signals reach it."""

    process: int


@dataclass(frozen=True, slots=True)
class _Stopped:
    """A process obeyed a signal."""

    message: str


def choose_processes(recipe: Recipe, wanted: int | None = None) -> int:
    """Into how many processes of this machine a run is best divided.

    On a CPU as many as there are usable cores (``OMP_NUM_THREADS``, where it is set, counts as their number), if the
    batch can be cut into so many equal parts and weights, gradients and moments of so many (with `chunk` its
    activations too, which each process has then for itself) have room; else fewer. 1 where ``torchrun`` has started
    this process, and on a GPU.

    Args:
        wanted: the number that a person asks for.

    Raises:
        UsageError: it cannot be had.
    """
    if why := _why_alone():
        if wanted not in (None, 1):
            raise UsageError(f"--processes {wanted}: {why}")
        return 1
    if wanted is not None:
        if wanted < 1:
            raise UsageError(f"--processes {wanted}: choose 1 or more")
        BatchShare(recipe.batch_size, 0, wanted, recipe.accumulate)
        return wanted
    most = _core_budget()
    if most > 1 and (room := usable_memory()) is not None:
        at_a_time = min(recipe.chunk, recipe.batch_size // recipe.accumulate)
        each = estimate_memory(recipe, at_a_time).total if at_a_time else kept_bytes(recipe)
        most = min(most, int(_MEMORY_SHARE * room / each))
    return max((n for n in range(1, most + 1) if recipe.batch_size % (n * recipe.accumulate) == 0), default=1)


def train_on_cores(
    recipe: Recipe,
    into: str | Path,
    reporter: Reporter = SILENT,
    *,
    corpus: str | Path | None = None,
    processes: int | None = None,
    setup: Callable[[], object] | None = None,
) -> Path:
    """`train` in so many processes of this machine; a script that calls this needs ``if __name__ == "__main__":``.

    Loss and gradient are those of one process up to rounding; dropout masks are others. None outlives this one.

    Args:
        processes: as `choose_processes` takes it.
        setup: called first in every process; a function of a module. It registers what the recipe names.

    Raises:
        UsageError: so many processes cannot be had.
        TrainingError: one of them died.
        HdvilaError: whatever `train` raises.
    """
    count = choose_processes(recipe, processes)
    if count == 1:
        return train(recipe, into, reporter, corpus=corpus)
    receiver, first = Receiver(reporter), list[int]()

    def hand_on(received: signal.Signals) -> None:
        if first:
            with suppress(ProcessLookupError):
                os.kill(first[0], signal.SIGTERM)

    def on_message(number: int, message: Any) -> None:
        if not isinstance(message, _Begun):
            receiver.receive(message)
            return
        first.append(message.process)
        if signals.received:
            hand_on(signals.received)

    with tempfile.TemporaryDirectory(prefix="hdvila-") as meeting, StopSignals(heard=hand_on) as signals:
        member = partial(_member, recipe, into, corpus, setup, Path(meeting) / "processes", count)
        os.environ.setdefault(*_FEWER_WARNINGS)  # what it begins with; this process has loaded torch already
        try:
            ends = together(member, count, on_message)
        finally:
            receiver.close()
        died = {n: end.exit_code for n, end in enumerate(ends) if isinstance(end, Died) and end.exit_code is not None}
        stopped = [end.message for end in ends if isinstance(end, _Stopped)]
        if stopped or (died and signals.received):
            said = stopped[0] if stopped else "interrupted; the same command goes on from here"
            raise Interrupted(said, signals.received or signal.SIGTERM)
        for number, status in died.items():
            raise TrainingError(
                f"process {number} of the {count} of the run in {into} ended (exit status {status}), perhaps for lack "
                "of memory; the same command goes on from the last checkpoint, with --processes 1 in less memory"
            )
    model = ends[0]
    assert isinstance(model, Path)
    return model


def _member(
    recipe: Recipe,
    into: str | Path,
    corpus: str | Path | None,
    setup: Callable[[], object] | None,
    meeting: Path,
    count: int,
    rank: int,
) -> Path | _Stopped:
    """Be one of `count` processes."""
    if setup is not None:
        setup()
    torch.set_num_threads(max(1, _core_budget() // count))
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0"}
    os.environ |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "TORCHELASTIC_RUN_ID": "hdvila"}
    if loopback := [name for _, name in socket.if_nameindex() if name in ("lo", "lo0")]:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback[0])  # nothing of it is for the network
    # By its name: in a url, a folder with a space would never be found.
    store = torch.distributed.FileStore(str(meeting), count)  # type: ignore[attr-defined]
    store.set_timeout(_PATIENCE)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=count, timeout=_PATIENCE)
    if rank == 0:
        send_message(_Begun(os.getpid()))
    try:
        return train(recipe, into, Sender(send_message) if rank == 0 else SILENT, corpus=corpus)
    except Interrupted as stopped:
        return _Stopped(str(stopped))


def _why_alone() -> str:
    """What keeps a run in this process; empty: nothing does."""
    if is_joined():
        return "torchrun has started this process already; leave one of them out"
    if pick_device() != "cpu":
        return "it is for training on a CPU, and this machine has a GPU; for several GPUs, torchrun --nproc-per-node N"
    if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
        return "this build of torch has no gloo, through which processes meet"
    return ""


def _core_budget() -> int:
    limit = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return min(usable_cores(), int(limit)) if limit.isdigit() and int(limit) else usable_cores()

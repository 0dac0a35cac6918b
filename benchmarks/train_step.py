"""One step of ``hdvila train`` as its user meets it, alone and beside busy programs, against what the machine could do.

    python benchmarks/train_step.py [--recipe miniature-stage1] [--busy 0 1 2] [--rounds 5] [--window 2.5]

Every contestant is the real command on the same rendered corpus: data, loss, clipping, update, log. All are started
once and then run in turns, one at a time (SIGSTOP holds the others), so that whatever else the machine does hits
all of them. Printed is the median over the rounds of each round's median step.

The limit is the bare forward and backward pass of the same model, an equal part of the batch on each core at once:
no data, no meeting of processes, no clipping, no update. Busy programs are loops that do nothing else. `spinning` is
OMP_WAIT_POLICY=ACTIVE: threads that wait without sleeping.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

VIDEOS = 32
WARM = 5
"""Steps before anything is measured."""
GUARD = """
import contextlib, os, signal, sys
for group in sys.stdin.read().split():  # until nobody can write any more
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(group), signal.SIGKILL)
"""


class Started:
    """Programs that end with this one, however it ends: a guard waits for that, and kills those that are left."""

    def __init__(self) -> None:
        self._guard = subprocess.Popen([sys.executable, "-c", GUARD], stdin=subprocess.PIPE, text=True, process_group=0)

    def begin(
        self,
        words: Sequence[str],
        environment: Mapping[str, str] = os.environ,
        said: TextIO | int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            process_group=0,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        assert self._guard.stdin is not None
        print(program.pid, file=self._guard.stdin, flush=True)
        return program

    def end(self) -> None:
        self._guard.kill()
        self._guard.wait()


class Contestant:
    """A program that writes a line a step (``step``, ``samples_per_second``) into logs, and stands still meanwhile."""

    def __init__(
        self, started: Started, name: str, words: Sequence[str], logs: Sequence[Path], batch: int, **settings: str
    ) -> None:
        self.name, self._logs, self._batch = name, logs, batch
        environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"} | settings
        said = logs[0].with_suffix(".said")
        said.parent.mkdir(exist_ok=True)
        with said.open("w") as file:
            self._process = started.begin(words, environment, file)
        while any(len(steps) < WARM for steps in self._steps()):
            assert self._process.poll() is None, f"{name} has ended: {said.read_text()}"
            time.sleep(0.05)
        self._tell(signal.SIGSTOP)

    def take_turn(self, seconds: float) -> float:
        """Median seconds of its whole steps in the next `seconds`, or of the first one if it takes longer."""
        before = [len(steps) for steps in self._steps()]
        self._tell(signal.SIGCONT)
        time.sleep(seconds)
        while True:  # the first step after standing still has waited
            fresh = [steps[known + 1 :] for steps, known in zip(self._steps(), before, strict=True)]
            if all(fresh):
                break
            time.sleep(0.05)
        self._tell(signal.SIGSTOP)
        return statistics.median(self._batch / speed for steps in fresh for speed in steps)

    def end(self) -> None:
        self._tell(signal.SIGKILL)
        self._process.wait()

    def _tell(self, message: signal.Signals) -> None:
        os.killpg(self._process.pid, message)

    def _steps(self) -> list[list[float]]:
        return [
            [
                json.loads(line)["samples_per_second"]
                for line in log.read_text().splitlines(keepends=True)
                if line[-1] == "\n"
            ]
            if log.exists()
            else []
            for log in self._logs
        ]


def bare_steps(recipe_name: str, clips: int, log: Path) -> None:
    """Forward and backward passes of `clips` clips on one core, for ever."""
    import torch

    from hdvila.data.batch import Batch
    from hdvila.hub import build_model, settle_precision
    from hdvila.recipes import get_recipe

    torch.set_num_threads(1)
    recipe = get_recipe(recipe_name)
    see, task, length = recipe.data.preprocess, recipe.task, recipe.data.text_length
    model = build_model(recipe.model).to(memory_format=torch.channels_last)
    task.start(model)
    task.train_mode(model)
    high = torch.randint(0, 256, (clips, see.segments, 3, see.height, see.width), dtype=torch.uint8)
    low = torch.randint(
        0, 256, (clips, see.segments, 2 * see.neighbours, 3, see.height // 4, see.width // 4), dtype=torch.uint8
    )
    ids = torch.randint(5, recipe.model.vocab_size, (clips, length))
    batch = Batch((high, low), ids, torch.ones_like(ids), torch.zeros(clips, dtype=torch.long))
    half = settle_precision(recipe.precision) == "bfloat16"
    with log.open("w") as lines:
        while True:
            began = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                outputs = task.forward(model, batch)
            loss, _ = task.loss_sum(tuple(output.float() for output in outputs), batch)
            loss.backward()
            model.zero_grad(set_to_none=True)
            lines.write(json.dumps({"samples_per_second": clips / (time.perf_counter() - began)}) + "\n")
            lines.flush()


@contextmanager
def busy(started: Started, programs: int) -> Iterator[None]:
    """Beside so many programs that each want a core."""
    loops = [started.begin(["-c", "while True: pass"]) for _ in range(programs)]
    try:
        yield
    finally:
        for process in loops:
            process.kill()
            process.wait()


def contestants(recipe: str, folder: Path, programs: Started, stack: ExitStack) -> list[Contestant]:
    from hdvila.lab.corpora import build_world
    from hdvila.processes import usable_cores
    from hdvila.recipes import get_recipe

    corpus, batch, cores = build_world(folder, VIDEOS, 0, "train").corpus, get_recipe(recipe).batch_size, usable_cores()
    started = []

    def start(name: str, words: Sequence[str], logs: Sequence[Path], clips: int, **settings: str) -> None:
        started.append(Contestant(programs, name, words, logs, clips, **settings))
        stack.callback(started[-1].end)

    for name, options, settings in (
        ("hdvila train", [], {}),
        ("--processes 1", ["--processes", "1"], {}),
        ("--processes 1, spinning", ["--processes", "1"], {"OMP_WAIT_POLICY": "ACTIVE"}),
    ):
        run = folder / f"run{len(started)}"
        words = ["-m", "hdvila", "train", recipe, "--into", str(run), "--set", "steps=1000000", *options]
        words += ["--set", f"data.corpus={corpus}", "--set", "checkpoint_every=1000000"]
        start(name, words, [run / "log.jsonl"], batch, **settings)
    logs = [folder / f"bare{core}.jsonl" for core in range(cores)]
    bare = "import subprocess, sys; [p.wait() for p in [subprocess.Popen([sys.executable, *sys.argv[1:-1], log]) "
    bare += "for log in sys.argv[-1].split(':')]]"
    words = ["-c", bare, __file__, "--recipe", recipe, "--bare", str(batch // cores), ":".join(map(str, logs))]
    start("limit", words, logs, batch // cores)
    return started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="miniature-stage1")
    parser.add_argument("--busy", nargs="*", type=int, default=[0, 1, 2], help="busy programs beside")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=float, default=2.5, help="seconds of a turn")
    parser.add_argument("--bare", nargs=2, metavar=("CLIPS", "LOG"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        bare_steps(given.recipe, int(given.bare[0]), Path(given.bare[1]))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        programs = Started()
        stack.callback(programs.end)
        started = contestants(given.recipe, Path(folder), programs, stack)
        print(f"{given.recipe}, seconds a step")
        print(f"{'busy programs':16}" + "".join(f"{one.name:>26}" for one in started))
        for number in given.busy:
            with busy(programs, number):
                rounds = [[one.take_turn(given.window) for one in started] for _ in range(given.rounds)]
            medians = (statistics.median(taken) for taken in zip(*rounds, strict=True))
            print(f"{number:<16}" + "".join(f"{seconds:26.3f}" for seconds in medians), flush=True)


if __name__ == "__main__":
    main()

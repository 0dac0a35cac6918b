"""The log of a run: one JSON object a step, each step exactly once, however often the run was killed."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from hdvila.errors import TrainingError, require
from hdvila.files import replacing

LOG = "log.jsonl"


class RunLog:
    """Writes ``log.jsonl`` and TensorBoard events of a run that goes on after step `after`.

    Lines of later steps, which a killed run may have written after its last checkpoint, are removed first, and so are
    those that are damaged.

    Raises:
        TrainingError: the log cannot be written.
    """

    def __init__(self, folder: Path, after: int) -> None:
        self.path = folder / LOG
        try:
            _keep_up_to(self.path, after)
            self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115
            self._events = EventFile(folder / "tensorboard", after + 1)
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._events.close()

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append one step."""
        try:
            self._file.write(json.dumps({"step": step} | dict(values)) + "\n")
            self._file.flush()
            self._events.write(step, values)
        except OSError as error:
            raise self._failed(error) from error

    def sync(self) -> None:
        """Make everything written so far durable; called before a checkpoint that relies on it."""
        try:
            os.fsync(self._file.fileno())
            self._events.flush()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> TrainingError:
        return TrainingError(
            f"the log {self.path} cannot be written: {error.strerror}; make room on the disk or check its permissions, "
            "then the same command goes on from the last checkpoint"
        )


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The steps that ``log.jsonl`` in a run's folder holds.

    Lines that are no steps are left out: a process that dies cuts the last one off, and a machine that loses its power
    may leave zeros in it.
    """
    path = folder / LOG
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    return [step for line in lines if (step := _step(line)) is not None]


def _step(line: bytes) -> dict[str, Any] | None:
    try:
        step = json.loads(line)
    except ValueError:  # of JSON or of its letters
        return None
    return step if isinstance(step, dict) and isinstance(step.get("step"), int) else None


def _keep_up_to(path: Path, step: int) -> None:
    if not path.exists():
        return
    kept = [json.dumps(line) + "\n" for line in read_log(path.parent) if line["step"] <= step]
    with replacing(path) as part:
        part.write_text("".join(kept), encoding="utf-8")


class EventFile:
    """TensorBoard's event file, written step by step in the calling thread.

    torch's ``SummaryWriter`` hands events to a thread and waits for that thread at the end; an interrupt at the wrong
    moment leaves it waiting forever. Here nothing waits, and a full disk is an error of the step that meets it.

    A new event file in `folder`; TensorBoard forgets what earlier files say of `first_step` and later steps.

    Raises:
        OSError: the file cannot be written.
        MissingDependency: tensorboard is not installed.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        self._proto = require("tensorboard.compat.proto.event_pb2", extra="train")
        self._summary = require("tensorboard.compat.proto.summary_pb2", extra="train").Summary
        records = require("tensorboard.summary.writer.record_writer", extra="train")
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(folder / f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}", "wb")  # noqa: SIM115
        self._records = records.RecordWriter(self._file)
        self._add(file_version="brain.Event:2")
        start = self._proto.SessionLog(status=self._proto.SessionLog.START)
        self._add(step=first_step, session_log=start)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Append one step's numbers."""
        scalars = [self._summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._add(step=step, summary=self._summary(value=scalars))

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _add(self, **fields: Any) -> None:
        self._records.write(self._proto.Event(wall_time=time.time(), **fields).SerializeToString())

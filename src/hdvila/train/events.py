"""TensorBoard's event file, written step by step in the calling thread.

The usual ``SummaryWriter`` hands events to a thread and waits for that thread at the end; an interrupt at the wrong
moment leaves it waiting forever. Here nothing waits, and a full disk is an error of the step that meets it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdvila.errors import require


class EventFile:
    """A new event file in `folder`; TensorBoard forgets what earlier files say of `first_step` and later steps.

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

"""Checkpoints, written atomically.

A checkpoint is one file, written under another name, synced to the disk and renamed: a process that dies, or a disk
that fills up, in the middle of it leaves the earlier ones as they were.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hdvila.errors import TrainingError, is_defect, reason_of
from hdvila.files import sync_folder

NAME = re.compile(r"step_(\d{8})\.pt")
UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything a run needs to continue after `step`. Random numbers are not stored: seed and step give them."""

    step: int
    model: dict[str, Any]
    parts: Mapping[str, Any]
    """The state of the training step, part by part, such as ``optimizer`` (`hdvila.train.step.TrainStep.state`)."""
    recipe: Mapping[str, Any]
    """The recipe's settings by dotted key."""
    corpus: Mapping[str, Any]
    """The fingerprint of the corpus that it learns from (`hdvila.train.data.corpus_fingerprint`)."""


class Checkpoints:
    """The checkpoints of one run, of which the last `keep` stay."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self.folder = folder
        self.keep = keep

    def steps(self) -> list[int]:
        """Steps with a finished checkpoint, in order."""
        found = (NAME.fullmatch(path.name) for path in self.folder.glob("step_*.pt"))
        return sorted(int(match[1]) for match in found if match)

    def path(self, step: int) -> Path:
        return self.folder / f"step_{step:08d}.pt"

    def save(self, checkpoint: Checkpoint) -> Path:
        """Write it, then remove those that are too old.

        Raises:
            TrainingError: it cannot be written, such as on a full disk; the earlier ones are untouched.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(checkpoint.step)
        unfinished = path.with_name(path.name + UNFINISHED)
        state = {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}
        try:
            with open(unfinished, "wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
            sync_folder(self.folder)
        except (OSError, RuntimeError) as error:
            unfinished.unlink(missing_ok=True)
            raise TrainingError(self._not_written(path, error)) from error
        for step in self.steps()[: -self.keep]:
            self.path(step).unlink(missing_ok=True)
        return path

    def discard_unfinished(self) -> None:
        """Remove what a killed process left half-written."""
        for leftover in self.folder.glob("*" + UNFINISHED):
            leftover.unlink(missing_ok=True)

    def load_latest(self) -> Checkpoint | None:
        """The newest finished checkpoint, or None at the beginning of a run. Loading runs no code from the file.

        Raises:
            TrainingError: the file is damaged.
        """
        steps = self.steps()
        if not steps:
            return None
        path = self.path(steps[-1])
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            return _checkpoint_of(state)
        except Exception as error:  # a damaged file raises almost anything, from zipfile's to pickle's errors
            if is_defect(error, reader="torch"):
                raise
            way_on = "there is no earlier one: begin the run anew in another folder"
            if steps[1:]:
                way_on = f"delete it and run the same command again to go on from step {steps[-2]}"
            raise TrainingError(
                f"checkpoint {path} cannot be read: {type(error).__name__}: {_first_line(error)}; {way_on}"
            ) from error

    def _not_written(self, path: Path, error: Exception) -> str:
        cause = error
        while not isinstance(cause, OSError) and cause.__context__ is not None:  # torch wraps what the disk said
            cause = cause.__context__  # type: ignore[assignment]
        good = self.steps()
        kept = f"the checkpoint of step {good[-1]} is intact" if good else "there is no earlier one"
        return (
            f"checkpoint {path} cannot be written: {_first_line(cause)}; {kept}: make room on the disk, then the same "
            f"command goes on from {'there' if good else 'the beginning'}"
        )


def _checkpoint_of(state: Any) -> Checkpoint:
    try:
        if "optimizer" in state:  # of a version that knew one optimiser and no other part
            state = dict(state)
            state["parts"] = {"optimizer": state.pop("optimizer")}
        return Checkpoint(**state)
    except TypeError as error:
        raise ValueError(f"it does not hold a checkpoint: {error}") from error


def _first_line(error: BaseException) -> str:
    text = reason_of(error)
    return str(text).splitlines()[0]

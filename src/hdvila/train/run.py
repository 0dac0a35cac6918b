"""The folder of a run: one process writes into it at a time, and one recipe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdvila.errors import TrainingError
from hdvila.train.checkpoint import Checkpoint
from hdvila.train.overrides import changed_keys, flatten
from hdvila.train.recipe import MAY_CHANGE, Recipe


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the run's lock; a process that dies, however it dies, lets go of it.

    Raises:
        TrainingError: another process holds it, or the folder cannot be made.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "w")  # noqa: SIM115
    except OSError as error:
        raise TrainingError(
            f"the run folder {folder} cannot be written: {error.strerror}; choose another with --into"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TrainingError(
                f"another process is training into {folder}: wait for it or end it, or choose another folder"
            ) from error
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_same_recipe(recipe: Recipe, latest: Checkpoint, folder: Path) -> None:
    """A run goes on with the recipe that it began with; `MAY_CHANGE` lists the exceptions.

    Raises:
        TrainingError: other settings have changed; names them with both values.
    """
    new = flatten(recipe)
    changed = [key for key in changed_keys(latest.recipe, new) if key not in MAY_CHANGE]
    if changed:
        listed = ", ".join(f"{key}: {latest.recipe.get(key)!r} -> {new.get(key)!r}" for key in changed)
        raise TrainingError(
            f"the run in {folder} was begun with other settings ({listed}): go on with the old ones, or choose another "
            "folder for the new"
        )
    if latest.step > recipe.steps:
        raise TrainingError(
            f"the run in {folder} has already made {latest.step} steps, more than steps={recipe.steps}: ask for at "
            "least as many, or choose another folder"
        )

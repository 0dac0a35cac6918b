"""Check whether a run can continue: which settings may change, and which data it needs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hdvila.data.order import Order
from hdvila.errors import TrainingError
from hdvila.settings import as_text, changed_keys, defaults, flatten
from hdvila.train.checkpoint import Checkpoint, Checkpoints
from hdvila.train.log import LOG, read_log
from hdvila.train.recipe import Recipe

__all__ = [
    "BEST",
    "MODEL",
    "check_same_corpus",
    "describe_changes",
    "describe_process_change",
    "last_checkpoint",
    "recorded",
]

BEST, MODEL = "best", "model"
"""Model folders in a run's folder: the best model so far, and the model of the finished run."""

_UNSEEN = ("steps", "checkpoint_every", "keep_checkpoints", "processes", "data.workers", "data.clips")
"""Batches and gradients do not depend on these. (`steps` changes the rest of the schedule, which is noted.)"""
_PROVEN = ("data.corpus", "data.benchmark.folder")
"""These may change if the fingerprint of the data stays the same."""
_PLACES = ("data.tokenizer", "data.benchmark.answers", "start.model", "start.bert", "start.resnet")
"""Read only when a run begins; another spelling of the same path changes nothing."""
_SAID = {
    "chunk": "the same gradients up to rounding, and other dropout masks",
    "activation_checkpointing": "the same gradients",
    "shard": "the same gradients up to rounding",
    "precision": "gradients of another rounding than those of the steps before",
}


def recorded(recipe: Recipe) -> dict[str, Any]:
    """The settings by dotted key, as a checkpoint stores them: with absolute local paths."""
    return _whole_places(flatten(recipe))


def last_checkpoint(recipe: Recipe, folder: Path) -> Checkpoint | None:
    """The newest checkpoint of the run in `folder`; None for a new run.

    Raises:
        TrainingError: the run began with other settings, its checkpoint is damaged, or all checkpoints are missing.
    """
    latest = Checkpoints(folder / "checkpoints").load_latest()
    if latest is None:
        _check_nothing_was_made(folder)
    else:
        _check_same_recipe(recipe, latest, folder)
    return latest


def describe_changes(recipe: Recipe, latest: Checkpoint, order: Order) -> list[str]:
    """One line for each changed setting that users should know of, in a run that may continue."""
    old, new, notes = _settings(recipe, latest), recorded(recipe), []
    for key in changed_keys(old, new):
        change = f"{key}: {old.get(key)} -> {new.get(key)}"
        if key in _SAID and latest.step < recipe.steps:
            notes.append(f"{change} from step {latest.step + 1} on: {_SAID[key]}")
        elif _kind(key) in _PROVEN:
            notes.append(f"{change}: its fingerprint is that of the run")
        elif key == "steps" and 0 < latest.step < recipe.steps:
            notes.append(f"{change}: {_rates(recipe, latest, order)}")
    return notes


def describe_process_change(folder: Path, step: int, processes: int) -> str:
    """A line about a number of processes that changes after `step`; empty if it stays the same."""
    before = [line["processes"] for line in read_log(folder) if line["step"] <= step and "processes" in line][-1:]
    if before in ([], [processes]):
        return ""
    return f"processes: {before[0]} -> {processes} from step {step + 1} on: {_SAID['chunk']}"


def _rates(recipe: Recipe, latest: Checkpoint, order: Order) -> str:
    """How the learning rate continues after a change of `steps`."""
    done, old = latest.step, int(latest.recipe["steps"])
    before, after = (
        recipe.schedule.rate(recipe.optim.lr, step, steps, step // recipe.steps_per_epoch(order.steps_per_epoch))
        for step, steps in ((done, old), (done + 1, recipe.steps))
    )
    if after == before:
        return f"the learning rate stays {after:.3g}"
    return (
        f"the schedule is that of {recipe.steps} steps from here on, so the learning rate goes from {before:.3g} in "
        f"step {done} to {after:.3g} in step {done + 1}; a run that shall not jump begins with all its steps, or with "
        "schedule.decay=constant"
    )


def _check_same_recipe(recipe: Recipe, latest: Checkpoint, folder: Path) -> None:
    """Check that a run continues with the recipe that it began with.

    Raises:
        TrainingError: settings on which its result rests have changed; names them with both values.
    """
    new, may_change = recorded(recipe), (*_UNSEEN, *_PROVEN, *_SAID)
    old = _settings(recipe, latest)
    if changed := [key for key in changed_keys(_whole_places(old), new) if _kind(key) not in may_change]:
        listed = ", ".join(f"{key}: {old.get(key)!r} -> {new.get(key)!r}" for key in changed)
        raise TrainingError(
            f"the run in {folder} was begun with other settings ({listed}): go on with the old ones"
            f"{_as_options(changed, old)}, or choose another folder for the new"
        )
    if latest.step > recipe.steps:
        raise TrainingError(
            f"the run in {folder} has already made {latest.step} steps, more than steps={recipe.steps}: ask for at "
            "least as many, or choose another folder"
        )


def _settings(recipe: Recipe, latest: Checkpoint) -> dict[str, Any]:
    """Those of the checkpoint; a setting that came to be after it was written was at its default, unless the group that
    it belongs to was switched off."""
    old = latest.recipe
    return {key: value for key, value in defaults(recipe).items() if _group_off(key, old) is None} | dict(old)


def _group_off(key: str, settings: Mapping[str, Any]) -> str | None:
    """The group of a setting that stands in `settings` as a whole, which it does where it is switched off."""
    parts = key.split(".")
    return next((group for end in range(1, len(parts)) if (group := ".".join(parts[:end])) in settings), None)


def _as_options(changed: Sequence[str], old: Mapping[str, Any]) -> str:
    """The options that bring back the settings of a run, in brackets; nothing where it is that of another recipe."""
    if any(key == "name" or key.endswith(".type") for key in changed):
        return ""
    keys = dict.fromkeys(key if key in old else _group_off(key, old) for key in changed)
    options = [shlex.quote(f"{key}={as_text(old[key])}") for key in keys if key is not None]
    return f" (--set {' --set '.join(options)})" if options else ""


def _check_nothing_was_made(folder: Path) -> None:
    """Check that a folder without checkpoints is a new run: a run writes one before its first step.

    Raises:
        TrainingError: log or models are there.
    """
    found = [name for name in (BEST, MODEL) if any((folder / name).glob("*.safetensors"))]
    log = read_log(folder)
    if log:
        found.insert(0, LOG)
    if not found:
        return
    made = f"its log tells of {log[-1]['step']} steps" if log else f"it holds {' and '.join(found)}"
    raise TrainingError(
        f"the run in {folder} cannot go on: {made}, but {folder / 'checkpoints'} holds no checkpoint: put the "
        f"checkpoints back, choose another folder, or begin anew in this one after deleting its {' and '.join(found)}"
    )


def check_same_corpus(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path, which: str = "") -> None:
    """Check that a run continues with the clips that it began with; with others the batches would differ.

    Args:
        old, new: fingerprints of the run's data and of the present data; keys that one of them lacks are ignored.
        which: of several sources the one, for the error.

    Raises:
        TrainingError: the corpus has changed; says how.
    """
    both = [key for key in old if key in new]
    differing = [key for key in both if old[key] != new[key] and not key.startswith("also.")]
    if not differing:
        for key in both:
            if key.startswith("also."):
                check_same_corpus(old[key], new[key], folder, f"its further source {key}: ")
        return
    change = f"{old['clips']} clips -> {new['clips']}"
    if "clips" not in differing:
        change = f"still {new['clips']} clips, but other ones or with other texts"
    if differing == ["frames"]:
        change = f"the same {new['clips']} clips and texts, but cut or stored otherwise"
    raise TrainingError(
        f"the corpus of the run in {folder} has changed since it began ({which}{change}): go on with the corpus as it "
        "was, or choose another folder for a run with the new one"
    )


def _whole_places(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Earlier checkpoints hold places as they were written."""
    return {key: _whole(value) if _kind(key) in _PROVEN + _PLACES else value for key, value in settings.items()}


def _kind(key: str) -> str:
    """The setting that it is: one of `Recipe.also` is what it is of the recipe itself."""
    return re.sub(r"^also\.\d+\.", "", key)


def _whole(place: Any) -> Any:
    """The whole path of what is there; a hub id, an address and nothing stay as they are."""
    return str(Path(place).resolve()) if place and Path(place).exists() else place

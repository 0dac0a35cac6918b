"""A run and its folder: one process writes into it at a time, and it keeps to one recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hdvila.data.history import TRAINED_ON, Training, from_note, to_note
from hdvila.data.loader import Share
from hdvila.data.order import Order
from hdvila.errors import TrainingError
from hdvila.files import exclusive, replacing
from hdvila.hub import find_model, read_note
from hdvila.models.hdvila.model import HDVILA
from hdvila.progress import Reporter
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.benchmark import HeldOut
from hdvila.train.checkpoint import Checkpoint, Checkpoints
from hdvila.train.data import TrainingData, open_data
from hdvila.train.engine import Engine
from hdvila.train.optimizer import AdamW, build_optimizer
from hdvila.train.overrides import changed_keys, flatten
from hdvila.train.recipe import MAY_CHANGE, Recipe
from hdvila.train.start import start_model, start_record
from hdvila.train.validation import RECIPE, BestModel

START = "start.json"
"""What a run began with (`hdvila.train.start.start_record`)."""
TOKENIZER = "tokenizer"
"""Folder in the run's folder, written before the first step: a run that goes on reads its words from there."""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything the loop works with."""

    recipe: Recipe
    folder: Path
    engine: Engine
    data: TrainingData
    order: Order
    share: Share
    model: HDVILA
    optimizer: AdamW
    checkpoints: Checkpoints
    best: BestModel
    notes: Mapping[str, Any]
    """What is kept beside its models: the recipe, and what they were fine-tuned on."""
    done: int
    """Steps that its last checkpoint has behind it."""

    @property
    def held_out(self) -> HeldOut | None:
        """What it is measured on."""
        return self.data.held_out


def begin(recipe: Recipe, folder: Path, engine: Engine, corpus: str | Path | None, reporter: Reporter) -> Run:
    """The run in `folder` as it stands: at step 0, or after its last checkpoint.

    Raises:
        UsageError: settings that do not fit the corpus or the number of processes.
        TrainingError: it was begun with other settings or another corpus, or its checkpoint is damaged.
        CheckpointError: start weights that do not fit.
    """
    checkpoints = Checkpoints(folder / "checkpoints", recipe.keep_checkpoints)
    if engine.first:
        checkpoints.discard_unfinished()
    latest = last_checkpoint(recipe, folder)
    here = recipe if latest else _with_start_found(recipe)
    data = open_data(here, corpus, Tokenizer.load(folder / TOKENIZER) if latest else None, reporter)
    if latest:
        check_same_corpus(data, latest, folder)
    elif engine.first:
        data.tokenizer.save(folder / TOKENIZER)
    order = Order(len(data.dataset), recipe.batch_size, recipe.seed)
    share = Share(recipe.batch_size, engine.rank, engine.world, recipe.accumulate)
    model = start_model(here, data, order, latest, reporter)
    if engine.first and not latest:
        with replacing(folder / START) as part:
            part.write_text(json.dumps(start_record(here, model), indent=2) + "\n")
    engine.place(model)
    recipe.task.start(model)
    recipe.task.train_mode(model)
    optimizer = build_optimizer(model, recipe.optim)
    if latest:
        optimizer.load_state_dict(latest.optimizer)
    engine.adopt(model, recipe.task, optimizer)
    done = latest.step if latest else 0
    best, notes = (
        BestModel(folder / "best", recipe),
        _notes(recipe, folder, data, None if latest else here.start.model) if engine.first else {},
    )
    return Run(recipe, folder, engine, data, order, share, model, optimizer, checkpoints, best, notes, done)


def _with_start_found(recipe: Recipe) -> Recipe:
    """The recipe with the folder to which a hub id in `start.model` was fetched.

    Tokenizer, weights, answers and history all come from there.
    """
    if not recipe.start.model:
        return recipe
    return replace(recipe, start=replace(recipe.start, model=str(find_model(recipe.start.model))))


def _notes(recipe: Recipe, folder: Path, data: TrainingData, start: str | None) -> dict[str, Any]:
    """The recipe by dotted key, and every training on a benchmark that these weights have behind them.

    Args:
        start: where the model lies that the run begins with, or ``""``; None for a run that goes on.
    """
    known = folder / TRAINED_ON  # kept here, because the start model may be gone when the run goes on
    earlier: tuple[Training, ...] = ()
    if start:
        earlier = from_note(read_note(start, TRAINED_ON))
    elif start is None and known.exists():
        earlier = from_note(json.loads(known.read_text()))
    if earlier:
        with replacing(known) as part:
            part.write_text(json.dumps(to_note(earlier)))
    else:
        known.unlink(missing_ok=True)  # of a run that was begun here from other weights, and came to no checkpoint
    trainings = earlier if data.training is None else (*earlier, data.training)
    return {RECIPE: flatten(recipe)} | ({TRAINED_ON: to_note(trainings)} if trainings else {})


def only_writer(folder: Path) -> AbstractContextManager[None]:
    """Hold the run's lock; a process that dies, however it dies, lets go of it.

    Raises:
        TrainingError: another process holds it, or the folder cannot be made or written.
    """
    return exclusive(
        folder / ".writing", TrainingError, "another process is training into this run; wait for it or end it"
    )


def last_checkpoint(recipe: Recipe, folder: Path) -> Checkpoint | None:
    """Where the run in `folder` stands; None at its beginning.

    Raises:
        TrainingError: it was begun with other settings, or its checkpoint is damaged.
    """
    latest = Checkpoints(folder / "checkpoints").load_latest()
    if latest:
        check_same_recipe(recipe, latest, folder)
    return latest


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


def check_same_corpus(data: TrainingData, latest: Checkpoint, folder: Path) -> None:
    """A run goes on with the clips that it began with: other clips are another order of batches.

    Raises:
        TrainingError: the corpus has changed; says how.
    """
    old, new = latest.corpus, data.mark
    if old == new:
        return
    change = f"{old['clips']} clips -> {new['clips']}"
    if old["clips"] == new["clips"]:
        change = f"still {new['clips']} clips, but other ones or with other texts"
    raise TrainingError(
        f"the corpus of the run in {folder} has changed since it began ({change}): go on with the corpus as it was, or "
        "choose another folder for a run with the new one"
    )

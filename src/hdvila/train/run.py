"""A training run and its folder. One process writes into the folder at a time, and the recipe of a run is fixed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hdvila.data.loader import BatchShare, Ordered
from hdvila.data.order import Mixture, Order
from hdvila.data.provenance import TRAINED_ON, Training, from_note, to_note
from hdvila.errors import TrainingError, some_of
from hdvila.evaluate.clip_test import ClipTest
from hdvila.files import exclusive, replacing
from hdvila.hub import TOKENIZER, find_model, read_note
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import Reporter
from hdvila.settings import flatten
from hdvila.text.tokenizer import Tokenizer
from hdvila.train.checkpoint import Checkpoint, Checkpoints
from hdvila.train.data import TrainingData, open_also, open_data
from hdvila.train.engine import Engine
from hdvila.train.held_out import HeldOutClips
from hdvila.train.initial_weights import start_model, start_record
from hdvila.train.recipe import Recipe
from hdvila.train.resume import BEST, check_same_corpus, describe_changes, describe_process_change, recorded
from hdvila.train.step import GradientStep, TrainStep
from hdvila.train.validation import RECIPE, BestModel

START = "start.json"
"""The record of a run's initial weights (`hdvila.train.initial_weights.start_record`)."""


@dataclass(frozen=True, slots=True)
class Run:
    """The state of a run, as the loop uses it."""

    recipe: Recipe
    folder: Path
    engine: Engine
    data: TrainingData
    """The data of the first ingredient."""
    sources: tuple[Ordered, ...]
    mixture: Mixture
    share: BatchShare
    model: PretrainedModel
    train_step: TrainStep
    checkpoints: Checkpoints
    best: BestModel
    notes: Mapping[str, Any]
    """JSON notes saved with each model: the recipe, and the benchmarks that it was fine-tuned on."""
    fingerprint: Mapping[str, Any]
    """The fingerprint of all training data."""
    done: int
    """Steps completed at the last checkpoint."""

    def keep(self, step: int) -> None:
        """Write the checkpoint after `step`. Every process calls this; the first one writes.

        Raises:
            TrainingError: it cannot be written, or weights are not finite; then nothing is written.
        """
        weights, parts = self.engine.whole(self.model.state_dict()), self.train_step.state()
        if not self.engine.first:
            return
        if broken := [name for name, value in weights.items() if not bool(value.isfinite().all())]:
            raise TrainingError(self.diverged(step, f"left {some_of(broken)} with values that are not finite"))
        self.checkpoints.save(Checkpoint(step, weights, parts, recorded(self.recipe), self.fingerprint))

    def diverged(self, step: int, how: str) -> str:
        """The error message for a step after which training cannot continue."""
        good = self.checkpoints.steps()
        kept = f"the checkpoint of step {good[-1]} is intact" if good else "no checkpoint was written yet"
        return (
            f"step {step} of the run in {self.folder} {how}: the training has diverged; {kept}: lower optim.lr or "
            "lengthen schedule.warmup, in another folder"
        )

    @property
    def held_out(self) -> ClipTest | HeldOutClips | None:
        """The validation data; None for a run without validation."""
        return self.data.held_out


def begin(
    recipe: Recipe,
    folder: Path,
    latest: Checkpoint | None,
    engine: Engine,
    corpus: str | Path | None,
    reporter: Reporter,
) -> Run:
    """Restore the run in `folder` from its last checkpoint, or start it and write the checkpoint of step 0.

    So settings, words and initial weights are the run's own from its beginning, whenever it is killed.

    Raises:
        UsageError: settings that do not fit the corpus or the number of processes.
        TrainingError: it was begun with another corpus, or cannot be written.
        CheckpointError: initial weights that do not fit.
    """
    checkpoints = Checkpoints(folder / "checkpoints", recipe.keep_checkpoints)
    if engine.first:
        checkpoints.discard_unfinished()
    here = recipe if latest else _with_start_found(recipe)
    data = open_data(here, corpus, Tokenizer.load(folder / TOKENIZER) if latest else None, reporter)
    others = [open_also(here, number, data, reporter) for number in range(len(here.also))]
    fingerprint = dict(data.fingerprint) | {
        f"also.{number}": dict(one.fingerprint) for number, one in enumerate(others)
    }
    if latest:
        check_same_corpus(latest.corpus, fingerprint, folder)
    elif engine.first:
        data.tokenizer.save(folder / TOKENIZER)
    sources = tuple(
        Ordered(one.dataset, Order(len(one.dataset), recipe.batch_size, recipe.seed)) for one in (data, *others)
    )
    order = sources[0].order
    for note in describe_changes(recipe, latest, order) if latest else ():
        reporter.note(note)
    if latest and (note := describe_process_change(folder, latest.step, engine.world)):
        reporter.note(note)
    if recipe.negatives and recipe.accumulate > 1:
        reporter.note(
            f"accumulate={recipe.accumulate}: each pair has {recipe.negatives} negatives instead of "
            f"{recipe.batch_size - 1}; chunk saves memory and keeps them all"
        )
    share = BatchShare(recipe.batch_size, engine.rank, engine.world, recipe.accumulate)
    model = start_model(here, data, order, latest, reporter)
    if engine.first and not latest:
        with replacing(folder / START) as part:
            part.write_text(json.dumps(start_record(here, model), indent=2) + "\n")
    engine.place(model)
    train_step = GradientStep(engine, model, recipe, data.vocabulary, recipe.steps_per_epoch(order.steps_per_epoch))
    if latest:
        train_step.load_state(latest.parts)
    train_step.begin()
    best, notes = BestModel(folder / BEST, recipe), dict[str, Any]()
    if engine.first:
        notes = _notes(recipe, folder, (*others, data), None if latest else here.start.model)
    done = latest.step if latest else 0
    mixture = Mixture(tuple(one.weight for one in recipe.ingredients), recipe.seed)
    run = Run(
        recipe, folder, engine, data, sources, mixture, share, model, train_step, checkpoints, best, notes,
        fingerprint, done,
    )  # fmt: skip
    if latest is None:
        run.keep(0)
    return run


def _with_start_found(recipe: Recipe) -> Recipe:
    """The recipe with the folder to which a hub id in `start.model` was fetched.

    Tokenizer, weights, answers and history all come from there.
    """
    if not recipe.start.model:
        return recipe
    return replace(recipe, start=replace(recipe.start, model=str(find_model(recipe.start.model))))


def _notes(recipe: Recipe, folder: Path, sources: Sequence[TrainingData], start: str | None) -> dict[str, Any]:
    """The recipe by dotted key, and every benchmark that these weights were fine-tuned on so far.

    Args:
        sources: all that it learns from; the last one made its answers.
        start: the folder of the initial model, or ``""`` for none; None for a run that continues.
    """
    known = folder / TRAINED_ON  # kept here, because the initial model may be gone when the run continues
    earlier: tuple[Training, ...] = ()
    if start:
        earlier = from_note(read_note(start, TRAINED_ON))
    elif start is None and known.exists():
        earlier = from_note(json.loads(known.read_text()))
    if earlier:
        with replacing(known) as part:
            part.write_text(json.dumps(to_note(earlier)))
    else:
        known.unlink(missing_ok=True)  # left by an abandoned run with other initial weights
    trainings = (*earlier, *(one.training for one in sources if one.training is not None))
    return {RECIPE: flatten(recipe)} | ({TRAINED_ON: to_note(trainings)} if trainings else {})


def only_writer(folder: Path) -> AbstractContextManager[None]:
    """Hold the run's lock, which is released when the process ends, even if it is killed.

    Raises:
        TrainingError: another process holds it, or the folder cannot be made or written.
    """
    return exclusive(
        folder / ".writing", TrainingError, "another process is training into this run; wait for it or end it"
    )

"""The training loop. It counts steps; tasks define what a batch and a step mean."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from hdvila.data.loader import step_batches
from hdvila.errors import Interrupted, TrainingError
from hdvila.hub import SLOW, fast_precision, settle_precision
from hdvila.nn.pretrained import PretrainedModel
from hdvila.progress import SILENT, Reporter
from hdvila.train.engine import Engine, is_first_process
from hdvila.train.log import RunLog
from hdvila.train.recipe import Recipe
from hdvila.train.resume import MODEL, last_checkpoint
from hdvila.train.run import Run, begin, only_writer
from hdvila.train.step import Diverged, StepKey
from hdvila.train.stopping import StopSignals
from hdvila.train.streams import on_stored_streams
from hdvila.train.validation import VALIDATION, measure


def train(recipe: Recipe, into: str | Path, reporter: Reporter = SILENT, *, corpus: str | Path | None = None) -> Path:
    """Run a recipe, or continue it from its last checkpoint; returns the folder of the finished model.

    A run that is killed at any step and continued ends with the same weights, bit for bit, as one that was not: each
    step is a function of the weights, the seed and its number. SIGINT and SIGTERM end it after the step that runs (and
    its validation), which is kept in a checkpoint; a second one ends it at once.

    Args:
        into: the run's folder. It holds ``log.jsonl``, ``tensorboard/``, ``checkpoints/``, with validation ``best/``,
            and at the end ``model/``. Several processes (started by ``torchrun`` or `hdvila.train.train_on_cores`)
            share it.
        reporter: a bar with the loss.
        corpus: the corpus, where the recipe does not name one itself.

    Raises:
        UsageError: settings that do not fit the corpus or the number of processes.
        TrainingError: the run cannot start, go on or be written, or its loss is no longer a number.
        Interrupted: SIGINT or SIGTERM came.
    """
    folder, first = Path(into), is_first_process()
    reporter = reporter if first else SILENT
    with ExitStack() as stack:
        if first:
            stack.enter_context(only_writer(folder))
        recipe = on_stored_streams(recipe, reporter)
        latest = last_checkpoint(recipe, folder)
        begun = latest.recipe["precision"] if latest else None
        precision = settle_precision(recipe.precision, begun)
        run = begin(
            replace(recipe, precision=precision),
            folder,
            latest,
            Engine(precision, sharded=recipe.shard),
            corpus,
            reporter,
        )
        del latest  # all its weights and moments
        if precision == "bfloat16" and fast_precision() != "bfloat16":
            reporter.note(f"{SLOW}: --set precision=float32")
        _make_steps(run, reporter)
        model = run.engine.whole_model(run.model)
        if first:
            _save(run, model, reporter)
        run.engine.wait()
    return folder / MODEL


def _make_steps(run: Run, reporter: Reporter) -> None:
    """Run the remaining steps.

    Raises:
        Interrupted: SIGINT or SIGTERM came; the last finished step is in a checkpoint.
        TrainingError: a step failed, or log or checkpoint cannot be written.
    """
    recipe, engine = run.recipe, run.engine
    with ExitStack() as stack:
        log = stack.enter_context(RunLog(run.folder, run.done)) if engine.first else None
        divided = f" in {engine.world} processes" if engine.world > 1 else ""
        bar = stack.enter_context(reporter.task(f"training {recipe.name}{divided}", recipe.steps, run.done))
        signals = stack.enter_context(StopSignals(patient=engine.world > 1))
        batches = step_batches(
            run.sources, run.mixture, run.share, run.done + 1, recipe.steps,
            workers=recipe.data.workers, pin=engine.device.type == "cuda",
        )  # fmt: skip
        for step in range(run.done + 1, recipe.steps + 1):
            began = time.perf_counter()
            source, micros = next(batches)
            waited = time.perf_counter() - began
            try:
                values = run.train_step.step(source, micros, StepKey(recipe.seed, step, engine.rank))
            except Diverged as error:
                raise TrainingError(run.diverged(step, str(error))) from error
            seconds = time.perf_counter() - began
            speed = {
                "samples_per_second": recipe.batch_size / seconds,
                "data_seconds": waited,
                "processes": engine.world,
            }
            if run.held_out is not None and _is_due(recipe, step):
                values |= _validate(run, step, reporter)
            stopping = engine.any(signals.received is not None)
            due = stopping or step % recipe.checkpoint_every == 0 or step == recipe.steps
            if log:
                log.write(step, values | speed)
                if due:
                    log.sync()
            if due:
                run.keep(step)
            bar.advance(note=f"loss {values['loss']:.3f}")
            if stopping:
                engine.wait()  # nobody may end the others before the checkpoint is whole
                raise Interrupted(
                    f"interrupted after step {step}, which is kept; the same command goes on from there",
                    signals.received or signal.SIGTERM,
                )


def _is_due(recipe: Recipe, step: int) -> bool:
    return recipe.validate is not None and (step % recipe.validate.every == 0 or step == recipe.steps)


def _validate(run: Run, step: int, reporter: Reporter) -> dict[str, float]:
    """Validate in all processes together, and keep the model if it is the best so far."""
    assert run.held_out is not None
    model = run.engine.whole_model(run.model)
    measured = measure(model, run.recipe, run.held_out, reporter, run.engine.processes())
    if run.engine.first:
        run.best.offer(model, step, measured.score, run.notes)
    return measured.to_log()


def _save(run: Run, model: PretrainedModel, reporter: Reporter) -> None:
    """The model of the finished run: the best, if the recipe says so, or as it is now."""
    validate, notes = run.recipe.validate, dict(run.notes)
    if validate is not None and validate.keep == "best":
        if run.best.score is None:
            reporter.note(f"{run.best.folder} holds no model any more: {MODEL} is that of the last step")
        else:
            notes[VALIDATION] = run.best.put_into(model)
    model.save_pretrained(run.folder / MODEL, notes)

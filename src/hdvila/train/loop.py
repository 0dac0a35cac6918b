"""The loop. It knows steps; what a batch and a step mean is the task's affair."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from pathlib import Path

from hdvila.data.batch import Batch
from hdvila.data.loader import step_batches
from hdvila.errors import TrainingError
from hdvila.progress import SILENT, Reporter
from hdvila.train.checkpoint import Checkpoint
from hdvila.train.engine import Engine
from hdvila.train.gradients import compute_gradients
from hdvila.train.log import RunLog
from hdvila.train.overrides import flatten
from hdvila.train.precision import fast_precision
from hdvila.train.recipe import Recipe
from hdvila.train.run import Run, begin, only_writer
from hdvila.train.validation import VALIDATION, measure

_SLOW = "this machine's arithmetic does not know bfloat16 and is many times slower in it: --set precision=float32"


def train(recipe: Recipe, into: str | Path, reporter: Reporter = SILENT, *, corpus: str | Path | None = None) -> Path:
    """Run a recipe, or go on with it where its last checkpoint stands; -> the folder of the finished model.

    A run that is killed at any step and continued ends with the same weights, bit for bit, as one that was not: each
    step is a function of the weights, the seed and its number.

    Args:
        into: the run's folder. It holds ``log.jsonl``, ``tensorboard/``, ``checkpoints/``, with validation ``best/``,
            and at the end ``model/``. Several processes (started by ``torchrun``) share it.
        reporter: a bar with the loss.
        corpus: the corpus, where the recipe does not name one itself.

    Raises:
        UsageError: settings that do not fit the corpus or the number of processes.
        TrainingError: the run cannot start, go on or be written, or its loss is no longer a number.
    """
    folder = Path(into)
    engine = Engine(recipe.precision)
    reporter = reporter if engine.first else SILENT
    with ExitStack() as stack:
        if engine.first:
            stack.enter_context(only_writer(folder))
        run = begin(recipe, folder, engine, corpus, reporter)
        if recipe.precision == "bfloat16" != fast_precision():
            reporter.note(_SLOW)
        log = stack.enter_context(RunLog(folder, run.done)) if engine.first else None
        bar = stack.enter_context(reporter.task(f"training {recipe.name}", recipe.steps, run.done))
        batches = step_batches(
            run.data.dataset, run.order, run.share, run.done + 1, recipe.steps,
            workers=recipe.data.workers, pin=engine.device.type == "cuda",
        )  # fmt: skip
        for step in range(run.done + 1, recipe.steps + 1):
            began = time.perf_counter()
            micros = next(batches)
            waited = time.perf_counter() - began
            values = _step(run, step, micros)
            if log:
                seconds = time.perf_counter() - began
                speed = {"samples_per_second": recipe.batch_size / seconds, "data_seconds": waited}
                if run.held_out is not None and _is_due(recipe, step):
                    values |= _validate(run, step, reporter)
                log.write(step, values | speed)
                if step % recipe.checkpoint_every == 0 or step == recipe.steps:
                    log.sync()
                    run.checkpoints.save(
                        Checkpoint(
                            step, run.model.state_dict(), run.optimizer.state_dict(), flatten(recipe), run.data.mark
                        )
                    )
            bar.advance(note=f"loss {values['loss']:.3f}")
        if engine.first:
            _save(run)
        engine.wait()
    return folder / "model"


def _step(run: Run, step: int, micros: list[Batch]) -> dict[str, float]:
    """One update of the weights; -> what the log says of it.

    Raises:
        TrainingError: loss or gradient are no longer numbers; the weights are left as they were.
    """
    recipe, per_epoch = run.recipe, run.order.steps_per_epoch
    for group in run.optimizer.param_groups:
        group["lr"] = recipe.schedule.rate(group["base_lr"], step, recipe.steps, step // per_epoch)
    prepared = [recipe.task.prepare(micro, run.data.vocabulary) for micro in micros]
    values = compute_gradients(run.engine, recipe.task, prepared, recipe.chunk, (recipe.seed, step, run.engine.rank))
    norm = run.engine.update(recipe.optim.clip_norm)
    if not (math.isfinite(values["loss"]) and math.isfinite(norm)):
        raise TrainingError(_diverged(run, step, values["loss"], norm))
    lr = recipe.schedule.rate(recipe.optim.lr, step, recipe.steps, step // per_epoch)
    return values | {"lr": lr, "grad_norm": norm, "epoch": (step - 1) // per_epoch}


def _is_due(recipe: Recipe, step: int) -> bool:
    return recipe.validate is not None and (step % recipe.validate.every == 0 or step == recipe.steps)


def _validate(run: Run, step: int, reporter: Reporter) -> dict[str, float]:
    """Measure, and keep the model if none was better; on the first process, while the others wait at the next step."""
    assert run.held_out is not None
    score = measure(run.model, run.recipe, run.held_out, reporter)
    run.best.offer(run.model, step, score, run.notes)
    return {"validation": score}


def _save(run: Run) -> None:
    """The model of the finished run: the best, if the recipe says so, or as it is now."""
    validate, notes = run.recipe.validate, dict(run.notes)
    if validate is not None and validate.keep == "best":
        notes[VALIDATION] = run.best.put_into(run.model)
    run.model.save_pretrained(run.folder / "model", notes)


def _diverged(run: Run, step: int, loss: float, norm: float) -> str:
    good = run.checkpoints.steps()
    kept = f"the checkpoint of step {good[-1]} is intact" if good else "no checkpoint was written yet"
    return (
        f"step {step} of the run in {run.folder} gave loss {loss} and gradient norm {norm}: the training has diverged; "
        f"{kept}: lower optim.lr or lengthen schedule.warmup, in another folder"
    )

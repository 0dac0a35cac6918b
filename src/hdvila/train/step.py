"""One update of the weights: the interface of the loop, and gradients of a loss summed over all processes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from hdvila.data.batch import Batch
from hdvila.errors import UsageError
from hdvila.models.registry import system_of
from hdvila.nn.pretrained import PretrainedModel
from hdvila.tasks.masked_words import Vocabulary
from hdvila.tasks.task import LossSum, Outputs, Task
from hdvila.train.compat import Compat
from hdvila.train.engine import Engine, seed_random_numbers
from hdvila.train.frozen import set_trained, train_mode
from hdvila.train.optimizer import build_optimizer
from hdvila.train.recipe import Recipe

__all__ = ["Diverged", "GradientStep", "StepKey", "TrainStep", "compute_gradients"]

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepKey:
    """Which step it is, on which process: all random numbers of a step start from it."""

    seed: int
    step: int
    rank: int


class Diverged(Exception):
    """Loss or gradient are not finite; the message has both. Weights and optimiser are unchanged."""


class TrainStep(Protocol):
    """What the loop calls at every step.

    Two optimisers, averaged weights or a loss term every few steps are implementations of it beside `GradientStep`.
    """

    def step(self, source: int, micros: Sequence[Batch], key: StepKey) -> dict[str, float]:
        """Update the weights by the micro-batches of this process, which are of the recipe's source of this number.

        Returns:
            What the log says of the step: ``loss`` and ``lr`` at least.

        Raises:
            Diverged: nothing was changed.
        """

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds besides the model's weights, part by part; every process asks for it."""

    def load_state(self, parts: Mapping[str, Any]) -> None:
        """The inverse of `state`."""


class GradientStep:
    """One optimiser, and for each source of the recipe a task whose loss is an exact sum of terms over all processes.

    Args:
        model: already placed; frozen and put into training mode as the first task wants it.
        steps_per_epoch: of the first source, in which milestones of the schedule are counted.
    """

    def __init__(
        self, engine: Engine, model: PretrainedModel, recipe: Recipe, vocabulary: Vocabulary, steps_per_epoch: int
    ) -> None:
        self._engine, self._model, self._recipe, self._vocabulary = engine, model, recipe, vocabulary
        self._per_epoch = steps_per_epoch
        self._tasks = [ingredient.task for ingredient in recipe.ingredients]
        trained = [_trained(model, task, recipe) for task in reversed(self._tasks)]
        if any(names != trained[-1] for names in trained):
            raise UsageError(
                f"the recipe {recipe.name} mixes tasks of which one trains parts of the model that another keeps "
                "frozen: train them one after the other, start.model=FOLDER"
            )
        train_mode(model, self._tasks[0], recipe.freeze)
        self.optimizer = build_optimizer(model, recipe.optim, system_of(model), recipe.compat.decay_after_update)

    def begin(self) -> None:
        """Join the processes; called once, after `load_state` if that is called."""
        self._engine.adopt(self.optimizer)

    def step(self, source: int, micros: Sequence[Batch], key: StepKey) -> dict[str, float]:
        recipe, engine = self._recipe, self._engine
        task = self._tasks[source].at(key.step)
        if len(self._tasks) > 1:
            train_mode(self._model, task, recipe.freeze)
        prepared = [task.prepare(micro, self._vocabulary) for micro in micros]
        values = compute_gradients(engine, task, prepared, recipe.chunk, (key.seed, key.step, key.rank), recipe.compat)
        norm = engine.clip(recipe.optim.clip_norm)
        if not (math.isfinite(values["loss"]) and math.isfinite(norm)):
            raise Diverged(f"gave loss {values['loss']} and gradient norm {norm}")
        epoch = key.step // self._per_epoch
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.schedule.rate(group["base_lr"], key.step, recipe.steps, epoch)
        engine.update()
        lr = recipe.schedule.rate(recipe.optim.lr, key.step, recipe.steps, epoch)
        mixed = {"source": float(source)} if len(self._tasks) > 1 else {}
        return values | mixed | {"lr": lr, "grad_norm": norm, "epoch": (key.step - 1) // self._per_epoch}

    def state(self) -> dict[str, Any]:
        return {"optimizer": self._engine.whole(self.optimizer.state_dict())}

    def load_state(self, parts: Mapping[str, Any]) -> None:
        self.optimizer.load_state_dict(parts["optimizer"])


def _trained(model: PretrainedModel, task: Task, recipe: Recipe) -> set[str]:
    """The names of the parameters that a task trains; the model is left as it wants it."""
    set_trained(model, task, recipe.freeze)
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def compute_gradients(
    engine: Engine, task: Task, micros: Sequence[Batch], chunk: int, key: Key, compat: Compat | None = None
) -> dict[str, float]:
    """Add the step's gradient to the parameters, the same however the batch is cut; -> loss and metrics of all of it.

    The mean of each of the task's losses is over all its terms, in whichever process and micro-batch they are; the
    loss is the sum of these means. Of several losses each is also given by its name.

    Args:
        micros: this process's prepared micro-batches.
        chunk: clips that run through the model at a time (gradient cache); 0: all of a micro-batch.
        key: random numbers of the forward pass start from it and the number of the micro-batch and chunk.
        compat: None: the formulas as they stand above.
    """
    compat = compat or Compat()
    counted = [task.counts(micro) for micro in micros]
    losses = list(counted[0])
    divided = [task.positions(micro) for micro in micros] if compat.mean_over_ignored else counted
    own = [float(sum(counts[name] for counts in numbers)) for numbers in (counted, divided) for name in losses]
    totals = engine.total(torch.tensor(own, device=engine.device)).clamp(min=1)
    terms, means_over = (dict(zip(losses, some, strict=True)) for some in totals.reshape(2, -1))
    times = engine.world * (len(micros) if compat.summed_accumulation else 1)  # DDP averages over processes
    scales = {name: times / means_over[name] for name in losses}
    sums: dict[str, Tensor] = {}
    divisors: dict[str, Tensor] = {}
    for number, batch in enumerate(micros):
        batch = batch.to(engine.device)
        more = number < len(micros) - 1
        whole = chunk == 0 or chunk >= batch.size
        run = _whole if whole else _cached
        found = run(engine, task, batch, chunk, scales, more, (*key, number))
        for loss in losses:
            value, metrics = found[loss]
            for name, part in {loss: value.detach(), **metrics}.items():
                sums[name] = sums.get(name, torch.zeros_like(terms[loss])) + part
                divisors[name] = means_over[loss] if name == loss else terms[loss]
    means = engine.total(torch.stack(list(sums.values()))) / torch.stack(list(divisors.values()))
    values = dict(zip(sums, means.tolist(), strict=True))
    return values if losses == ["loss"] else {"loss": sum(values[name] for name in losses)} | values


def _scaled(found: Mapping[str, LossSum], scales: Mapping[str, Tensor]) -> Tensor:
    """The sum of the losses, each divided by its number of terms."""
    first, *others = (found[name][0] * scale for name, scale in scales.items())
    return sum(others, first)


def _whole(
    engine: Engine, task: Task, batch: Batch, chunk: int, scales: Mapping[str, Tensor], more: bool, key: Key
) -> Mapping[str, LossSum]:
    with engine.accumulating(more):
        seed_random_numbers(*key, 0)
        found = task.loss_sums(engine.forward(task, batch), batch)
        engine.backward(_scaled(found, scales))
    return found


def _cached(
    engine: Engine, task: Task, batch: Batch, chunk: int, scales: Mapping[str, Tensor], more: bool, key: Key
) -> Mapping[str, LossSum]:
    """Gradient cache (Gao et al. 2021, arXiv 2101.06983): the loss of a batch whose activations do not fit at once.

    All chunks run forward without a graph; the loss and its gradient are taken at the joined outputs; each chunk then
    runs forward again, with the same random numbers, and backward from its part of that gradient.
    """
    chunks = [batch.rows(first, first + chunk) for first in range(0, batch.size, chunk)]

    def forward(number: int) -> Outputs:
        seed_random_numbers(*key, number)
        return engine.forward(task, chunks[number])

    with torch.no_grad():
        parts = [forward(number) for number in range(len(chunks))]
    joined = tuple(torch.cat(column).requires_grad_() for column in zip(*parts, strict=True))
    found = task.loss_sums(joined, batch)
    loss = _scaled(found, scales)
    loss.backward()  # type: ignore[no-untyped-call]
    wanted = [_split(output, column) for output, column in zip(joined, zip(*parts, strict=True), strict=True)]
    for number in range(len(chunks)):
        with engine.accumulating(more or number < len(chunks) - 1):
            outputs = forward(number)
            engine.backward(
                sum(((y * g[number]).sum() for y, g in zip(outputs, wanted, strict=True)), loss.new_zeros(()))
            )
    return found


def _split(joined: Tensor, parts: Sequence[Tensor]) -> Sequence[Tensor]:
    """The gradient that reached `joined`, cut as `parts` were."""
    assert joined.grad is not None
    return torch.split(joined.grad, [len(part) for part in parts])

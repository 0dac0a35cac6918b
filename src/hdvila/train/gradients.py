"""The gradient of one step: micro-batches one after the other, each whole or through the gradient cache."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hdvila.data.batch import Batch
from hdvila.tasks.task import Metrics, Outputs, Task
from hdvila.train.engine import Engine, seed_random_numbers

Key = tuple[int, ...]


def compute_gradients(engine: Engine, task: Task, micros: Sequence[Batch], chunk: int, key: Key) -> dict[str, float]:
    """Add the step's gradient to the parameters, the same however the batch is cut; -> loss and metrics of all of it.

    Args:
        micros: this process's prepared micro-batches.
        chunk: clips that run through the model at a time (gradient cache); 0: all of a micro-batch.
        key: random numbers of the forward pass start from it and the number of the micro-batch and chunk.
    """
    terms = engine.total(torch.tensor(float(sum(map(task.count, micros))), device=engine.device)).clamp(min=1)
    sums: dict[str, Tensor] = {}
    for number, batch in enumerate(micros):
        batch = batch.to(engine.device)
        scale = engine.world / terms  # data-parallel training averages over processes
        more = number < len(micros) - 1
        whole = chunk == 0 or chunk >= batch.size
        run = _whole if whole else _cached
        loss, metrics = run(engine, task, batch, chunk, scale, more, (*key, number))
        for name, value in {"loss": loss.detach(), **metrics}.items():
            sums[name] = sums.get(name, torch.zeros_like(terms)) + value
    means = engine.total(torch.stack(list(sums.values()))) / terms
    return dict(zip(sums, means.tolist(), strict=True))


def _whole(
    engine: Engine, task: Task, batch: Batch, chunk: int, scale: Tensor, more: bool, key: Key
) -> tuple[Tensor, Metrics]:
    with engine.accumulating(more):
        seed_random_numbers(*key, 0)
        loss, metrics = task.loss_sum(engine.forward(batch), batch)
        engine.backward(loss * scale)
    return loss, metrics


def _cached(
    engine: Engine, task: Task, batch: Batch, chunk: int, scale: Tensor, more: bool, key: Key
) -> tuple[Tensor, Metrics]:
    """Gradient cache (Gao et al. 2021, arXiv 2101.06983): the loss of a batch whose activations do not fit at once.

    All chunks run forward without a graph; the loss and its gradient are taken at the joined outputs; each chunk then
    runs forward again, with the same random numbers, and backward from its part of that gradient.
    """
    chunks = [batch.rows(first, first + chunk) for first in range(0, batch.size, chunk)]

    def forward(number: int) -> Outputs:
        seed_random_numbers(*key, number)
        return engine.forward(chunks[number])

    with torch.no_grad():
        parts = [forward(number) for number in range(len(chunks))]
    joined = tuple(torch.cat(column).requires_grad_() for column in zip(*parts, strict=True))
    loss, metrics = task.loss_sum(joined, batch)
    (loss * scale).backward()  # type: ignore[no-untyped-call]
    wanted = [_split(output, column) for output, column in zip(joined, zip(*parts, strict=True), strict=True)]
    for number in range(len(chunks)):
        with engine.accumulating(more or number < len(chunks) - 1):
            outputs = forward(number)
            engine.backward(
                sum(((y * g[number]).sum() for y, g in zip(outputs, wanted, strict=True)), loss.new_zeros(()))
            )
    return loss, metrics


def _split(joined: Tensor, parts: Sequence[Tensor]) -> Sequence[Tensor]:
    """The gradient that reached `joined`, cut as `parts` were."""
    assert joined.grad is not None
    return torch.split(joined.grad, [len(part) for part in parts])

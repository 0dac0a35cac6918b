"""Devices, processes and precision: the only module that knows Lightning Fabric.

Started plainly there is one process; started by ``torchrun`` (GPUs) or `hdvila.train.cores` (CPUs) there are as many as
it makes, joined by data-parallel training over NCCL or gloo.
"""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hdvila.data.batch import Batch
from hdvila.errors import require
from hdvila.evaluate.sharing import ALONE, Processes, processes_of_group
from hdvila.hub import Precision, pick_device
from hdvila.models.registry import get_system
from hdvila.nn.pretrained import PretrainedModel
from hdvila.tasks.task import Outputs, Task
from hdvila.train.sharding import cut_module, cut_state, total_norm, whole

_FABRIC_PRECISION = {"float32": "32-true", "bfloat16": "bf16-mixed"}


class _Forward(nn.Module):
    """A task's forward pass as a module, so that data-parallel training sees one call from inputs to outputs."""

    task: Task

    def __init__(self, model: PretrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Outputs:
        return self.task.forward(self.model, batch)


def is_first_process() -> bool:
    """Whether this process writes the files, of those that were started together; known before any `Engine`."""
    return os.environ.get("RANK", "0") == "0"


def is_joined() -> bool:
    """Whether this process was started as one of several, by ``torchrun`` or `hdvila.train.cores`."""
    return "WORLD_SIZE" in os.environ


class Engine:
    """One process of a run.

    Args:
        precision: "bfloat16" runs convolutions and matrix products in bfloat16 (autocast); weights, losses and the
            optimiser stay in float32.
        sharded: cut the model over the processes (`hdvila.train.sharding`); one process holds it whole.
    """

    def __init__(self, precision: Precision, *, sharded: bool = False) -> None:
        fabric = require("lightning_fabric", extra="train")
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces the precision on stderr
        world, local = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
        strategy: Any = "auto"
        if world > 1:
            strategies = require("lightning_fabric.strategies", extra="train")
            strategy = strategies.DDPStrategy(
                find_unused_parameters=True,  # a branch without pictures has no gradients
                broadcast_buffers=False,  # BatchNorm statistics never change
                gradient_as_bucket_view=True,
            )
            # Names that torch 2.13 has changed and 2.9 does not know by the new ones.
            warnings.filterwarnings("ignore", category=FutureWarning, module="torch.distributed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice about devices that were not asked for
            self._fabric = fabric.Fabric(
                accelerator=pick_device(),
                devices=local,
                num_nodes=world // local,
                strategy=strategy,
                precision=_FABRIC_PRECISION[precision],
            )
        self._fabric.launch()
        self._module: Any = None
        self._sharded = sharded and world > 1

    @property
    def rank(self) -> int:
        return int(self._fabric.global_rank)

    @property
    def world(self) -> int:
        return int(self._fabric.world_size)

    @property
    def first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        device: torch.device = self._fabric.device
        return device

    def place(self, model: PretrainedModel) -> None:
        """Move a model here, before its optimiser is built; convolution weights channels-last, unless it is cut."""
        self._forward = _Forward(model)
        if self._sharded:
            cut_module(self._forward.to(self.device), model.stages())
        else:
            model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def adopt(self, optimizer: torch.optim.Optimizer) -> None:
        """Take over the forward pass of the placed model; every process gets the first one's weights."""
        if self._sharded:
            cut_state(optimizer)
            self._module, self._optimizer = self._forward, optimizer
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `broadcast_buffers` has a new name, which earlier versions do not know
            self._module, self._optimizer = self._fabric.setup(self._forward, optimizer, move_to_device=False)

    def forward(self, task: Task, batch: Batch) -> Outputs:
        """The task's outputs in float32."""
        self._forward.task = task
        if not self._sharded:
            outputs: Outputs = self._module(batch)
            return outputs
        with self._fabric.autocast():
            return tuple(output.float() for output in self._module(batch))

    def accumulating(self, more_to_come: bool) -> AbstractContextManager[None]:
        """Within it, backward passes leave the gradients of the processes apart if more are to come."""
        if self._sharded:
            self._module.set_requires_gradient_sync(not more_to_come)
            return nullcontext()
        context: AbstractContextManager[None] = self._fabric.no_backward_sync(self._module, enabled=more_to_come)
        return context

    def backward(self, loss: Tensor) -> None:
        if self._sharded:
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            self._fabric.backward(loss)

    def clip(self, max_norm: float) -> float:
        """Scale the gradients down to `max_norm`; -> their global norm before."""
        if self._sharded:
            return total_norm(nn.utils.clip_grad_norm_(self._module.parameters(), max_norm))
        return float(
            self._fabric.clip_gradients(
                self._module, self._optimizer, max_norm=max_norm, error_if_nonfinite=False
            ).item()
        )

    def update(self) -> None:
        """One step of the optimiser, and no gradients after it."""
        self._optimizer.step()
        self._optimizer.zero_grad()

    def whole(self, state: Any) -> Any:
        """A state with all its parts; every process asks for it."""
        return whole(state) if self._sharded else state

    def whole_model(self, model: PretrainedModel) -> PretrainedModel:
        """The placed model as one that runs by itself; every process asks for it. Only one that is cut is copied."""
        if not self._sharded:
            return model
        copy = get_system(model.system).build(model.config, initialise=False)
        copy.load_state_dict(self.whole(model.state_dict()))
        copy.processor, copy.precision = model.processor, model.precision
        return copy.to(self.device)

    def total(self, values: Tensor) -> Tensor:
        """Elementwise sum over the processes."""
        summed: Tensor = self._fabric.all_reduce(values, reduce_op="sum")
        return summed

    def processes(self) -> Processes:
        """This process among the others, for evaluations that they share."""
        return processes_of_group() if self.world > 1 else ALONE

    def any(self, wish: bool) -> bool:
        """Whether one of the processes wishes it; all of them ask at the same place."""
        return wish if self.world == 1 else bool(self.total(torch.tensor(float(wish), device=self.device)) > 0)

    def wait(self) -> None:
        """Until every process is here."""
        self._fabric.barrier()


def seed_random_numbers(*key: int) -> None:
    """Make torch's random numbers (dropout, stochastic depth) a function of `key`."""
    torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))

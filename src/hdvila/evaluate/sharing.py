"""Share the batches of an evaluation among the processes of a training run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

__all__ = ["ALONE", "Processes", "processes_of_group"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def _alone(own: Any) -> list[Any]:
    return [own]


@dataclass(frozen=True, slots=True)
class Processes:
    """The place of this process among several.

    Whole batches are shared, so results do not depend on the number of processes.

    Attributes:
        rank: the number of this process, from 0.
        world: how many processes there are.
        gather: every process passes its own part and gets the parts of all, in the order of ranks.
    """

    rank: int = 0
    world: int = 1
    gather: Callable[[Any], list[Any]] = _alone

    def own(self, batches: Sequence[Item]) -> Sequence[Item]:
        """The batches that this process works on."""
        return batches[self.rank :: self.world]

    def all_results(self, results: list[Result]) -> list[Result]:
        """The results of all batches, in order, from the `results` of this process's own batches."""
        parts = self.gather(results)
        return [parts[number % self.world][number // self.world] for number in range(sum(map(len, parts)))]


ALONE = Processes()


def processes_of_group() -> Processes:
    """The processes of torch's process group, which each of them has joined."""
    rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()

    def gather(own: Any) -> list[Any]:
        parts: list[Any] = [None] * world
        torch.distributed.all_gather_object(parts, own)
        return parts

    return Processes(rank, world, gather)

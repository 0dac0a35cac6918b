"""Share the batches of an evaluation among the processes of a training run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["ALONE", "Processes"]

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

    def joined(self, results: list[Result]) -> list[Result]:
        """The results of all batches, in order, from the `results` of this process's own batches."""
        parts = self.gather(results)
        return [parts[number % self.world][number // self.world] for number in range(sum(map(len, parts)))]


ALONE = Processes()

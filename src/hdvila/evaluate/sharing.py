"""Batches of an evaluation shared out over the processes of a training run."""

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
    """Which of several processes this is. Whole batches are shared, so numbers do not depend on how many there are.

    Attributes:
        rank, world: the number of this process from 0, and how many there are.
        gather: to what every process passes its own part; -> all parts, in order of rank. All processes call it.
    """

    rank: int = 0
    world: int = 1
    gather: Callable[[Any], list[Any]] = _alone

    def own(self, batches: Sequence[Item]) -> Sequence[Item]:
        """The batches that this process works on."""
        return batches[self.rank :: self.world]

    def joined(self, results: list[Result]) -> list[Result]:
        """What all processes made of their own batches, in the order of all; `results` are this one's."""
        parts = self.gather(results)
        return [parts[number % self.world][number // self.world] for number in range(sum(map(len, parts)))]


ALONE = Processes()

"""Batches in the order of steps, prepared ahead by threads.

Nothing here has a state worth saving: the loader of a continued run starts at the next step, and how many workers
prepare the batches changes nothing in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hdvila.data.ahead import ahead
from hdvila.data.batch import Batch
from hdvila.data.dataset import ClipDataset
from hdvila.data.mixture import Mixture
from hdvila.data.order import Draw, Order
from hdvila.errors import UsageError


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a step's batch one process works on, and in how many pieces one after the other.

    The batch is cut into `accumulate` micro-batches, each of these into one block a process, in order of rank:
    gathering the processes' features of a micro-batch restores its order.

    Raises:
        UsageError: the batch cannot be cut evenly.
    """

    batch_size: int
    rank: int = 0
    world: int = 1
    accumulate: int = 1

    def __post_init__(self) -> None:
        if self.batch_size % (self.world * self.accumulate):
            raise UsageError(
                f"batch_size={self.batch_size} cannot be cut into equal parts for {self.world} processes x "
                f"accumulate={self.accumulate}: make it a multiple of {self.world * self.accumulate}"
            )

    @property
    def block(self) -> int:
        """Clips of one micro-batch on this process."""
        return self.batch_size // (self.world * self.accumulate)

    def cut(self, draws: Sequence[Draw]) -> list[Sequence[Draw]]:
        """This process's part of every micro-batch."""
        starts = [(micro * self.world + self.rank) * self.block for micro in range(self.accumulate)]
        return [draws[start : start + self.block] for start in starts]


@dataclass(frozen=True, slots=True)
class Ordered:
    """Examples, and the order in which they are learned from."""

    dataset: ClipDataset
    order: Order


def step_batches(
    sources: Sequence[Ordered],
    mixture: Mixture,
    share: Share,
    first: int,
    last: int,
    *,
    workers: int = 0,
    pin: bool = False,
) -> Iterator[tuple[int, list[Batch]]]:
    """Of steps `first` to `last`, both included, counted from 1: the source, and the micro-batches of this process.

    Args:
        sources: as many as `mixture` has weights.
        workers: threads that prepare steps ahead (`ahead`); 0 prepares each when it is asked for.
        pin: put the tensors into page-locked memory, for copies to a GPU.

    Raises:
        HdvilaError: whatever reading the corpus raises, such as a StoreError that names the shard.
    """

    def prepare(step: int) -> tuple[int, list[Batch]]:
        number, own = mixture.at(step)
        source = sources[number]
        batches = [source.dataset.batch(draws) for draws in share.cut(source.order.draws(own))]
        return number, [batch.pin_memory() for batch in batches] if pin else batches

    yield from ahead(prepare, range(first, last + 1), workers)

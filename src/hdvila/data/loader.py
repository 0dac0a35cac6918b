"""Batches in the order of steps, prefetched by threads.

The loader has no state to save: that of a continued run starts at the next step, and the number of workers does not
change the batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hdvila.data.batch import Batch
from hdvila.data.dataset import ClipDataset
from hdvila.data.order import Mixture, Order, SampleKey
from hdvila.data.prefetch import prefetch
from hdvila.errors import UsageError


@dataclass(frozen=True, slots=True)
class BatchShare:
    """The part of each batch that one process computes.

    A batch is split into `accumulate` micro-batches, and each micro-batch into one block per process, in order of
    rank: gathering the features of all processes restores the order of a micro-batch.

    Raises:
        UsageError: the batch cannot be split evenly.
    """

    batch_size: int
    rank: int = 0
    world: int = 1
    accumulate: int = 1

    def __post_init__(self) -> None:
        if self.batch_size % (self.world * self.accumulate):
            raise UsageError(
                f"batch_size={self.batch_size} cannot be split into equal parts for {self.world} processes x "
                f"accumulate={self.accumulate}: make it a multiple of {self.world * self.accumulate}"
            )

    @property
    def block(self) -> int:
        """Clips of one micro-batch on this process."""
        return self.batch_size // (self.world * self.accumulate)

    def split(self, keys: Sequence[SampleKey]) -> list[Sequence[SampleKey]]:
        """This process's block of every micro-batch."""
        starts = [(micro * self.world + self.rank) * self.block for micro in range(self.accumulate)]
        return [keys[start : start + self.block] for start in starts]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A data set and the order in which training reads it."""

    dataset: ClipDataset
    order: Order


def step_batches(
    sources: Sequence[Ordered],
    mixture: Mixture,
    share: BatchShare,
    first: int,
    last: int,
    *,
    workers: int = 0,
    pin: bool = False,
) -> Iterator[tuple[int, list[Batch]]]:
    """The source and this process's micro-batches of each step from `first` to `last` (both included, from 1).

    Args:
        sources: one for each weight of `mixture`.
        workers: threads that prepare steps (`prefetch`); with 0 each step is prepared when it is requested.
        pin: put the tensors into page-locked memory, for copies to a GPU.

    Raises:
        HdvilaError: the corpus cannot be read, such as a StoreError that names the shard.
    """

    def prepare(step: int) -> tuple[int, list[Batch]]:
        number, own = mixture.at(step)
        source = sources[number]
        batches = [source.dataset.batch(keys) for keys in share.split(source.order.sample_keys(own))]
        return number, [batch.pin_memory() for batch in batches] if pin else batches

    yield from prefetch(prepare, range(first, last + 1), workers)

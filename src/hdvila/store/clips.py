"""All clips of a corpus as a sequence that reads each when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from hdvila.store.index import Index
from hdvila.types import Clip


class Clips(Sequence[Clip]):
    """The clips of a corpus in the order of their numbers. It equals a tuple of them; a slice is a tuple."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def __len__(self) -> int:
        return self._index.catalogue.clips

    @overload
    def __getitem__(self, i: int) -> Clip: ...

    @overload
    def __getitem__(self, i: slice) -> tuple[Clip, ...]: ...

    def __getitem__(self, i: int | slice) -> Clip | tuple[Clip, ...]:
        if isinstance(i, slice):
            return tuple(self[number] for number in range(*i.indices(len(self))))
        if not -len(self) <= i < len(self):
            raise IndexError(f"clip {i} of {len(self)}")
        shard, k = self._index.find(i % len(self))
        return shard.clip(k)

    def __iter__(self) -> Iterator[Clip]:
        for number in range(len(self._index.catalogue)):
            yield from self._index.shard(number).all_clips()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Clips({len(self)})"

"""Which shard holds which clip: a row a shard, in the order of the clips' numbers, mapped from ``shards.arrow``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hdvila.errors import StoreError
from hdvila.store.arrow_files import numbers_in, read_arrow, write_arrow
from hdvila.store.layout import CATALOGUE

ShardRow = Mapping[str, Any]
"""``shard``, ``clips``, and of each stream ``NAME_frames`` and ``NAME_bytes`` (`ShardIndex.totals`)."""


class Catalogue:
    """The shards of a corpus. ``len`` counts them.

    Attributes:
        clips: of all shards together.
    """

    def __init__(self, batch: Any) -> None:
        self._batch = batch
        counts = numbers_in(batch.column("clips"))
        self._ends: NDArray[np.int64] = np.cumsum(counts, dtype=np.int64)
        self.clips = int(self._ends[-1]) if len(counts) else 0

    @classmethod
    def of(cls, rows: Sequence[ShardRow], streams: Sequence[str]) -> Catalogue:
        """From its rows."""
        names = ["clips", *(f"{stream}_{what}" for stream in streams for what in ("frames", "bytes"))]
        columns = {name: pa.array([row[name] for row in rows], pa.int64()) for name in names}
        return cls(pa.record_batch({"shard": pa.array([row["shard"] for row in rows], pa.string())} | columns))

    @classmethod
    def read(cls, buffer: Any, where: str) -> Catalogue:
        """From the content of ``shards.arrow``.

        Raises:
            StoreError: it is damaged.
        """
        batch = read_arrow(buffer, where)
        if not {"shard", "clips"} <= set(batch.schema.names):
            raise StoreError(f"{where}: is not a list of shards; delete it: the shards bring it back")
        return cls(batch)

    def write(self, root: Path) -> None:
        """Replace ``shards.arrow`` in one step."""
        write_arrow(root / CATALOGUE, self._batch)

    def __len__(self) -> int:
        return len(self._ends)

    def name(self, shard: int) -> str:
        """The file of a shard."""
        name: str = self._batch.column("shard")[shard].as_py()
        return name

    def names(self) -> list[str]:
        """The files of all shards."""
        names: list[str] = self._batch.column("shard").to_pylist()
        return names

    def find(self, clip: int) -> tuple[int, int]:
        """(shard, place in it) of a clip, 0 <= `clip` < `clips`."""
        shard = int(np.searchsorted(self._ends, clip, side="right"))
        return shard, clip - (int(self._ends[shard - 1]) if shard else 0)

    def clips_of(self, shard: int) -> range:
        """The numbers of the clips of a shard."""
        return range(int(self._ends[shard - 1]) if shard else 0, int(self._ends[shard]))

    def total(self, column: str) -> int:
        """The sum of a column, such as ``lr_frames``, over all shards."""
        return int(numbers_in(self._batch.column(column)).sum()) if len(self) else 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """Its rows, for another catalogue."""
        yield from self._batch.to_pylist()

    def state(self) -> str:
        """16 hexadecimal digits that differ where the shards, their order or their clips do."""
        digest = hashlib.sha256()
        for name, clips in zip(self.names(), self._batch.column("clips").to_pylist(), strict=True):
            digest.update(f"{name} {clips}\n".encode())
        return digest.hexdigest()[:16]

"""The rows of a corpus one batch at a time, so that memory does not grow with the corpus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hdvila.errors import StoreError
from hdvila.store import Corpus, Rates

_TABLE = "clips.parquet"
_ROWS = 32768  # of a batch: some ten megabytes of text


class Rows:
    """The clips of a corpus as a stream of Arrow batches.

    Attributes:
        columns: their names.
        number: of clips.
        rates: of its two streams.

    Raises:
        StoreError: there is no corpus, or its table is damaged.
    """

    def __init__(self, root: Path) -> None:
        self._file: Any = None
        if (root / _TABLE).exists():
            try:
                self._file = pq.ParquetFile(root / _TABLE)
            except (pa.ArrowException, OSError) as error:
                raise StoreError(
                    f"{root / _TABLE}: cannot be read ({error}); delete it: shards bring it back"
                ) from error
            self.columns: list[str] = self._file.schema_arrow.names
            self.number: int = self._file.metadata.num_rows
            written = json.loads((self._file.schema_arrow.metadata or {}).get(b"hdvila", b"{}"))
            self.rates = (
                Rates(written["lr_fps"], written["hr_every"], written.get("form", "jpeg"))
                if "lr_fps" in written
                else Rates()
            )
        else:  # a corpus whose build was killed: its shards tell
            corpus = Corpus(root)
            self._table, self.rates = corpus.table, corpus.rates
            self.columns, self.number = self._table.column_names, len(self._table)

    def state(self) -> str:
        """16 hexadecimal digits that differ where clips, their words, their times or their order do."""
        digest = hashlib.sha256()
        for batch in self.batches(["clip_id", "start", "end", "text"]):
            for row in batch.to_pylist():
                digest.update(repr(tuple(row.values())).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches with those of `columns` that the corpus has, in the order of the clips."""
        wanted = [name for name in columns if name in self.columns]
        if self._file is not None:
            yield from self._file.iter_batches(_ROWS, columns=wanted)
        else:
            yield from self._table.select(wanted).to_batches(_ROWS)

    def sample(self, size: int, seed: int) -> NDArray[np.int64]:
        """Numbers of `size` different clips (all, if there are no more), in order; the same seed, the same clips."""
        rng = np.random.default_rng(seed)
        return np.sort(rng.choice(self.number, min(size, self.number), replace=False)).astype(np.int64)

    def take(self, numbers: NDArray[np.int64], columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows with these ascending numbers, as dictionaries."""
        found: list[dict[str, Any]] = []
        first = 0
        for batch in self.batches(columns):
            here = numbers[(numbers >= first) & (numbers < first + batch.num_rows)] - first
            found += batch.take(pa.array(here)).to_pylist()
            first += batch.num_rows
        return found

"""Arrow files of one record batch that is mapped and not read, and its columns as NumPy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hdvila.errors import StoreError
from hdvila.files import replacing

NUMPY = {pa.int32(): np.int32, pa.int64(): np.int64, pa.uint32(): np.uint32, pa.float64(): np.float64}
"""The types of numbers in index files, in NumPy."""


def write_arrow(file: Path, batch: Any) -> None:
    """Write a record batch as an Arrow file in one step; its folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with (
        replacing(file, sync=True) as partial,
        pa.OSFile(str(partial), "wb") as sink,
        pa.ipc.new_file(sink, batch.schema) as writer,
    ):
        writer.write_batch(batch)


def read_arrow(buffer: Any, where: str) -> Any:
    """The record batch in an Arrow file, which stays where it is.

    Raises:
        StoreError: the file is damaged; `where` names it.
    """
    try:
        with pa.ipc.open_file(buffer) as reader:
            if reader.num_record_batches == 1:
                return reader.get_batch(0)
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{where}: cannot be read ({error}); delete it: the shards bring it back") from error
    raise StoreError(f"{where}: is not an index file of a corpus; delete it: the shards bring it back")


def numbers_in(column: Any) -> NDArray[Any]:
    """(n,) the numbers of an Arrow array without nulls, where they lie. (Its ``to_numpy`` would import pandas.)"""
    kind = NUMPY[column.type]
    return np.frombuffer(column.buffers()[1], kind, column.offset + len(column))[column.offset :]

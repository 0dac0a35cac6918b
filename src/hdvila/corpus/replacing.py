"""Files of a corpus that are there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from hdvila import files
from hdvila.errors import StoreError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """`hdvila.files.replacing`, in a folder that is made if it is not there.

    Raises:
        StoreError: there is no room, or the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(target) as partial:
            yield partial
    except (OSError, pa.ArrowException) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"{target}: cannot be written ({why}); make room or name another place") from error

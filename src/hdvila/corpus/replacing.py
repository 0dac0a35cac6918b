"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from hdvila.errors import StoreError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; at the end it takes the place of `target`, after an error it is gone.

    Raises:
        StoreError: there is no room, or the folder cannot be written.
    """
    partial = target.parent / f".hdvila-{os.getpid()}.part"  # short: the name of the target may have all 255 bytes
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, target)
    except (OSError, pa.ArrowException) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"{target}: cannot be written ({why}); make room or name another place") from error
    finally:
        partial.unlink(missing_ok=True)


def is_full_disk(error: BaseException) -> bool:
    """Whether a full disk is at the bottom of an error: no fault of the input that was in work."""
    seen: list[BaseException] = [error]
    for cause in seen:  # grows; yt-dlp keeps the cause in `exc_info`
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return True
        more = (cause.__cause__, cause.__context__, *(getattr(cause, "exc_info", None) or ()))
        seen += [one for one in more if isinstance(one, BaseException) and one not in seen]
    return False

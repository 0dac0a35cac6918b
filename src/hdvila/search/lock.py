"""One writer of a library at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hdvila.errors import LibraryError
from hdvila.files import InUse, exclusive

__all__ = ["only_writer"]


@contextmanager
def only_writer(library: Path) -> Iterator[None]:
    """Hold the library's lock during the block. Readers are not kept out.

    Raises:
        LibraryError: another process holds it, or the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive(library / "indexing.lock"))
        except InUse as error:
            raise LibraryError(
                f"{library}: another process is indexing into this library: wait until it is done, or stop it "
                "(searching works meanwhile)"
            ) from error
        except OSError as error:
            raise LibraryError(f"{library}: the library cannot be written: {error.strerror}") from error
        yield

"""JPEG in memory, for the store."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import prod

import numpy as np
import simplejpeg

from hdvila.errors import MediaError
from hdvila.types import Pixels


def encode_jpeg(rgb: Pixels, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 -> JPEG. The same pixels give the same bytes.

    Colour is kept at half resolution (4:2:0), and at quality 100, which asks for all there is, at full (4:4:4).
    """
    colour = "444" if quality == 100 else "420"
    return bytes(
        simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=quality, colorspace="RGB", colorsubsampling=colour)
    )


def decode_jpeg(data: bytes | memoryview, into: Pixels | None = None) -> Pixels:
    """JPEG -> (H, W, 3) uint8, in a new array or in `into`.

    Raises:
        MediaError: the bytes are no complete JPEG, or the picture has not the shape of `into`.
    """
    try:
        picture: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB", buffer=into)
    except ValueError as error:
        raise _damaged(data, error) from error
    if into is not None and picture.shape != into.shape:
        raise MediaError(f"a JPEG shows {picture.shape} pixels where {into.shape} were expected; make it again")
    return picture


def decode_jpegs(files: Sequence[bytes], *, scratch: bool = False) -> Pixels:
    """JPEGs of one size -> (n, H, W, 3) uint8.

    Args:
        scratch: in memory that this thread's next such call writes over, for pictures of which a part is copied at
            once: new memory of this size costs a sample a quarter of its time.

    Raises:
        MediaError: one is no complete JPEG, or has another size than the first.
    """
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(files[0])
    except ValueError as error:
        raise _damaged(files[0], error) from error
    shape = len(files), height, width, 3
    pictures = _OURS.room(prod(shape)).reshape(shape) if scratch else np.empty(shape, np.uint8)
    for file, picture in zip(files, pictures, strict=True):
        decode_jpeg(file, into=picture)
    return pictures


class _Ours(threading.local):
    """Memory of each thread."""

    def __init__(self) -> None:
        self._scratch: Pixels = np.empty(0, np.uint8)

    def room(self, count: int) -> Pixels:
        """(count,)."""
        if len(self._scratch) < count:
            self._scratch = np.empty(count, np.uint8)
        return self._scratch[:count]


_OURS = _Ours()


def _damaged(data: bytes | memoryview, error: ValueError) -> MediaError:
    return MediaError(f"a JPEG of {len(data)} bytes cannot be decoded: {error}; make it again")

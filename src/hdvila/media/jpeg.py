"""JPEG in memory, for the store."""

from __future__ import annotations

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
        raise MediaError(f"a JPEG of {len(data)} bytes cannot be decoded: {error}; make it again") from error
    if into is not None and picture.shape != into.shape:
        raise MediaError(f"a JPEG shows {picture.shape} pixels where {into.shape} were expected; make it again")
    return picture

"""JPEG in memory, for the store."""

from __future__ import annotations

import numpy as np
import simplejpeg

from hdvila.errors import MediaError
from hdvila.types import Pixels


def encode_jpeg(rgb: Pixels, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 -> JPEG with colour at half resolution (4:2:0). The same pixels give the same bytes."""
    return bytes(
        simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=quality, colorspace="RGB", colorsubsampling="420")
    )


def decode_jpeg(data: bytes | memoryview) -> Pixels:
    """JPEG -> (H, W, 3) uint8.

    Raises:
        MediaError: the bytes are no complete JPEG.
    """
    try:
        picture: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB")
    except ValueError as error:
        raise MediaError(f"a JPEG of {len(data)} bytes cannot be decoded: {error}; make it again") from error
    return picture

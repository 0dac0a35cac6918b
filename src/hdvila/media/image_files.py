"""What can be told of an image file without decoding it: whether it is one, whether it is whole, its size."""

from __future__ import annotations

import os
from pathlib import Path

import simplejpeg

from hdvila.errors import MediaError, one_line
from hdvila.media.codecs import read_image
from hdvila.media.container import media_errors
from hdvila.media.headers import jpeg_orientation
from hdvila.media.info import Orientation

__all__ = ["IMAGE_SUFFIXES", "image_fault", "image_size", "is_image_name"]

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})
_ENDS = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND"}  # how a file begins: what stands at its end
_HEAD, _TAIL = 1 << 18, 1 << 12  # bytes


def is_image_name(name: str) -> bool:
    """Whether a file in a folder counts as an image, by the ending of its name."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def image_fault(path: Path) -> str:
    """Why `hdvila.media.read_image` cannot read a file; empty where it can.

    Of a JPEG or PNG both ends are read, which takes a hundredth of decoding it; one that is damaged in between is not
    noticed. A file with other ends is decoded.
    """
    try:
        with path.open("rb") as file:
            head = file.read(2)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            if head in _ENDS and _ENDS[head] in file.read():
                return ""
        read_image(path)
    except (OSError, MediaError) as error:
        return one_line(error).removeprefix(f"{path}: ")
    return ""


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) as `hdvila.media.read_image` gives it; only what is no ordinary JPEG is decoded.

    Raises:
        MediaError: the file cannot be read.
    """
    with media_errors(path), path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(head)
    except ValueError:
        height, width = read_image(path).shape[:2]
        return height, width
    swapped = Orientation.from_exif(jpeg_orientation(head)).swap
    return (width, height) if swapped else (height, width)

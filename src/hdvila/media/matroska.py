"""What a Matroska or WebM file says of a video track that PyAV does not pass on: its crop, and whether it is encrypted.

The elements of a track's header (RFC 9559): an identifier, a length, then the content, elements within elements.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hdvila.types import Pixels

_SEGMENT, _TRACKS, _CLUSTER, _ENTRY = 0x18538067, 0x1654AE6B, 0x1F43B675, 0xAE
_VIDEO, _ENCODINGS, _ENCODING, _ENCRYPTION = 0xE0, 0x6D80, 0x6240, 0x5035
_CROPS = {0x54CC: "left", 0x54BB: "top", 0x54DD: "right", 0x54AA: "bottom"}
_HEADERS = 1 << 20  # bytes within which the tracks must be found


class Crop(NamedTuple):
    """Lines and columns of the stored picture that are not shown."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __bool__(self) -> bool:
        return any(self)

    def leaves_some(self, width: int, height: int) -> bool:
        """Whether anything of a picture of this size is shown."""
        return self.left + self.right < width and self.top + self.bottom < height

    def of(self, rgb: Pixels) -> Pixels:
        """(H, W, 3) -> what is shown of it."""
        height, width = rgb.shape[:2]
        return rgb[self.top : height - self.bottom, self.left : width - self.right]


NO_CROP = Crop()


class Track(NamedTuple):
    """A track's header."""

    crop: Crop = NO_CROP
    encrypted: bool = False


def read_track(path: str | os.PathLike[str], number: int) -> Track:
    """The header of video track `number`, the first is 0; an empty one where it cannot be found."""
    with Path(path).open("rb") as stream:
        data = stream.read(_HEADERS)
    for name, begin, end in _elements(data, 0, len(data)):
        if name == _SEGMENT:
            for inner, first, last in _elements(data, begin, end):
                if inner == _CLUSTER:
                    return Track()
                if inner == _TRACKS:
                    return dict(enumerate(_video_tracks(data, first, last))).get(number, Track())
    return Track()


def is_complete(path: str | os.PathLike[str]) -> bool:
    """Whether the file says how long it is, and is so long: one that was cut off is shorter."""
    with Path(path).open("rb") as stream:
        data = stream.read(_HEADERS)
    at = 0
    while at < len(data):
        name, at = _variable(data, at, keep_mark=True)
        length, at = _variable(data, at, keep_mark=False)
        if name is None or length is None or length < 0:
            return False
        if name == _SEGMENT:
            return at + length <= os.path.getsize(path)
        at += length
    return False


def _video_tracks(data: bytes, begin: int, end: int) -> Iterator[Track]:
    for name, first, last in _elements(data, begin, end):
        inner = {one: (a, b) for one, a, b in _elements(data, first, last)} if name == _ENTRY else {}
        if _VIDEO not in inner:
            continue
        video = _elements(data, *inner[_VIDEO])
        crop = {_CROPS[one]: int.from_bytes(data[a:b], "big") for one, a, b in video if one in _CROPS}
        yield Track(Crop(**crop), _ENCODINGS in inner and _is_encrypted(data, *inner[_ENCODINGS]))


def _is_encrypted(data: bytes, begin: int, end: int) -> bool:
    encodings = ((a, b) for name, a, b in _elements(data, begin, end) if name == _ENCODING)
    return any(name == _ENCRYPTION for a, b in encodings for name, _, _ in _elements(data, a, b))


def _elements(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(identifier, begin, end) of the elements that lie in these bytes; one of unknown length reaches to their end."""
    while begin < end:
        name, begin = _variable(data, begin, keep_mark=True)
        length, begin = _variable(data, begin, keep_mark=False)
        if name is None or length is None:
            return
        stop = end if length < 0 else min(begin + length, end)
        yield name, begin, stop
        begin = stop


def _variable(data: bytes, begin: int, *, keep_mark: bool) -> tuple[int | None, int]:
    """A number whose first byte says how many bytes it has, and where it ends; -1: a length that is unknown."""
    if begin >= len(data) or not data[begin]:
        return None, begin
    count = 9 - data[begin].bit_length()
    value = int.from_bytes(data[begin : begin + count], "big")
    if not keep_mark:
        value &= (1 << 7 * count) - 1
        if value == (1 << 7 * count) - 1:
            value = -1
    return value, begin + count

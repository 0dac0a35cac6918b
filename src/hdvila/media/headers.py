"""What PyAV does not pass on, from the bytes of a file: crop, orientation, encryption, completeness.

Matroska and WebM files (RFC 9559) are trees of elements: an identifier, a length, then the content.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from hdvila.types import Pixels

_SEGMENT, _TRACKS, _CLUSTER, _ENTRY = 0x18538067, 0x1654AE6B, 0x1F43B675, 0xAE
_VIDEO, _ENCODINGS, _ENCODING, _ENCRYPTION = 0xE0, 0x6D80, 0x6240, 0x5035
_CROPS = {0x54CC: "left", 0x54BB: "top", 0x54DD: "right", 0x54AA: "bottom"}
_HEADERS = 1 << 20  # bytes at the start of a file that are searched
_TS_PACKET, _TS_SYNC = 188, 0x47
_ANIMATED = 0x02  # a flag of WebP's extended header
_APP1, _START_OF_SCAN = b"\xff\xe1", b"\xff\xda"  # markers of JPEG
_ORIENTATION = 0x0112  # a tag of EXIF


class Crop(NamedTuple):
    """Columns and lines of the stored frame that are not displayed."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __bool__(self) -> bool:
        return any(self)

    def leaves_some(self, width: int, height: int) -> bool:
        """Whether any pixel of a frame of this size is displayed."""
        return self.left + self.right < width and self.top + self.bottom < height

    def of(self, rgb: Pixels) -> Pixels:
        """(H, W, 3) stored -> (H', W', 3) displayed, a view."""
        height, width = rgb.shape[:2]
        return rgb[self.top : height - self.bottom, self.left : width - self.right]


NO_CROP = Crop()


class Track(NamedTuple):
    """What the header of a video track says."""

    crop: Crop = NO_CROP
    encrypted: bool = False


def read_head(path: str | os.PathLike[str]) -> bytes:
    """The first MiB of a file, where its headers lie."""
    with Path(path).open("rb") as stream:
        return stream.read(_HEADERS)


def read_track(path: str | os.PathLike[str], number: int) -> Track:
    """The header of video track `number` (from 0) of a Matroska file; a default `Track` if it is not found."""
    data = read_head(path)
    for name, begin, end in _elements(data, 0, len(data)):
        if name == _SEGMENT:
            for inner, first, last in _elements(data, begin, end):
                if inner == _CLUSTER:
                    return Track()
                if inner == _TRACKS:
                    return dict(enumerate(_video_tracks(data, first, last))).get(number, Track())
    return Track()


def is_complete(path: str | os.PathLike[str]) -> bool:
    """Whether a Matroska file states its length and has it; a truncated file is shorter."""
    data = read_head(path)
    at = 0
    while at < len(data):
        name, at = _read_number(data, at, keep_marker=True)
        length, at = _read_number(data, at, keep_marker=False)
        if name is None or length is None or length < 0:
            return False
        if name == _SEGMENT:
            return at + length <= os.path.getsize(path)
        at += length
    return False


def is_protected_mp4(head: bytes) -> bool:
    """Whether an MP4 file states near its start that its frames are encrypted, by any scheme."""
    return head[4:8] == b"ftyp" and b"encv" in head and b"schm" in head


def is_animated_webp(head: bytes) -> bool:
    """Whether a file is a WebP of several frames."""
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20 and bool(head[20] & _ANIMATED)


def is_scrambled(head: bytes) -> bool:
    """Whether most packets of a transport stream are marked as scrambled."""
    packets = [head[at : at + 4] for at in range(0, len(head) - 3, _TS_PACKET)]
    if len(packets) < 2 or any(packet[0] != _TS_SYNC for packet in packets):
        return False
    return sum(bool(packet[3] & 0xC0) for packet in packets) > len(packets) / 2


def gif_breaks_off(data: bytes) -> bool:
    """Whether a GIF ends inside one of its blocks, as an incomplete download does."""
    at = 13 + _colour_table(data, 10)
    while at < len(data) and data[at] in b"\x21\x2c":
        if data[at] == 0x21:  # an extension: its label, then its blocks
            at += 2
        else:  # an image: its position and size, colour table, code size, then its blocks
            at += 10 + _colour_table(data, at + 9) + 1
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return at > len(data)


def jpeg_orientation(data: bytes) -> int:
    """The EXIF orientation of a JPEG file, 1..8; 1, which is upright, if it has none."""
    at = 2
    while (marker := data[at : at + 2])[:1] == b"\xff" and marker != _START_OF_SCAN:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _APP1 and data[at + 4 : at + 10] == b"Exif\0\0":
            return _exif_orientation(data[at + 10 : at + 2 + length])
        at += 2 + length
    return 1


def _exif_orientation(tiff: bytes) -> int:
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    directory = number(4, 4)
    for entry in range(directory + 2, directory + 2 + 12 * number(directory, 2), 12):
        if number(entry, 2) == _ORIENTATION:
            orientation = number(entry + 8, 2)
            return orientation if 1 <= orientation <= 8 else 1
    return 1


def _colour_table(data: bytes, at: int) -> int:
    """Size in bytes of the colour table that the flags at `at` announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


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
    """(identifier, begin, end) of the elements in ``data[begin:end]``; one of unknown length reaches to `end`."""
    while begin < end:
        name, begin = _read_number(data, begin, keep_marker=True)
        length, begin = _read_number(data, begin, keep_marker=False)
        if name is None or length is None:
            return
        stop = end if length < 0 else min(begin + length, end)
        yield name, begin, stop
        begin = stop


def _read_number(data: bytes, begin: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """A number of variable length and where it ends; None: there is no number, -1: an unknown length.

    The leading zero bits of its first byte tell how many bytes it has.
    """
    if begin >= len(data) or not data[begin]:
        return None, begin
    count = 9 - data[begin].bit_length()
    value = int.from_bytes(data[begin : begin + count], "big")
    if not keep_marker:
        value &= (1 << 7 * count) - 1
        if value == (1 << 7 * count) - 1:
            value = -1
    return value, begin + count

"""Why the pictures of a file cannot be had, where FFmpeg does not know or would call a healthy file damaged."""

from __future__ import annotations

import os
from pathlib import Path

from hdvila.errors import MediaError

_TS_PACKET, _TS_SYNC = 188, 0x47
_LOOKED_AT = 1 << 20  # bytes
_ANIMATED = 0x02  # a flag of WebP's extended header


def encrypted(path: str | os.PathLike[str]) -> MediaError:
    """The pictures are protected against copying."""
    what = "its pictures are encrypted"
    return MediaError(
        f"{path}: {what} (copy protection, DRM), and only its shop's player has the key; "
        "fetching it again brings the same: use a copy without protection",
        kind=what,
    )


def is_protected(path: Path) -> bool:
    """Whether an MP4 file says near its beginning that its pictures are encrypted, by any scheme."""
    with path.open("rb") as stream:
        head = stream.read(_LOOKED_AT)
    return head[4:8] == b"ftyp" and b"encv" in head and b"schm" in head


def undecodable(path: str | os.PathLike[str]) -> MediaError:
    """No picture comes out of any packet."""
    with Path(path).open("rb") as stream:
        head = stream.read(_LOOKED_AT)
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and head[20] & _ANIMATED:
        what = "is an animated WebP, which FFmpeg cannot decode"
        name = "" if Path(path).suffix.lower() == ".webp" else f", whatever its name says ({Path(path).suffix})"
        return MediaError(f"{path}: {what}{name}; make an MP4 or a GIF of it", kind=what)
    if _is_scrambled(head):
        return encrypted(path)
    what = "no picture of it can be decoded"
    return MediaError(f"{path}: {what}: it is damaged; fetch it again", kind=what)


def gif_breaks_off(path: str | os.PathLike[str]) -> bool:
    """Whether a GIF ends within one of its blocks, as half a download does."""
    data = Path(path).read_bytes()
    at = 13 + _colours(data, 10)
    while at < len(data) and data[at] in b"\x21\x2c":
        if data[at] == 0x21:  # an extension: its kind, then its blocks
            at += 2
        else:  # a picture: place and size, its colours, how it is packed, then its blocks
            at += 10 + _colours(data, at + 9) + 1
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return at > len(data)


def _colours(data: bytes, at: int) -> int:
    """Bytes of the colour table that the flags at this place announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _is_scrambled(head: bytes) -> bool:
    """Whether most packets of a transport stream say that their content is scrambled."""
    packets = [head[at : at + 4] for at in range(0, len(head) - 3, _TS_PACKET)]
    if len(packets) < 2 or any(packet[0] != _TS_SYNC for packet in packets):
        return False
    return sum(bool(packet[3] & 0xC0) for packet in packets) > len(packets) / 2

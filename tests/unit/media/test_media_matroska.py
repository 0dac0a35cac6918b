"""What only the header of a Matroska track says: its crop, and that it is encrypted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hdvila.errors import MediaError
from hdvila.media import open_video, probe

SEGMENT, TRACKS, ENTRY, VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0


def element(name: int, content: bytes) -> bytes:
    identifier = name.to_bytes((name.bit_length() + 7) // 8, "big")
    return identifier + (1 << 56 | len(content)).to_bytes(8, "big") + content


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        count = 9 - data[at].bit_length()
        name, at = int.from_bytes(data[at : at + count], "big"), at + count
        count = 9 - data[at].bit_length()
        length = int.from_bytes(data[at : at + count], "big") & (1 << 7 * count) - 1
        at += count
        yield name, data[at : at + length]
        at += length


def with_more(data: bytes, where: list[int], more: bytes) -> bytes:
    """The file with `more` at the end of the element to which these names lead."""
    if not where:
        return data + more
    return b"".join(
        element(name, with_more(inner, where[1:], more) if name == where[0] else inner)
        for name, inner in elements(data)
    )


@pytest.mark.parametrize("name", ["crop.mkv", "crop.webm"])
def test_the_crop_of_a_track_is_kept(make_video: Callable[..., Path], tmp_path: Path, name: str) -> None:
    whole = make_video(name, codec="libvpx" if name.endswith("webm") else "libx264", frames=20)
    sides = {0x54CC: 20, 0x54DD: 12, 0x54BB: 8, 0x54AA: 0}  # left, right, top, bottom
    crop = b"".join(element(side, bytes([lines])) for side, lines in sides.items())
    path = tmp_path / name
    path.write_bytes(with_more(whole.read_bytes(), [SEGMENT, TRACKS, ENTRY, VIDEO], crop))
    with open_video(whole) as all_of_it, open_video(path) as cropped:
        expected = all_of_it.frames([7]).rgb[0][8:, 20:-12]
        assert (cropped.info.width, cropped.info.height) == (128, 88)
        assert np.array_equal(cropped.frames([7]).rgb[0], expected)
        small = next(cropped.only([7])).sized(44, 64)
        assert np.abs(small.astype(int) - expected.reshape(44, 2, 64, 2, 3).mean((1, 3))).mean() < 6


def test_an_encrypted_webm_is_not_called_damaged(make_video: Callable[..., Path], tmp_path: Path) -> None:
    whole = make_video("film.webm", codec="libvpx", frames=20)
    encryption = element(0x5035, element(0x47E1, b"\x05") + element(0x47E2, bytes(range(16))))
    encodings = element(0x6D80, element(0x6240, element(0x5033, b"\x01") + encryption))
    path = tmp_path / "film.webm"
    path.write_bytes(with_more(whole.read_bytes(), [SEGMENT, TRACKS, ENTRY], encodings))
    with pytest.raises(MediaError, match="its frames are encrypted"):
        probe(path)

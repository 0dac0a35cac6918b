"""Pictures that are encoded already, so that other processes can do that part of the work."""

from __future__ import annotations

from dataclasses import dataclass

from hdvila.media import encode_jpeg
from hdvila.types import Frames, Seconds


@dataclass(frozen=True, slots=True, repr=False)
class Jpegs:
    """One stream of a clip as JPEG files of one size. ``pts_seconds`` is (T,)."""

    data: tuple[bytes, ...]
    pts_seconds: Seconds
    height: int
    width: int

    def __len__(self) -> int:
        return len(self.data)

    @classmethod
    def of(cls, frames: Frames, quality: int) -> Jpegs:
        """Encode (T, H, W, 3) pictures; `quality` is 1..100."""
        height, width = frames.rgb.shape[1:3]
        return cls(tuple(encode_jpeg(rgb, quality) for rgb in frames.rgb), frames.pts_seconds, height, width)

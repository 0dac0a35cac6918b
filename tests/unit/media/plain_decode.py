"""What PyAV alone makes of a frame, in the colours that players take untagged files for."""

from __future__ import annotations

from typing import Any

import av
from av.video.reformatter import Colorspace

from hdvila.types import Pixels

_UNTAGGED = 2


def plain_rgb(frame: av.VideoFrame) -> Pixels:
    """(H, W, 3): large untagged pictures are BT.709, smaller ones BT.601."""
    large = frame.colorspace == _UNTAGGED and (frame.height >= 720 or frame.width >= 1280)
    rgb: Any = frame.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709 if large else None)
    return rgb

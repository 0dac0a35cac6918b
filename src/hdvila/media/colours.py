"""Which colours a decoded frame means, and the conversion to 8-bit RGB as a player shows it.

Tagged files are read by their tags: matrix, full or limited range, and the curve of high dynamic range (`hdr`). Files
without tags are taken as players take them: large pictures (720 lines or 1280 columns and more) are BT.709, smaller
ones BT.601, of limited range unless the pixel format says otherwise.
"""

from __future__ import annotations

from typing import Any, cast

from av.video.reformatter import Colorspace, VideoReformatter

from hdvila.media.hdr import Wide
from hdvila.types import Pixels

_UNTAGGED = {0, 2}  # H.273: "identity", which no YUV is, and "unspecified"
_LARGE_LINES, _LARGE_COLUMNS = 720, 1280


class Colours:
    """The colours of one video, by its first decoded frame."""

    def __init__(self, frame: Any, context: Any) -> None:
        self._wide = Wide.of(frame, context)
        self._matrix: Colorspace | None = None
        large = frame.height >= _LARGE_LINES or frame.width >= _LARGE_COLUMNS
        if large and int(frame.colorspace) in _UNTAGGED and frame.format.name.startswith("yuv"):
            self._matrix = Colorspace.ITU709

    def rgb(self, frame: Any, width: int, height: int, converter: VideoReformatter) -> Pixels:
        """(height, width, 3)."""
        if self._wide is not None:
            coded: Any = converter.reformat(frame, format="yuv444p16le", width=width, height=height, threads=1)
            return self._wide.to_sdr(coded.to_ndarray())
        converted: Any = converter.reformat(
            frame, format="rgb24", width=width, height=height, src_colorspace=self._matrix, threads=1
        )
        return cast(Pixels, converted.to_ndarray())

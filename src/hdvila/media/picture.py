"""One decoded frame, turned into pixels only as far as somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from av.video.reformatter import Interpolation, VideoReformatter

from hdvila.media.colours import Colours
from hdvila.media.matroska import Crop
from hdvila.media.orientation import Orientation
from hdvila.media.resize import resize
from hdvila.types import Pixels

Made = TypeVar("Made")
_TRIANGLE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND


class Development:
    """How the frames of one video become pictures: colours, crop, square pixels, orientation, and the converters kept
    between frames.

    `stored_size` is (width, height) of the stored picture in square pixels, without what `crop` takes off.
    """

    def __init__(self, orientation: Orientation, stored_size: tuple[int, int], colours: Colours, crop: Crop) -> None:
        self.orientation, self._stored_size, self._colours, self._crop = orientation, stored_size, colours, crop
        self._converters: dict[object, VideoReformatter] = {}

    def rgb(self, frame: Any) -> Pixels:
        """(H, W, 3) at full size, as displayed."""
        return self.orientation.apply(self._to_rgb(frame, *self._stored_size))

    def sized(self, frame: Any, height: int, width: int) -> Pixels:
        """(height, width, 3), as displayed.

        The kernel is that of `resize`. YUV frames go through it plane by plane before they become RGB: the filter is
        linear, so that is the same picture up to rounding and the place of colour samples, for a third of the time.
        """
        stored = (height, width) if self.orientation.swap else (width, height)
        if stored == self._stored_size or self._crop or not _has_yuv_planes(frame):
            return resize(self.rgb(frame), height, width)
        small = self._converter(("planes", *stored)).reformat(
            frame, width=stored[0], height=stored[1], interpolation=_TRIANGLE, threads=1
        )
        return self.orientation.apply(self._to_rgb(small, *stored))

    def _to_rgb(self, frame: Any, width: int, height: int) -> Pixels:
        if not self._crop:
            return self._colours.rgb(frame, width, height, self._converter(("rgb", width, height)))
        whole = self._colours.rgb(frame, frame.width, frame.height, self._converter("whole"))
        return resize(self._crop.of(whole), height, width)

    def _converter(self, key: object) -> VideoReformatter:
        if key not in self._converters:
            self._converters[key] = VideoReformatter()
        return self._converters[key]


class _Developing(Protocol):
    """What turns a frame into pixels: a `Development`, or nothing at all for frames that are pixels already."""

    def rgb(self, frame: Any) -> Pixels: ...

    def sized(self, frame: Any, height: int, width: int) -> Pixels: ...


class Picture:
    """A decoded frame, number `index` of its video, with what has been made of it already."""

    def __init__(self, index: int, frame: Any, development: _Developing) -> None:
        self.index = index
        self._frame, self._development = frame, development
        self._made: dict[object, Any] = {}

    @property
    def rgb(self) -> Pixels:
        """(H, W, 3) as displayed."""
        return self.once("rgb", lambda: self._development.rgb(self._frame))

    def sized(self, height: int, width: int) -> Pixels:
        """(height, width, 3): the whole picture at that size."""
        return self.once((height, width), lambda: self._development.sized(self._frame, height, width))

    def once(self, key: object, make: Callable[[], Made]) -> Made:
        """``make()``, done once however many clips ask for it under `key`."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])


def _has_yuv_planes(frame: Any) -> bool:
    return bool(frame.format.name.startswith("yuv") and not frame.format.name.startswith("yuva"))

"""What the model saw of a video, small enough for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hdvila.data.source import ClipSource
from hdvila.media.preprocess import Preprocess
from hdvila.media.transforms import shrink
from hdvila.pages import image_uri
from hdvila.types import Clip, HybridClip

__all__ = ["Pictures", "Shown"]

_HIGH_WIDTH, _LOW_HEIGHT, _STRIP = 320, 60, 5  # pixels, pixels, pictures of the strip
_QUALITY = 75


@dataclass(frozen=True, slots=True)
class Shown:
    """A video on a page: seconds from its beginning and the source of an ``<img>``.

    Attributes:
        high: the middle picture of the HR stream, if the model reads that.
        low: some pictures of the LR stream, evenly over all that the model saw of it.
    """

    video_id: str
    high: tuple[float, str] | None
    low: tuple[tuple[float, str], ...]


class Pictures:
    """Pictures of videos out of a prepared store, each video read once.

    Args:
        source: the store.
        numbers: video -> number of its clip.
        preprocess: with which the model saw the clips.
    """

    def __init__(self, source: ClipSource, numbers: Mapping[str, int], preprocess: Preprocess) -> None:
        self._source = source
        self._numbers = numbers
        self._preprocess = preprocess
        self._shown: dict[str, Shown] = {}
        self._steps: list[float] = []

    def of(self, video_id: str) -> Shown:
        """The video.

        Raises:
            StoreError: its clip cannot be read.
        """
        if video_id not in self._shown:
            number = self._numbers[video_id]
            seen = self._source.sample(number, self._preprocess)
            if seen.low is not None:
                times = np.sort(np.concatenate([seen.low_pts, seen.high_pts[:, None]], axis=1))
                self._steps += np.diff(times, axis=1).ravel().tolist()
            self._shown[video_id] = _small(self._source.clips[number], seen)
        return self._shown[video_id]

    def spacing(self) -> str:
        """How far apart the LR frames of a segment were in the videos that were read, as a sentence goes on; or ''."""
        steps = [step for step in self._steps if step > 0]
        if not steps:
            return ""
        low, high = f"{min(steps):.2f}", f"{max(steps):.2f}"
        between = low if low == high else f"{low} to {high}"
        return f", LR frames {between} s apart in the videos shown here"


def _small(clip: Clip, seen: HybridClip) -> Shown:
    high = None
    if seen.high is not None:
        middle = len(seen.high) // 2
        picture = shrink(np.moveaxis(seen.high[middle], 0, -1), width=_HIGH_WIDTH)
        high = (float(seen.high_pts[middle]) - clip.start, image_uri(picture, _QUALITY))
    low = []
    if seen.low is not None:
        times, first = np.unique(seen.low_pts.ravel(), return_index=True)
        frames = seen.low.reshape(-1, *seen.low.shape[2:])
        for at in np.unique(np.linspace(0, len(times) - 1, _STRIP).round().astype(int)):
            picture = shrink(np.moveaxis(frames[first[at]], 0, -1), height=_LOW_HEIGHT)
            low.append((float(times[at]) - clip.start, image_uri(picture, _QUALITY)))
    return Shown(clip.video_id, high, tuple(low))

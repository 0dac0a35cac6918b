"""Small previews of the frames that a model saw of a video, for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hdvila.data.source import ClipSource
from hdvila.media.preprocess import Preprocess
from hdvila.media.transforms import shrink
from hdvila.pages import image_uri
from hdvila.types import Clip, HybridClip

__all__ = ["VideoPreview", "VideoPreviews"]

_HIGH_WIDTH, _LOW_HEIGHT, _STRIP = 320, 60, 5  # pixels, pixels, frames of the strip
_QUALITY = 75


@dataclass(frozen=True, slots=True)
class VideoPreview:
    """Some frames of a video: of each its time in seconds from the start of the clip, and the source of an
    ``<img>``.

    Attributes:
        video_id: the video.
        high: the middle frame of the HR stream, if the model reads that stream.
        low: a few frames of the LR stream, evenly spaced among those that the model saw.
    """

    video_id: str
    high: tuple[float, str] | None
    low: tuple[tuple[float, str], ...]


class VideoPreviews:
    """Previews of the videos of a prepared store; each video is read once.

    Args:
        source: the store.
        numbers: video -> number of its clip.
        preprocess: how the model sampled the clips.
    """

    def __init__(self, source: ClipSource, numbers: Mapping[str, int], preprocess: Preprocess) -> None:
        self._source = source
        self._numbers = numbers
        self._preprocess = preprocess
        self._previews: dict[str, VideoPreview] = {}
        self._steps: list[float] = []

    def of(self, video_id: str) -> VideoPreview:
        """The preview of a video.

        Raises:
            StoreError: the clip cannot be read.
        """
        if video_id not in self._previews:
            number = self._numbers[video_id]
            seen = self._source.sample(number, self._preprocess)
            if seen.low is not None:
                times = np.sort(np.concatenate([seen.low_pts, seen.high_pts[:, None]], axis=1))
                self._steps += np.diff(times, axis=1).ravel().tolist()
            self._previews[video_id] = _preview(self._source.clips[number], seen)
        return self._previews[video_id]

    def frame_spacing(self) -> str:
        """The seconds between LR frames of a segment in the videos read so far, as a clause; or empty."""
        steps = [step for step in self._steps if step > 0]
        if not steps:
            return ""
        low, high = f"{min(steps):.2f}", f"{max(steps):.2f}"
        between = low if low == high else f"{low} to {high}"
        return f", LR frames {between} s apart in the videos shown here"


def _preview(clip: Clip, seen: HybridClip) -> VideoPreview:
    high = None
    if seen.high is not None:
        middle = len(seen.high) // 2
        frame = shrink(np.moveaxis(seen.high[middle], 0, -1), width=_HIGH_WIDTH)
        high = (float(seen.high_pts[middle]) - clip.start, image_uri(frame, _QUALITY))
    low = []
    if seen.low is not None:
        times, first = np.unique(seen.low_pts.ravel(), return_index=True)
        frames = seen.low.reshape(-1, *seen.low.shape[2:])
        for at in np.unique(np.linspace(0, len(times) - 1, _STRIP).round().astype(int)):
            frame = shrink(np.moveaxis(frames[first[at]], 0, -1), height=_LOW_HEIGHT)
            low.append((float(times[at]) - clip.start, image_uri(frame, _QUALITY)))
    return VideoPreview(clip.video_id, high, tuple(low))

"""Small previews of the frames that a model saw of a video, for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hdvila.data.source import ClipSource
from hdvila.media.transforms import shrink
from hdvila.models.inputs import ClipInputs, Inputs
from hdvila.pages import image_uri
from hdvila.types import Clip

__all__ = ["VideoPreview", "VideoPreviews"]

_LARGE_WIDTH, _SMALL_HEIGHT, _STRIP = 320, 60, 5  # pixels, pixels, frames of the strip
_QUALITY = 75


@dataclass(frozen=True, slots=True)
class VideoPreview:
    """Some frames of a video.

    Each is its time in seconds from the start of the clip, and the source of an ``<img>``.

    Attributes:
        video_id: the video.
        large: the middle frame of the HR stream, if the model reads one.
        small: a few frames of its other stream, evenly spaced among those that the model saw.
    """

    video_id: str
    large: tuple[float, str] | None
    small: tuple[tuple[float, str], ...]


class VideoPreviews:
    """Previews of the videos of a prepared store; each video is read once.

    Args:
        source: the store.
        numbers: video -> number of its clip.
        preprocess: how the model sampled the clips.
    """

    def __init__(self, source: ClipSource, numbers: Mapping[str, int], preprocess: Inputs) -> None:
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
            seen: ClipInputs = self._source.sample(number, self._preprocess)
            if seen.times.shape[1] > 1:
                self._steps += np.diff(seen.times, axis=1).ravel().tolist()
            self._previews[video_id] = _preview(self._source.clips[number], seen)
        return self._previews[video_id]

    def frame_spacing(self) -> str:
        """The seconds between frames of a segment in the videos read so far, as a clause; or empty."""
        steps = [step for step in self._steps if step > 0]
        if not steps:
            return ""
        least, most = f"{min(steps):.2f}", f"{max(steps):.2f}"
        between = least if least == most else f"{least} to {most}"
        return f", frames {between} s apart in the videos shown here"


def _preview(clip: Clip, seen: ClipInputs) -> VideoPreview:
    streams = seen.frames()
    large = None
    if (frames := streams.get("hr")) is not None:
        middle = len(frames) // 2
        frame = shrink(frames.rgb[middle], width=_LARGE_WIDTH)
        large = (float(frames.pts_seconds[middle]) - clip.start, image_uri(frame, _QUALITY))
    small = []
    for frames in (frames for stream, frames in streams.items() if stream != "hr"):
        times, first = np.unique(frames.pts_seconds, return_index=True)
        for at in np.unique(np.linspace(0, len(times) - 1, _STRIP).round().astype(int)):
            frame = shrink(frames.rgb[first[at]], height=_SMALL_HEIGHT)
            small.append((float(times[at]) - clip.start, image_uri(frame, _QUALITY)))
    return VideoPreview(clip.video_id, large, tuple(small))

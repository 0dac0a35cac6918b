"""Whether a video can be seen to its end."""

from __future__ import annotations

import os

import numpy as np

from hdvila.media.info import VideoInfo
from hdvila.media.video import open_video


def probe_to_end(path: str | os.PathLike[str]) -> tuple[VideoInfo, float]:
    """The facts of a video, and the seconds at its end that have packets, but no picture comes out of them.

    Decodes from the last key frame on only; where nothing comes from there, everything.

    Raises:
        MediaError: the file is missing, empty, no video, or none of its pictures can be decoded.
    """
    with open_video(path) as video:
        shown = video.last_decoded()
        return video.info, float(np.max(video.pts_seconds) - video.pts_seconds[shown])

"""The facts of a video file without its pictures."""

from __future__ import annotations

import os

from hdvila.media.info import VideoInfo
from hdvila.media.video import open_video


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Read the facts of a video from all its packets and its first picture.

    Raises:
        MediaError: the file is missing, empty, no video, or none of its pictures can be decoded.
    """
    with open_video(path) as video:
        return video.info

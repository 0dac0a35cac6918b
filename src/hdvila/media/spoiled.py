"""Which frames a decoder could not make right, and which others are built on them.

A decoder says so in three ways: it refuses a packet, it marks a frame, or a frame that has a packet never comes. What
follows is built on that frame, up to the next key frame. A few hundred damaged bytes inside one frame are noticed
mostly by the decoders of H.264, MPEG-2, MPEG-4 and AV1; those of HEVC, VP8 and VP9 notice damage of headers only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hdvila.media.timeline import Timeline


class Spoiled:
    """Noted while decoding: ticks of frames that are missing or damaged."""

    def __init__(self) -> None:
        self._ticks: set[int] = set()
        self._sound_from: int | None = None

    def decoding_from(self, pts: int | None) -> None:
        """Decoding begins at this key frame (None: at the start): what it cannot make before that is no damage."""
        self._sound_from = pts

    def note(self, pts: int | None) -> None:
        """The frame at this tick cannot be made right."""
        if pts is not None and (self._sound_from is None or pts >= self._sound_from):
            self._ticks.add(pts)

    def frames(self, timeline: Timeline) -> NDArray[np.bool_]:
        """(T,) whether each frame is damaged, or built on one that is."""
        total = len(timeline)
        if not self._ticks:
            return np.zeros(total, np.bool_)
        ticks = np.array(sorted(self._ticks), np.int64)
        first = np.searchsorted(timeline.pts, ticks)
        shown = timeline.pts[np.minimum(first, total - 1)] == ticks
        key = np.searchsorted(timeline.keys, first + shown)  # the first key frame after the damaged one
        steps = np.zeros(total + 1, np.int64)
        np.add.at(steps, first, 1)
        np.add.at(steps, np.append(timeline.keys, total)[key], -1)
        return np.cumsum(steps[:-1]) > 0

"""Which frames a decoder could not make right, and which others are built on them.

A decoder says so in three ways: it refuses a packet, it marks a frame, or a frame that has a packet never comes. What
follows is built on that frame, up to the next key frame. A few hundred damaged bytes inside one frame are noticed
mostly by the decoders of H.264, MPEG-2, MPEG-4 and AV1; those of HEVC, VP8 and VP9 notice damage of headers only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.media.headers import gif_breaks_off, is_complete
from hdvila.media.scan import A_DAY, AVI, MATROSKA, REORDERED, SILENCE, SLACK, Scan, sound_between

_HOLE = 1.0  # seconds without a packet from which on something is missing
_BETWEEN = 256  # bytes between two packets of Matroska that follow each other: the beginnings of a cluster and a block
_GIF = "gif"
_WEBM = {"vp8", "vp9", "av1", "libdav1d"}


class DamageTracker:
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

    def frames(self, pts: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(T,) whether each frame is damaged, or built on one that is.

        `pts` (T,) are the ticks of all frames, `keys` (K,) the numbers of those at which decoding can begin.
        """
        total = len(pts)
        if not self._ticks:
            return np.zeros(total, np.bool_)
        ticks = np.array(sorted(self._ticks), np.int64)
        first = np.searchsorted(pts, ticks)
        shown = pts[np.minimum(first, total - 1)] == ticks
        key = np.searchsorted(keys, first + shown)  # the first key frame after the damaged one
        steps = np.zeros(total + 1, np.int64)
        np.add.at(steps, first, 1)
        np.add.at(steps, np.append(keys, total)[key], -1)
        return np.cumsum(steps[:-1]) > 0


def damage_of_file(scan: Scan, container: Any, stream: Any) -> str | None:
    """How the file breaks off, if it does: by its own words, or by a duration that stands against what is there."""
    found = len(scan.slots)
    if scan.error is not None:
        return f"the file breaks off after {found} packets ({scan.error})"
    if container.format.name == MATROSKA and container.duration is not None:
        promised = container.duration / 1e6  # the end on the file's own clock, wherever that begins
        still = still_at_end(scan, container)
        if promised > 1.02 * scan.end and (still > SILENCE or (still > SLACK and not is_complete(container.name))):
            return f"the file breaks off: its header promises {promised:.1f} s, it ends after {scan.end:.1f} s"
    elif container.format.name != AVI and found < stream.frames and not _is_cut_by_edits(scan, stream):
        return f"the file breaks off: {found} of {stream.frames} packets are there"
    elif container.format.name == _GIF and gif_breaks_off(container.name):
        return f"the file breaks off within its picture {found}"
    return _hole(scan, container, stream)


def _is_cut_by_edits(scan: Scan, stream: Any) -> bool:
    """Whether packets that are not there are only those outside what an edit list shows."""
    if not scan.pts or not stream.duration:
        return False
    end = max(pts + length for pts, length in zip(scan.pts, scan.lengths, strict=True))
    usual = sorted(scan.lengths)[len(scan.lengths) // 2]
    return bool(stream.duration <= end + usual)  # from the movie's zero on, an empty edit included


def _hole(scan: Scan, container: Any, stream: Any) -> str | None:
    """Where packets are missing in the middle: a step far longer than usual that no packet near it announces, and the
    sound stops as well."""
    if scan.untimed or len(scan.pts) < 3 or container.format.name == AVI:
        return None
    order = np.argsort(np.array(scan.pts, np.int64))
    ticks, lengths = np.array(scan.pts, np.int64)[order], np.array(scan.lengths, np.int64)[order]
    steps, base = np.diff(ticks), float(stream.time_base)
    for at in np.flatnonzero((steps * base > _HOLE) & (steps * base < A_DAY) & (steps > 10 * np.median(steps))):
        announced = 2 * lengths[max(0, at - REORDERED) : at + 1].max() >= steps[at] or _goes_on(
            scan, container, stream, order[at : at + 2].tolist(), int(ticks[at + 1])
        )
        if not announced and not _sounds_on(scan, container, ticks[at] * base, ticks[at + 1] * base):
            begins, lasts = (ticks[at] - ticks[0]) * base, steps[at] * base
            return f"the file has a hole: for {lasts:.1f} s from {begins:.1f} s on it holds no picture"
    return None


def _goes_on(scan: Scan, container: Any, stream: Any, pair: list[int], second: int) -> bool:
    """Whether a picture of a silent WebM is built on the one before, and nothing lies between both in the file: a
    browser's recording of a screen has no packets while nothing moves. Before a key frame a piece may be missing."""
    if container.format.name != MATROSKA or stream.codec_context.name not in _WEBM or container.streams.audio:
        return False
    keys = {key.pts for key in scan.keys}
    return second not in keys and max(scan.gaps[min(pair) + 1 : max(pair) + 1]) <= _BETWEEN


def _sounds_on(scan: Scan, container: Any, begin: float, end: float) -> bool:
    """Whether sound runs on from `begin` to `end`, in seconds on the container's clock."""
    times = np.concatenate([[begin], np.sort(sound_between(scan, container, begin, end)), [end]])
    return bool(np.diff(times).max() <= _HOLE)


def still_at_end(scan: Scan, container: Any) -> float:
    """By how many seconds the end in the header of a Matroska file, on its own clock, is behind that of its packets:
    those of silent recordings do not say how long the last picture stays."""
    promised = (container.duration or 0) / 1e6 - scan.end
    return promised if promised > SLACK else 0.0

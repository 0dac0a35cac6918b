"""Finds damage: files that break off or have a hole, and frames that a decoder cannot reconstruct.

A decoder reports damage in three ways: it refuses a packet, it flags a frame, or a frame that has a packet
never comes out. The frames after it depend on it, up to the next key frame. A few hundred damaged bytes
inside one frame are noticed mostly by the decoders of H.264, MPEG-2, MPEG-4 and AV1; those of HEVC, VP8 and
VP9 notice damaged headers only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.media.headers import gif_breaks_off, is_complete
from hdvila.media.scan import A_DAY, AVI, MATROSKA, REORDERED, SILENCE, SLACK, Scan, audio_between

_HOLE = 1.0  # seconds without a packet that count as missing data
_ADJACENT = 256  # bytes between two consecutive packets of Matroska: the headers of a cluster and a block
_GIF = "gif"
_WEBM = {"vp8", "vp9", "av1", "libdav1d"}


class DamageTracker:
    """Collects the ticks of missing and damaged frames while a video is decoded."""

    def __init__(self) -> None:
        self._ticks: set[int] = set()
        self._intact_from: int | None = None

    def decoding_from(self, pts: int | None) -> None:
        """Decoding begins at this key frame (None: at the start); missing frames before it are no damage."""
        self._intact_from = pts

    def note(self, pts: int | None) -> None:
        """The frame at this tick is missing or damaged."""
        if pts is not None and (self._intact_from is None or pts >= self._intact_from):
            self._ticks.add(pts)

    def frames(self, pts: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(T,) whether each frame is damaged or depends on a damaged one.

        `pts` (T,) are the ticks of all frames, `keys` (K,) the numbers of those at which decoding can begin.
        """
        total = len(pts)
        if not self._ticks:
            return np.zeros(total, np.bool_)
        ticks = np.array(sorted(self._ticks), np.int64)
        first = np.searchsorted(pts, ticks)
        displayed = pts[np.minimum(first, total - 1)] == ticks
        key = np.searchsorted(keys, first + displayed)  # the first key frame after the damaged one
        steps = np.zeros(total + 1, np.int64)
        np.add.at(steps, first, 1)
        np.add.at(steps, np.append(keys, total)[key], -1)
        return np.cumsum(steps[:-1]) > 0


def damage_of_file(scan: Scan, container: Any, stream: Any) -> str | None:
    """Describe how the file breaks off or where it has a hole; None: it is complete.

    A file breaks off if FFmpeg says so, or if its header promises more than its packets hold.
    """
    found = len(scan.all_dts)
    if scan.error is not None:
        return f"the file breaks off after {found} packets ({scan.error})"
    if container.format.name == MATROSKA and container.duration is not None:
        promised = container.duration / 1e6  # the end on the file's own clock, whatever its first time
        missing = promised_beyond_packets(scan, container)
        truncated = missing > SILENCE or (missing > SLACK and not is_complete(container.name))
        if promised > 1.02 * scan.end and truncated:
            return f"the file breaks off: its header promises {promised:.1f} s, it ends after {scan.end:.1f} s"
    elif container.format.name != AVI and found < stream.frames and not _is_cut_by_edits(scan, stream):
        return f"the file breaks off: it has {found} of {stream.frames} packets"
    elif container.format.name == _GIF and gif_breaks_off(Path(container.name).read_bytes()):
        return f"the file breaks off within frame {found}"
    return _hole(scan, container, stream)


def promised_beyond_packets(scan: Scan, container: Any) -> float:
    """By how many seconds the end in the header of a Matroska file lies behind the end of its packets.

    Silent recordings do not state how long their last frame stays, so a complete file may promise more too.
    """
    promised = (container.duration or 0) / 1e6 - scan.end
    return promised if promised > SLACK else 0.0


def _is_cut_by_edits(scan: Scan, stream: Any) -> bool:
    """Whether the missing packets are only those outside the file's edit list."""
    if not scan.pts or not stream.duration:
        return False
    end = max(pts + length for pts, length in zip(scan.pts, scan.lengths, strict=True))
    usual = sorted(scan.lengths)[len(scan.lengths) // 2]
    return bool(stream.duration <= end + usual)  # counted from time 0 of the movie, an empty edit included


def _hole(scan: Scan, container: Any, stream: Any) -> str | None:
    """Describe where packets are missing in the middle: a step far longer than usual that no nearby packet
    announces, during which the audio stops as well."""
    if scan.untimed or len(scan.pts) < 3 or container.format.name == AVI:
        return None
    order = np.argsort(np.array(scan.pts, np.int64))
    ticks, lengths = np.array(scan.pts, np.int64)[order], np.array(scan.lengths, np.int64)[order]
    steps, base = np.diff(ticks), float(stream.time_base)
    for at in np.flatnonzero((steps * base > _HOLE) & (steps * base < A_DAY) & (steps > 10 * np.median(steps))):
        announced = 2 * lengths[max(0, at - REORDERED) : at + 1].max() >= steps[at] or _is_still(
            scan, container, stream, order[at : at + 2].tolist(), int(ticks[at + 1])
        )
        if not announced and not _has_audio(scan, container, ticks[at] * base, ticks[at + 1] * base):
            begins, lasts = (ticks[at] - ticks[0]) * base, steps[at] * base
            return f"the file has a hole: for {lasts:.1f} s from {begins:.1f} s on it has no frames"
    return None


def _is_still(scan: Scan, container: Any, stream: Any, pair: list[int], second: int) -> bool:
    """Whether a step between two frames of a silent WebM is a still: the second frame is not a key frame,
    and the two are adjacent in the file.

    A browser that records a screen writes no packets while nothing moves. Before a key frame, data may be
    missing.
    """
    if container.format.name != MATROSKA or stream.codec_context.name not in _WEBM or container.streams.audio:
        return False
    keys = {key.pts for key in scan.keys}
    return second not in keys and max(scan.gaps[min(pair) + 1 : max(pair) + 1]) <= _ADJACENT


def _has_audio(scan: Scan, container: Any, begin: float, end: float) -> bool:
    """Whether audio goes on from `begin` to `end`, in seconds on the container's clock."""
    times = np.concatenate([[begin], np.sort(audio_between(scan, container, begin, end)), [end]])
    return bool(np.diff(times).max() <= _HOLE)

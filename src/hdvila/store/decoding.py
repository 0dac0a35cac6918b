"""Stored files to frames, each decoded once however often it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import MediaError
from hdvila.media import Form, unpack
from hdvila.media.codecs import decode_jpegs
from hdvila.store.place import ByteRange
from hdvila.types import Pixels, Seconds

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrames:
    """Frames of one stream, each decoded once however often it is asked for.

    Attributes:
        rgb: (n, H, W, 3) uint8, the different frames.
        places: (T,) where in ``rgb`` each frame that was asked for is; None: they are ``rgb``, in order.
        pts_seconds: (T,) when each that was asked for appeared, in seconds on the video's clock.
    """

    rgb: Pixels
    places: NDArray[np.intp] | None
    pts_seconds: Seconds

    def all(self, each: Pixels | None = None) -> Pixels:
        """(T, ...) what was made of each different frame, (n, ...), for all that were asked for; default: itself."""
        made = self.rgb if each is None else each
        return made if self.places is None else made[self.places]


def decode_frames(
    form: Form,
    rows: Numbers,
    pts: Seconds,
    files: Mapping[ByteRange, bytes],
    span: Callable[[int], ByteRange],
    first: int,
    *,
    scratch: bool = False,
) -> StoredFrames:
    """The frames in some rows of an index.

    Args:
        form: how they are stored.
        rows: (T,), in any order.
        pts: (T,) their times.
        files: what lies at the span of each row.
        span: of a row.
        first: the first row of their stream in their clip.
        scratch: decode into memory that this thread's next such call writes over.

    Raises:
        MediaError: a file cannot be decoded.
    """
    if not len(rows):
        return StoredFrames(np.zeros((0, 0, 0, 3), np.uint8), None, pts)
    unique, places = np.unique(rows, return_inverse=True)
    if form == "jpeg":
        rgb = decode_jpegs([files[span(row)] for row in unique.tolist()], scratch=scratch)
    else:
        whole = {at: unpack(form, files[at]) for at in {span(row) for row in unique.tolist()}}
        rgb = np.stack([_within(whole[span(row)], row, first, span) for row in unique.tolist()])
    in_order = len(unique) == len(rows) and bool((places == np.arange(len(rows))).all())
    return StoredFrames(rgb, None if in_order else places, pts)


def _within(file: Pixels, row: int, first: int, span: Callable[[int], ByteRange]) -> Pixels:
    """The frame of a row out of the file (n, H, W, 3) in which it lies with its neighbours."""
    begin = row
    while begin > first and span(begin - 1) == span(row):
        begin -= 1
    if row - begin >= len(file):
        raise MediaError(f"it holds {len(file)} frames, frame {row - begin} of it is missing")
    frame: Pixels = file[row - begin]
    return frame

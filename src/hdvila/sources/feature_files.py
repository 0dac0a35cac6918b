"""Features that others made: a file of NumPy a video, as feature sets are given out."""

from __future__ import annotations

import os
import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import StoreError, UsageError, some_of
from hdvila.store.tracks import Features

__all__ = ["FeatureFiles"]


class FeatureFiles:
    """The features of videos in a folder: ``VIDEO.npy``, or ``VIDEO.npz`` with one array or one called ``features``.

    Row k of a file is at ``first + k * interval`` seconds. Rows are (T, F), float16 or float32; float64 is read as
    float32.

    Args:
        root: the folder, or folders in it.
        interval: seconds from row to row, such as 1.5 or 2.
        first: the time of the first row.

    Raises:
        UsageError: there is no such folder, it holds no such file, two are of one video, or `interval` is not above 0.
    """

    def __init__(self, root: str | os.PathLike[str], interval: float, first: float = 0.0) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise UsageError(f"{root}: there is no such folder: name the folder of the features")
        if not 0 < interval < float("inf"):
            raise UsageError(f"interval={interval}: choose seconds from row to row, above 0")
        self._interval, self._first = interval, first
        if not self._files:
            raise UsageError(f"{root}: holds no .npy or .npz file")

    @cached_property
    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in sorted(self.root.rglob("*.np[yz]")):
            if path.stem in found:
                raise UsageError(f"{path} and {found[path.stem]} are both of {path.stem!r}: keep one of them")
            found[path.stem] = path
        return found

    @property
    def videos(self) -> tuple[str, ...]:
        """The videos that have features."""
        return tuple(self._files)

    def features(self, video: str) -> Features:
        """Those of a video.

        Raises:
            UsageError: the video has none.
            StoreError: the file is not such rows; names it.
        """
        if video not in self._files:
            raise UsageError(f"{self.root}: has no features of {video!r}, but of {some_of(list(self._files))}")
        file = self._files[video]
        try:
            rows = _read(file)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise StoreError(f"{file}: is not an array of features ({error}); fetch it again") from error
        if rows.ndim != 2 or rows.dtype not in (np.float16, np.float32, np.float64) or not len(rows):
            raise StoreError(f"{file}: holds {rows.shape} {rows.dtype}, not (T, F) rows of numbers; fetch it again")
        if not np.isfinite(rows).all():
            raise StoreError(f"{file}: holds values that are not numbers (NaN or infinite); fetch it again")
        rows = rows.astype(np.float32) if rows.dtype == np.float64 else rows
        times = self._first + np.arange(len(rows), dtype=np.float64) * self._interval
        return Features(rows, times)


def _read(file: Path) -> NDArray[Any]:
    loaded = np.load(file, allow_pickle=False)
    if file.suffix == ".npy":
        rows: NDArray[Any] = loaded
        return rows
    with loaded as arrays:
        names = arrays.files
        if len(names) != 1 and "features" not in names:
            raise ValueError(f"it holds {some_of(names)}, and none is called features")
        packed: NDArray[Any] = arrays["features" if "features" in names else names[0]]
        return packed

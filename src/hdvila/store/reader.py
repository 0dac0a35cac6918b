"""Reading a corpus: any clip in any order, only the pictures that are asked for."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdvila.errors import MediaError, StoreError, UsageError
from hdvila.media import Preprocess, decode_jpeg, hybrid_indices
from hdvila.media.view import View
from hdvila.store.layout import CLIPS, SHARDS, Rates, Stream
from hdvila.store.tables import read_tables
from hdvila.types import Clip, Frames, HybridClip, Pixels, Seconds

_OPEN_SHARDS = 128


class Corpus:
    """The corpus in a folder, complete or still growing. ``len`` counts its clips; clip numbers go from 0.

    It can be pickled and forked: a worker process opens the shards for itself, and reads share no position.

    Attributes:
        root: the folder.
        rates: frames a second of the LR stream, and the step from one HR frame to the next in LR frames.
        table: a pyarrow table with a row a clip: what `CorpusWriter.add` was given, and counts and sizes.

    Raises:
        StoreError: there is no corpus in the folder, it is damaged, or of another version.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        if not (self.root / SHARDS).is_dir() and not (self.root / CLIPS).exists():
            raise StoreError(f"{root}: is no corpus, it has neither {SHARDS}/ nor {CLIPS}; build one there first")
        self.table, index, rates, _ = read_tables(self.root)
        self.rates = rates or Rates()
        counts = np.stack([self.table[f"{stream}_frames"].to_numpy() for stream in ("hr", "lr")], axis=1)
        if counts.sum() != len(index):
            raise StoreError(f"{root}: its tables disagree; delete both .parquet files, the shards bring them back")
        self._counts: NDArray[np.int64] = counts.astype(np.int64)
        self._first_row = np.cumsum(self._counts.sum(axis=1)) - self._counts.sum(axis=1)
        self._pts: Seconds = index["pts"].to_numpy()
        self._offset: NDArray[np.int64] = index["offset"].to_numpy()
        self._length: NDArray[np.int32] = index["length"].to_numpy()
        shards = self.table["shard"].unify_dictionaries().combine_chunks() if len(self.table) else None
        self._shards: list[str] = [] if shards is None else shards.dictionary.to_pylist()
        self._shard_of: NDArray[Any] = np.zeros(0, int) if shards is None else shards.indices.to_numpy()
        self._open: OrderedDict[int, int] = OrderedDict()  # shard -> file descriptor, the one used last at the end

    def __len__(self) -> int:
        return len(self._counts)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": OrderedDict()}

    def __del__(self) -> None:
        for descriptor in getattr(self, "_open", {}).values():
            os.close(descriptor)

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """All clips, in the order of their numbers."""
        names = ("clip_id", "video_id", "start", "end", "text", "timed_by")
        return tuple(map(Clip, *(self.table[name].to_pylist() for name in names)))

    def num_frames(self, i: int, stream: Stream = "lr") -> int:
        """How many frames clip `i` has in a stream."""
        return int(self._counts[i, 0 if stream == "hr" else 1])

    def pts_seconds(self, i: int, stream: Stream = "lr") -> Seconds:
        """(T,) the times of all frames of clip `i`, in seconds on its video's clock."""
        return self._pts[self._rows(i, stream, np.arange(self.num_frames(i, stream)))]

    def frames(self, i: int, stream: Stream, numbers: NDArray[np.int64] | list[int] | None = None) -> Frames:
        """Frames of clip `i` by number in their stream, in the order given; all of them without `numbers`.

        Raises:
            UsageError: a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        chosen = np.arange(self.num_frames(i, stream)) if numbers is None else np.asarray(numbers, np.int64)
        rows = self._rows(i, stream, chosen)
        return Frames(self._decode(i, rows), self._pts[rows])

    def sample(self, i: int, preprocess: Preprocess, rng: np.random.Generator | None = None) -> HybridClip:
        """Clip `i` as the model sees it; decodes only the 1 + 2N pictures of each segment.

        The counterpart of `read_hybrid` on the source video: the same frames at the same times and the same part of the
        picture, from JPEGs instead of video.

        Args:
            i: the clip.
            preprocess: sizes and sampling; its rates must be those of the corpus.
            rng: draws frames and crop for training; None is the evaluation rule and the centre.

        Raises:
            UsageError: the rates differ.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        self._check_rates(preprocess)
        middle, others = hybrid_indices(self.num_frames(i), preprocess.sampling, rng, preprocess.hr_every)
        view = View.draw(rng)
        size = preprocess.height, preprocess.width
        high_rows = self._rows(i, "hr", middle // self.rates.hr_every)
        low_rows = self._rows(i, "lr", others.ravel())
        high = low = None
        if preprocess.reads_high:
            high = np.moveaxis(view.high(self._decode(i, high_rows), *size), -1, -3)
        if preprocess.reads_low:
            low = view.low(self._decode(i, low_rows), *size)
            low = np.moveaxis(low.reshape(*others.shape, *low.shape[1:]), -1, -3)
        return HybridClip(high, low, self._pts[high_rows], self._pts[low_rows].reshape(others.shape))

    def _check_rates(self, preprocess: Preprocess) -> None:
        asked = Rates(preprocess.fps, preprocess.hr_every)
        if asked.lr_fps != self.rates.lr_fps or asked.hr_every % self.rates.hr_every:
            raise UsageError(
                f"{self.root}: holds {self.rates.lr_fps:g} LR frames a second and HR at every {self.rates.hr_every}th, "
                f"the preprocessing asks for {asked.lr_fps:g} and every {asked.hr_every}th; match fps and hr_every"
            )

    def _rows(self, i: int, stream: Stream, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the index for frames of a clip."""
        count = self.num_frames(i, stream)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < count:
            raise UsageError(f"{self.root}: clip {i} has {stream} frames 0..{count - 1}, asked for {numbers.tolist()}")
        first = int(self._first_row[i]) + (0 if stream == "hr" else int(self._counts[i, 0]))
        return first + numbers

    def _decode(self, i: int, rows: NDArray[np.int64]) -> Pixels:
        """(n, H, W, 3) of these rows; a picture asked for more than once is decoded once."""
        if not len(rows):
            return np.zeros((0, 0, 0, 3), np.uint8)
        unique, places = np.unique(rows, return_inverse=True)
        try:
            first = decode_jpeg(self._read(i, int(unique[0])))
            pictures = np.empty((len(unique), *first.shape), np.uint8)
            pictures[0] = first
            for picture, row in zip(pictures[1:], unique[1:].tolist(), strict=True):
                decode_jpeg(self._read(i, row), into=picture)
        except (OSError, MediaError) as error:
            shard, clip = self._shards[self._shard_of[i]], self.table["clip_id"][i].as_py()
            raise StoreError(
                f"{self.root / SHARDS / shard}: clip {clip!r} cannot be read: {error}; restore the shard, "
                "or delete it with both tables and build its videos again"
            ) from error
        return pictures if len(unique) == len(rows) and (places == np.arange(len(rows))).all() else pictures[places]

    def _read(self, i: int, row: int) -> bytes:
        length = int(self._length[row])
        data = os.pread(self._descriptor(int(self._shard_of[i])), length, int(self._offset[row]))
        if len(data) != length:
            raise OSError(f"the shard ends early, at {len(data)} of {length} bytes of a picture")
        return data

    def _descriptor(self, shard: int) -> int:
        if shard in self._open:
            self._open.move_to_end(shard)
            return self._open[shard]
        if len(self._open) >= _OPEN_SHARDS:
            os.close(self._open.popitem(last=False)[1])
        self._open[shard] = os.open(self.root / SHARDS / self._shards[shard], os.O_RDONLY)
        return self._open[shard]

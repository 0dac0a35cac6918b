"""Reading a corpus: any clip in any order, only the pictures that are asked for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hdvila.errors import MediaError, StoreError, UsageError
from hdvila.media import Packed, unpack
from hdvila.media.codecs import decode_jpegs
from hdvila.media.frame_source import Arrays, Inputs, Request
from hdvila.media.view import View
from hdvila.store.layout import CLIPS, OWN_FIELDS, SHARDS, STREAMS, Attribute, Rates, Stream
from hdvila.store.place import Folder, Span, place_of
from hdvila.store.tables import read_remote_tables, read_tables
from hdvila.types import Clip, Frames, Pixels, Seconds

_UNKNOWN = -1  # no CRC-32


class Corpus:
    """A corpus, complete or still growing. ``len`` counts its clips; clip numbers go from 0.

    Any number of threads may read from it at once. It can be copied, pickled and forked; a worker process opens the
    shards for itself. What is read is compared with the check value that was stored with it.

    Args:
        root: the folder, or an address that fsspec understands (``s3://bucket/corpus``, ``https://host/corpus``; extra
            ``remote``). From there the tables are read once, pictures by byte range; its writer must have ended.

    Attributes:
        root: the folder or address.
        rates: frames a second of the LR stream, the step from one HR frame to the next in LR frames, and the form.
        table: a pyarrow table with a row a clip: what `CorpusWriter.add` was given, and counts and sizes.

    Raises:
        StoreError: there is no corpus in the folder, it is damaged, or of another version.
        MissingDependency: the address needs a package that is not installed.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._place = place_of(root)
        self.root: Path | str = Path(root) if isinstance(self._place, Folder) else str(root)
        if isinstance(self.root, Path):
            if not (self.root / SHARDS).is_dir() and not (self.root / CLIPS).exists():
                raise StoreError(f"{root}: is not a corpus, it has no {SHARDS}/ and no {CLIPS}; build one first")
            self.table, index, rates, _ = read_tables(self.root)
        else:
            self.table, index, rates, _ = read_remote_tables(self._place)
        self.rates = rates or Rates()
        counts = np.stack([self.table[f"{stream}_frames"].to_numpy() for stream in ("hr", "lr")], axis=1)
        if counts.sum() != len(index):
            raise StoreError(f"{root}: its tables disagree; delete both .parquet files, the shards bring them back")
        self._counts: NDArray[np.int64] = counts.astype(np.int64)
        self._first_row = np.cumsum(self._counts.sum(axis=1)) - self._counts.sum(axis=1)
        self._pts: Seconds = index["pts"].to_numpy()
        self._offset: NDArray[np.int64] = index["offset"].to_numpy()
        self._length: NDArray[np.int32] = index["length"].to_numpy()
        self._crc32 = _crc32_of(index)
        shards = self.table["shard"].unify_dictionaries().combine_chunks() if len(self.table) else None
        self._shards: list[str] = [] if shards is None else shards.dictionary.to_pylist()
        self._shard_of: NDArray[Any] = np.zeros(0, int) if shards is None else shards.indices.to_numpy()

    def __len__(self) -> int:
        return len(self._counts)

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """All clips, in the order of their numbers."""
        names = ("clip_id", "video_id", "start", "end", "text", "timed_by")
        return tuple(map(Clip, *(self.table[name].to_pylist() for name in names)))

    @property
    def readers(self) -> int:
        """How many threads should read at once: from a disk one is enough, from afar the waiting is shared."""
        return self._place.readers

    def size(self, i: int) -> tuple[int, int]:
        """(height, width) of the HR frames of clip `i`."""
        return self.table["height"][i].as_py(), self.table["width"][i].as_py()

    def num_frames(self, i: int, stream: str = "lr") -> int:
        """How many frames clip `i` has in a stream.

        Raises:
            UsageError: a stream that is neither ``hr`` nor ``lr``.
        """
        return int(self._counts[i, _number_of(stream)])

    def pts_seconds(self, i: int, stream: str = "lr") -> Seconds:
        """(T,) the times of all frames of clip `i`, in seconds on its video's clock.

        Raises:
            UsageError: a stream that is neither ``hr`` nor ``lr``.
        """
        return self._pts[self._rows(i, stream, np.arange(self.num_frames(i, stream)))]

    def frames(self, i: int, stream: Stream, numbers: NDArray[np.int64] | list[int] | None = None) -> Frames:
        """Frames of clip `i` by number in their stream, in the order given; all of them without `numbers`.

        Raises:
            UsageError: a stream that is neither ``hr`` nor ``lr``, or a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        chosen = np.arange(self.num_frames(i, stream)) if numbers is None else np.asarray(numbers, np.int64)
        rows = self._rows(i, stream, chosen)
        with self._reading(i):
            rgb, places = self._pictures(i, rows, self._files(i, rows.tolist()))
        return Frames(rgb if places is None else rgb[places], self._pts[rows])

    def packed(self, i: int) -> tuple[Packed, Packed]:
        """The HR and LR frames of clip `i` as they are stored, for a `CorpusWriter` to store again.

        Raises:
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        return self._packed(i, "hr"), self._packed(i, "lr")

    def mean_bytes(self, stream: Stream) -> float:
        """Bytes of the file in which a frame of the stream lies, as stored: their mean over all frames; 0 without any.

        Raises:
            UsageError: a stream that is neither ``hr`` nor ``lr``.
        """
        of_stream = np.repeat(np.tile(np.arange(len(STREAMS)), len(self)), self._counts.ravel()) == _number_of(stream)
        return float(self._length[of_stream].mean()) if of_stream.any() else 0.0

    def attributes(self, i: int) -> dict[str, Attribute]:
        """What is known of clip `i` besides its own fields: category, license and the like."""
        row = self.table.slice(i, 1).to_pylist()[0]
        return {name: value for name, value in row.items() if name not in OWN_FIELDS and value is not None}

    def clip(self, i: int) -> StoredClip:
        """Clip `i` for a sampler (`hdvila.media.frame_source.FrameClip`)."""
        return StoredClip(self, i)

    def sample(
        self,
        i: int,
        inputs: Inputs,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Any:
        """Clip `i` as a system sees it; decodes only the frames that it asks for.

        The counterpart of `hdvila.media.read_clips.read_clip` on the source video: the same frames at the same times
        and the same part of the picture, from JPEGs instead of video.

        Args:
            inputs: how the clip is seen; its rates must be those of the corpus.
            rng, view, into: as in `hdvila.media.frame_source.Inputs.sample`.

        Raises:
            UsageError: the rates or shapes differ.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        sampled = inputs.sample(self.clip(i), rng, view, into)
        return sampled.finish(self.read(i, sampled.requests))

    def read(self, i: int, requests: Sequence[Request]) -> list[Pixels]:
        """The frames (n, h, w, 3) of each request, read together.

        Raises:
            UsageError: a stream or a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        wanted = [self._rows(i, request.stream, request.numbers) for request in requests]
        rooms = [request.room() for request in requests]
        with self._reading(i):
            data = self._files(i, [row for rows in wanted for row in rows.tolist()])
            for request, rows, room in zip(requests, wanted, rooms, strict=True):
                pictures, places = self._pictures(i, rows, data, scratch=True)
                seen = request.transform(pictures)
                room[...] = seen if places is None else seen[places]
        return rooms

    def _rows(self, i: int, stream: str, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of the index for frames of a clip."""
        count = self.num_frames(i, stream)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < count:
            raise UsageError(f"{self.root}: clip {i} has {stream} frames 0..{count - 1}, asked for {numbers.tolist()}")
        first = int(self._first_row[i]) + _number_of(stream) * int(self._counts[i, 0])
        return first + numbers

    def _packed(self, i: int, stream: Stream) -> Packed:
        rows = self._rows(i, stream, np.arange(self.num_frames(i, stream)))
        with self._reading(i):
            data = self._files(i, rows.tolist())
            height, width = self._pictures(i, rows[:1], data)[0].shape[1:3]
        frames = Counter(self._span(row) for row in rows.tolist())
        return Packed(
            self.rates.form, tuple(data.values()), tuple(frames[span] for span in data), self._pts[rows], height, width
        )

    def _files(self, i: int, rows: Sequence[int]) -> dict[Span, bytes]:
        """The files in which rows lie, each once, in the order of the rows."""
        places: dict[Span, int] = {}
        for row in rows:
            places.setdefault(self._span(row), row)
        if not places:
            return {}
        data = dict(zip(places, self._place.spans(self._shards[self._shard_of[i]], list(places)), strict=True))
        for span, row in places.items():
            self._check(i, row, data[span])
        return data

    @contextmanager
    def _reading(self, i: int) -> Iterator[None]:
        """Name shard and clip where the shard fails."""
        try:
            yield
        except (OSError, MediaError) as error:
            where = self._place.where(f"{SHARDS}/{self._shards[self._shard_of[i]]}")
            raise StoreError(
                f"{where}: clip {self.table['clip_id'][i].as_py()!r} cannot be read: {error}; restore the shard, "
                "or delete it with both tables and build its videos again"
            ) from error

    def _check(self, i: int, row: int, data: bytes) -> None:
        """That these are the bytes that were written."""
        written = int(self._crc32[row])
        if written != _UNKNOWN and (found := crc32(data)) != written:
            number = row - int(self._first_row[i])
            large = int(self._counts[i, 0])
            frame = f"HR frame {number}" if number < large else f"LR frame {number - large}"
            raise MediaError(f"the bytes of {frame} are not those that were stored (CRC-32 {found:08x}, {written:08x})")

    def _pictures(
        self, i: int, rows: NDArray[np.int64], data: Mapping[Span, bytes], *, scratch: bool = False
    ) -> tuple[Pixels, NDArray[np.intp] | None]:
        """(n, H, W, 3), each picture once, and where the one of each row is; None: they are in order.

        `scratch` may take them into memory that this thread's next call writes over.
        """
        if not len(rows):
            return np.zeros((0, 0, 0, 3), np.uint8), None
        unique, places = np.unique(rows, return_inverse=True)
        if self.rates.form == "jpeg":
            pictures = decode_jpegs([data[self._span(row)] for row in unique.tolist()], scratch=scratch)
        else:
            files = {span: unpack(self.rates.form, data[span]) for span in {self._span(row) for row in unique.tolist()}}
            pictures = np.stack([self._within(row, i, files[self._span(row)]) for row in unique.tolist()])
        return pictures, None if len(unique) == len(rows) and (places == np.arange(len(rows))).all() else places

    def _within(self, row: int, i: int, file: Pixels) -> Pixels:
        """The frame of a row out of the file (n, H, W, 3) in which it lies with its neighbours."""
        first = row
        while first > self._first_row[i] and self._span(first - 1) == self._span(row):
            first -= 1
        if row - first >= len(file):
            raise MediaError(f"it holds {len(file)} pictures, frame {row - first} of it is missing")
        picture: Pixels = file[row - first]
        return picture

    def _span(self, row: int) -> Span:
        return int(self._offset[row]), int(self._length[row])


class StoredClip:
    """A clip of a corpus as a `hdvila.media.frame_source.FrameClip`."""

    def __init__(self, corpus: Corpus, i: int) -> None:
        self.name = str(corpus.root)
        self._corpus, self._i = corpus, i

    def rate(self, stream: str) -> float:
        rates = self._corpus.rates
        return rates.lr_fps if _number_of(stream) else rates.lr_fps / rates.hr_every

    def ticks(self, fps: float) -> int:
        frames, own = self._corpus.num_frames(self._i), self.rate("lr")
        return frames if fps == own else max(1, int(np.ceil(frames * fps / own - 1e-6)))

    def frames_at(self, stream: str, ticks: NDArray[np.int64], fps: float) -> NDArray[np.int64]:
        numbers: NDArray[np.int64] = np.floor(ticks * (self.rate(stream) / fps) + 1e-6).astype(np.int64)
        return numbers.clip(max=self._corpus.num_frames(self._i, stream) - 1)

    def pts_seconds(self, stream: str, numbers: NDArray[np.int64]) -> Seconds:
        return self._corpus.pts_seconds(self._i, stream)[numbers]


def _number_of(stream: str) -> int:
    """0 for HR, 1 for LR, as they follow each other in the index."""
    if stream not in STREAMS:
        raise UsageError(f"stream={stream!r}: the streams of a corpus are hr and lr (high and low resolution)")
    return STREAMS.index(stream)


def _crc32_of(index: Any) -> NDArray[np.int64]:
    """Of each row of the index; `_UNKNOWN` where an older version wrote it."""
    if "crc32" not in index.column_names:
        return np.full(len(index), _UNKNOWN)
    crcs: NDArray[np.int64] = pc.fill_null(index["crc32"].cast(pa.int64()), _UNKNOWN).to_numpy()
    return crcs

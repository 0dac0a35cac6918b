"""One clip of a corpus: any of its frames and tracks, read in one go and compared with their check values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import numpy as np

from hdvila.errors import MediaError, StoreError, UsageError
from hdvila.media import Packed
from hdvila.media.frame_source import Request
from hdvila.store.decoding import Numbers, StoredFrames, decode_frames
from hdvila.store.facts import TrackMember
from hdvila.store.layout import CLIPS, SHARDS, TRACKS, Streams, number_of
from hdvila.store.place import ByteRange, Place
from hdvila.store.shard_index import UNKNOWN, FrameRows, ShardIndex
from hdvila.types import Pixels, Seconds

Wanted = tuple[str, Sequence[int] | Numbers | None]
"""A stream and the numbers of its frames; None: all of them."""


class StoredClip:
    """One clip, as a `hdvila.media.frame_source.FrameClip` and as it is stored.

    Args:
        place: where the corpus lies.
        streams: of the corpus.
        shard: the index of the clip's shard.
        k: its place in the shard.
    """

    __slots__ = ("_found", "_k", "_place", "_shard", "_streams")

    def __init__(self, place: Place, streams: Streams, shard: ShardIndex, k: int) -> None:
        self._place, self._streams, self._shard, self._k = place, streams, shard, k
        self._found: FrameRows | None = None

    @property
    def name(self) -> str:
        """What errors call it: the corpus."""
        return self._place.where("").rstrip("/")

    @property
    def clip_id(self) -> str:
        """The id of the clip."""
        clip_id: str = self._shard.clips.column("clip_id")[self._k].as_py()
        return clip_id

    @property
    def start(self) -> float:
        """When the clip starts, in seconds on its video's clock."""
        start: float = self._shard.clips.column("start")[self._k].as_py()
        return start

    def count(self, stream: str) -> int:
        """How many frames a stream has.

        Raises:
            UsageError: there is no such stream.
        """
        return int(self._shard.counts[self._k, self._column(stream)])

    def size(self, stream: str) -> tuple[int, int]:
        """(height, width) of the frames of a stream. Its first frame is decoded only where no size is stored, as in
        format 1.

        Raises:
            UsageError: there is no such stream.
            StoreError: a frame has to be read, and the shard is missing or damaged; names shard, clip and frame.
        """
        number_of(stream, self._streams)
        clips, sides = self._shard.clips, (f"{stream}_height", f"{stream}_width")
        if all(side in clips.schema.names and clips.column(side)[self._k].is_valid for side in sides):
            height, width = (clips.column(side)[self._k].as_py() for side in sides)
        else:
            height, width = next(self.stored_frames([(stream, [0])], scratch=True)).rgb.shape[1:3]
        return height, width

    def rate(self, stream: str) -> float:
        """Frames a second of a stream.

        Raises:
            UsageError: there is no such stream.
        """
        number_of(stream, self._streams)
        return self._streams[stream].fps

    def ticks(self, fps: float) -> int:
        """How many ticks, `fps` a second from its start on, the clip has."""
        fastest = max(self._streams, key=self.rate)
        frames, own = self.count(fastest), self.rate(fastest)
        return frames if fps == own else max(1, int(np.ceil(frames * fps / own - 1e-6)))

    def frames_at(self, stream: str, ticks: Numbers, fps: float) -> Numbers:
        """The numbers of the frames on show in a stream at these ticks."""
        numbers: Numbers = np.floor(ticks * (self.rate(stream) / fps) + 1e-6).astype(np.int64)
        return numbers.clip(max=self.count(stream) - 1)

    def pts_seconds(self, stream: str, numbers: Numbers | None = None) -> Seconds:
        """(n,) when these frames of a stream appear, or all of them, in seconds on the video's clock.

        Raises:
            UsageError: there is no such stream or frame.
        """
        return self._index.pts[self._rows((stream, numbers))]

    def read(self, requests: Sequence[Request]) -> list[Pixels]:
        """The frames (n, h, w, 3) of each request, read together.

        Raises:
            UsageError: a stream or a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard, clip and frame.
        """
        wanted = [(request.stream, request.numbers) for request in requests]
        rooms = [request.room() for request in requests]
        for request, room, frames in zip(requests, rooms, self.stored_frames(wanted, scratch=True), strict=True):
            room[...] = frames.all(request.transform(frames.rgb))
        return rooms

    def stored_frames(self, wanted: Sequence[Wanted], *, scratch: bool = False) -> Iterator[StoredFrames]:
        """Frames of several streams, read in as few pieces as they lie in; those of one stream after another.

        Args:
            wanted: streams and frame numbers; the order is kept, and a number may be asked for again.
            scratch: decode into memory that this thread writes over when the next is taken.

        Raises:
            UsageError: a stream or a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard, clip and frame.
        """
        rows = [self._rows(one) for one in wanted]
        with self._reading():
            files = self._files(np.concatenate(rows) if rows else np.empty(0, np.int64))
        for (stream, _), of_stream in zip(wanted, rows, strict=True):
            with self._reading():
                frames = self._decode(stream, of_stream, files, scratch)
            yield frames

    def packed(self, stream: str) -> Packed:
        """A stream as it is stored.

        Raises:
            UsageError: there is no such stream.
            StoreError: the shard is missing or damaged; names shard, clip and frame.
        """
        rows, form = self._rows((stream, None)), self._streams[stream].form
        with self._reading():
            files = self._files(rows)
        frames = Counter(self._span(row) for row in rows.tolist())
        counts = tuple(frames[span] for span in files)
        return Packed(form, tuple(files.values()), counts, self._index.pts[rows], *self.size(stream))

    def files(self, wanted: Sequence[Wanted]) -> list[bytes]:
        """The files in which frames lie, each once, as they are stored.

        Raises:
            UsageError: a stream or frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard, clip and frame.
        """
        with self._reading():
            return list(self._files(np.concatenate([self._rows(one) for one in wanted])).values())

    def track(self, name: str, file: str, member: TrackMember) -> tuple[bytes, bytes | None]:
        """What is stored of the clip in a track, and the explicit times of its rows, if they have any.

        Raises:
            StoreError: the shard is missing or damaged; names it, clip and track.
        """
        members = [one for one in (member.data, member.times) if one is not None]
        with self._reading(file):
            data = self._place.spans(file, [(one.offset, one.length) for one in members])
            for one, found in zip(members, data, strict=True):
                if one.crc32 is not None and (read := crc32(found)) != one.crc32:
                    raise _changed(f"track {name!r}", read, one.crc32)
        return data[0], data[1] if len(data) > 1 else None

    @property
    def _index(self) -> FrameRows:
        """The rows of the clip, in which `_rows` counts."""
        if self._found is None:
            self._found = self._shard.rows_of(self._k)
        return self._found

    def _first(self, column: int) -> int:
        """The first row of a stream."""
        return int(self._shard.first[self._k, column] - self._shard.first[self._k, 0])

    def _column(self, stream: str) -> int:
        return number_of(stream, self._streams)

    def _rows(self, wanted: Wanted) -> Numbers:
        """Rows of the index for frames of the clip, counted from its first."""
        stream, numbers = wanted
        column = self._column(stream)
        first, count = self._first(column), int(self._shard.counts[self._k, column])
        if numbers is None:
            return np.arange(first, first + count)
        chosen = np.asarray(numbers, np.int64)
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < count:
            said = f"clip {self.clip_id!r} has {stream} frames 0..{count - 1}, asked for {chosen.tolist()}"
            raise UsageError(f"{self.name}: {said}")
        return first + chosen

    def _files(self, rows: Numbers) -> dict[ByteRange, bytes]:
        """The files in which rows lie, each once, in the order of the rows."""
        places: dict[ByteRange, int] = {}
        for row in rows.tolist():
            places.setdefault(self._span(row), row)
        if not places:
            return {}
        data = self._place.spans(f"{SHARDS}/{self._shard.name}", list(places))
        for row, found in zip(places.values(), data, strict=True):
            written = int(self._index.crc32[row])
            if written != UNKNOWN and (read := crc32(found)) != written:
                raise _changed(self._said(row), read, written)
        return dict(zip(places, data, strict=True))

    def _decode(self, stream: str, rows: Numbers, files: Mapping[ByteRange, bytes], scratch: bool) -> StoredFrames:
        first = self._first(self._column(stream))
        form, pts = self._streams[stream].form, self._index.pts[rows]
        return decode_frames(form, rows, pts, files, self._span, first, scratch=scratch)

    def _span(self, row: int) -> ByteRange:
        return int(self._index.offset[row]), int(self._index.length[row])

    def _said(self, row: int) -> str:
        """A row as a person would name it."""
        column = max(column for column in range(len(self._streams)) if self._first(column) <= row)
        return f"{list(self._streams)[column]} frame {row - self._first(column)}"

    @contextmanager
    def _reading(self, file: str | None = None) -> Iterator[None]:
        """Name shard and clip where the shard fails."""
        try:
            yield
        except (OSError, MediaError) as error:
            where = self._place.where(file or f"{SHARDS}/{self._shard.name}")
            advice = f"or delete it and {CLIPS} and build its videos again"
            if file is not None and file.startswith(TRACKS):
                advice = f"or delete it and {Path(file).stem}.arrow beside it and add its rows again"
            raise StoreError(f"{where}: clip {self.clip_id!r} cannot be read: {error}; restore it, {advice}") from error


def _changed(what: str, read: int, written: int) -> MediaError:
    return MediaError(f"the bytes of {what} are not those that were stored (CRC-32 {read:08x}, {written:08x})")

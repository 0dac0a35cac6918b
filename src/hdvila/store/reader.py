"""Reading a corpus: any clip in any order, only the frames that are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.errors import UsageError
from hdvila.media import Packed
from hdvila.media.frame_source import Arrays, Sampler
from hdvila.media.view import View
from hdvila.store.clips import Clips
from hdvila.store.decoding import Numbers, StoredFrames
from hdvila.store.index import Index
from hdvila.store.layout import Attribute, Kind, Stream, Track, number_of
from hdvila.store.place import Folder, place_of
from hdvila.store.stored_clip import StoredClip, Wanted
from hdvila.store.tracks import Features, unpack_features, unpack_subtitles
from hdvila.types import Frames, Seconds, Sentence

_FASTEST: Any = object()  # stands for the stream with the most frames a second


class Corpus:
    """A corpus, complete or still growing. ``len`` counts its clips; clip numbers go from 0.

    Opening reads the list of shards only; the index of a shard is mapped when one of its clips is asked for. Any number
    of threads may read from it at once. It can be copied, pickled and forked; a worker process opens the shards for
    itself. What is read is compared with the check value that was stored with it.

    Args:
        root: the folder, or an address that fsspec understands (``s3://bucket/corpus``, ``https://host/corpus``; extra
            ``remote``). From there the index of a shard is fetched once, frames by byte range; its writer must have
            ended.

    Attributes:
        root: the folder or address.

    Raises:
        StoreError: there is no corpus in the folder, it is damaged, or of another version.
        MissingDependency: the address needs a package that is not installed.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._place = place_of(root)
        self.root: Path | str = Path(root) if isinstance(self._place, Folder) else str(root)
        self._index = Index(self._place)
        self._table: Any = None

    def __len__(self) -> int:
        return self._index.catalogue.clips

    @property
    def streams(self) -> Mapping[str, Stream]:
        """By name, in the order in which the frames of a clip are stored."""
        return self._index.manifest.streams

    @property
    def tracks(self) -> Mapping[str, Track]:
        """What is stored besides frames, by name."""
        return self._index.manifest.tracks

    @property
    def clips(self) -> Clips:
        """All clips, in the order of their numbers; each is read when it is asked for."""
        return Clips(self._index)

    @property
    def table(self) -> Any:
        """A pyarrow table with a row a clip: what `CorpusWriter.add` was given, counts and sizes. Read as a whole."""
        if self._table is None:
            self._table = self._index.table()
        return self._table

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Rows of `table` as Arrow record batches, with those of `columns` that it has (default: all); memory does
        not grow with them.

        Raises:
            StoreError: they cannot be read.
        """
        return self._index.batches(columns)

    @property
    def readers(self) -> int:
        """How many threads should read at once: from a disk one is enough, from afar the waiting is shared."""
        return self._place.readers

    def size(self, i: int, stream: str | None = None) -> tuple[int, int]:
        """(height, width) of the frames of clip `i` in a stream; default: in the one with the largest.

        Raises:
            UsageError: there is no such stream.
            StoreError: as `hdvila.store.stored_clip.StoredClip.size`.
        """
        if stream is not None:
            return self.clip(i).size(stream)
        shard, k = self._index.find(i)
        return tuple(shard.clips.column(side)[k].as_py() for side in ("height", "width"))

    def num_frames(self, i: int, stream: str = _FASTEST) -> int:
        """How many frames clip `i` has in a stream; default: the one with the most frames a second.

        Raises:
            UsageError: there is no such stream.
        """
        return self.clip(i).count(self._stream(stream))

    def pts_seconds(self, i: int, stream: str = _FASTEST) -> Seconds:
        """(T,) the times of all frames of clip `i` in a stream, in seconds on its video's clock; default: as above.

        Raises:
            UsageError: there is no such stream.
        """
        return self.clip(i).pts_seconds(self._stream(stream))

    def frames(self, i: int, stream: str, numbers: Numbers | Sequence[int] | None = None) -> Frames:
        """Frames of clip `i` by number in their stream, in the order given; all of them without `numbers`.

        Raises:
            UsageError: a stream or a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        found = next(self.stored_frames(i, [(stream, numbers)]))
        return Frames(found.all(), found.pts_seconds)

    def stored_frames(self, i: int, wanted: Sequence[Wanted], *, scratch: bool = False) -> Iterator[StoredFrames]:
        """Frames of several streams of clip `i`, read in one go and decoded stream by stream, each once.

        Args:
            i: the clip.
            wanted: streams and the numbers of their frames in any order, repeats allowed; None: all frames.
            scratch: decode into memory that this thread writes over when it takes the next of these or reads again, for
                frames of which a part is copied at once.

        Raises:
            UsageError: a stream or a frame that the clip does not have.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        return self.clip(i).stored_frames(wanted, scratch=scratch)

    def packed(self, i: int) -> dict[str, Packed]:
        """The streams of clip `i` as they are stored, for a `CorpusWriter` to store again.

        Raises:
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        clip = self.clip(i)
        return {stream: clip.packed(stream) for stream in self.streams}

    def mean_bytes(self, stream: str) -> float:
        """Bytes of the file in which a frame of the stream lies, as stored: their mean over all frames; 0 without any.

        Raises:
            UsageError: there is no such stream.
        """
        number_of(stream, self.streams)
        frames = self._index.catalogue.total(f"{stream}_frames")
        return self._index.catalogue.total(f"{stream}_bytes") / frames if frames else 0.0

    def attributes(self, i: int) -> dict[str, Attribute]:
        """What is known of clip `i` besides its own fields: category, license and the like."""
        shard, k = self._index.find(i)
        return shard.attributes(k)

    def features(self, i: int, track: str) -> Features | None:
        """The features of clip `i` in a track; None: it has none.

        Raises:
            UsageError: there is no such track of features.
            StoreError: its shard is missing or damaged, or features of several models are mixed.
        """
        found = self._rows(i, track, "features")
        return None if found is None else unpack_features(*found)

    def subtitles(self, i: int, track: str) -> tuple[Sentence, ...] | None:
        """The sentences of clip `i` in a track, with times on its video's clock; None: nothing is stored of it.

        Raises:
            UsageError: there is no such track of subtitles.
            StoreError: its shard is missing or damaged.
        """
        found = self._rows(i, track, "subtitles")
        return None if found is None else unpack_subtitles(found[2])

    def track(self, i: int, name: str) -> Features | tuple[Sentence, ...] | None:
        """What clip `i` has in a track of either kind, as `features` and `subtitles` give it."""
        return self.subtitles(i, name) if self.tracks[name].kind == "subtitles" else self.features(i, name)

    def clip(self, i: int) -> StoredClip:
        """Clip `i` for a sampler (`hdvila.media.frame_source.FrameClip`)."""
        return StoredClip(self._place, self.streams, *self._index.find(i))

    def sample(
        self,
        i: int,
        inputs: Sampler,
        rng: np.random.Generator | None = None,
        view: View | None = None,
        into: Arrays | None = None,
    ) -> Any:
        """Clip `i` as a system sees it; decodes only the frames that it asks for.

        The counterpart of `hdvila.media.read_clips.read_clip` on the source video: the same frames at the same times
        and the same part of the frame, from JPEGs instead of video.

        Args:
            i: the clip.
            inputs: how the clip is seen; its rates must be those of the corpus.
            rng, view, into: as in `hdvila.media.frame_source.Sampler.sample`.

        Raises:
            UsageError: the rates or shapes differ.
            StoreError: the shard is missing or damaged; names shard and clip.
        """
        clip = self.clip(i)
        sampled = inputs.sample(clip, rng, view, into)
        return sampled.finish(clip.read(sampled.requests))

    def _stream(self, stream: str) -> str:
        if stream is not _FASTEST:
            return stream
        return max(self.streams, key=lambda name: self.streams[name].fps)

    def _rows(self, i: int, name: str, kind: Kind) -> tuple[Track, float, bytes, bytes | None] | None:
        """What is stored of a clip in a track: how it was declared, the start of the clip, rows and their times."""
        track = self.tracks.get(name)
        if track is None or track.kind != kind:
            there = ", ".join(one for one in self.tracks if self.tracks[one].kind == kind)
            raise UsageError(f"{self.root}: has no {kind} {name!r}; its tracks of {kind}: {there or 'none'}")
        found, k = self._index.track(name, i)
        clip = self.clip(i)
        member = None if found is None else found.member(k, clip.clip_id, track)
        if found is None or member is None:
            return None
        return found.track, clip.start, *clip.track(name, found.file, member)

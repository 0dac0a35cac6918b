"""Writing a corpus: clip by clip, shard by shard, safe against being killed at any moment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from hdvila.errors import StoreError, UsageError
from hdvila.files import exclusive
from hdvila.media import Packed, Packing
from hdvila.store.clip_table import first_clips, kind_of, merged_types
from hdvila.store.contents import BUSY, Contents, check_part, writing
from hdvila.store.facts import check_frames, facts_of
from hdvila.store.layout import LOCK, PARTS, Attribute, Stream, Track, check_names, streams_of
from hdvila.store.shard import ShardWriter
from hdvila.store.tracks import PackedTrack, TrackData, pack_track
from hdvila.types import Clip, Frames


class CorpusWriter:
    """Adds clips to the corpus in a folder; use it as a context manager.

    A shard is written under a hidden name and gets its real one when it is complete and on the disk, so a kill, a crash
    or a full disk loses at most the shard in work. All clips of a video go into one shard, one after another; therefore
    every video in `done_videos` is there as a whole, and a job continues by leaving those out. When an error ends the
    ``with`` block, the videos that were finished are kept and the clips of the one in work are taken back.

    Several processes write at once by a `part` each; `adopt` joins the parts without copying them.

    Args:
        root: the corpus folder; made if it is not there, continued if it is. A corpus of format 1 is brought up first.
        streams: of every clip, by name, in the order in which they are stored: a rate in frames a second, or a
            `Stream`. Default: those of the corpus that is there.
        tracks: what is stored of clips besides frames, by name.
        clips_per_shard: a shard is closed at the first end of a video after that many clips.
        quality: of frames that are encoded here, 1..100.
        part: write shards of this name into a folder of their own, for `adopt`. Such a writer knows the videos of its
            part only.

    Raises:
        UsageError: streams or tracks that cannot be, or no streams for a new corpus.
        StoreError: another process writes to this corpus or part, it has other streams, or it cannot be read or
            written.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        streams: Mapping[str, Stream | float] | None = None,
        *,
        tracks: Mapping[str, Track] | None = None,
        clips_per_shard: int = 256,
        quality: int = 90,
        part: str | None = None,
    ) -> None:
        if part is not None:
            check_part(part)
        self.root = Path(root)
        self.clips_per_shard, self.quality = clips_per_shard, quality
        self._shard: ShardWriter | None = None
        self._ended: set[str] = set()  # videos that are complete in the shard in work
        self._complete = 0  # its clips that belong to them
        self._video: str | None = None
        self._lock: ExitStack | None = ExitStack()
        folder = self.root if part is None else self.root / PARTS / part
        self._lock.enter_context(exclusive(folder / LOCK, StoreError, BUSY))
        try:
            declared = None if streams is None else streams_of(streams)
            check_names(tracks or {})
            self._contents = Contents(self.root, declared, tracks or {}, part)
        except BaseException:
            self._release()
            raise
        self._types = dict(self._contents.manifest.attributes)
        self._tracks = {name: track for name, track in self._contents.manifest.tracks.items() if not track.beside}

    def __enter__(self) -> CorpusWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.drop_video()
        self.close()

    @property
    def streams(self) -> Mapping[str, Stream]:
        """Of every clip, by name."""
        return self._contents.manifest.streams

    @property
    def done_videos(self) -> frozenset[str]:
        """Videos whose clips are all on the disk, from this run or an earlier one."""
        return frozenset(self._contents.videos)

    def first_part(self, prefix: str) -> int:
        """The first number n for which no shard of a part ``PREFIX-n`` is in the corpus."""
        return self._contents.first_part(prefix)

    def videos(self, columns: Iterable[str]) -> dict[str, dict[str, Any]]:
        """By its id, what ``clips.parquet`` holds of the first clip of each video that was there before this writer."""
        return first_clips(self._contents.table_before, columns)

    def __len__(self) -> int:
        return len(self._contents.clip_ids)

    def add(
        self,
        clip: Clip,
        frames: Mapping[str, Frames | Packed],
        attributes: Mapping[str, Attribute] | None = None,
        tracks: Mapping[str, TrackData] | None = None,
    ) -> None:
        """Store a clip with its frames.

        What is `Packed` is stored as it is: where many processes cut clips, they encode them too.

        Args:
            clip: times in seconds on its video's clock.
            frames: of each stream of the corpus.
            attributes: what else is known of the clip.
            tracks: what it has besides frames, by the names of tracks of this corpus.

        Raises:
            UsageError: a clip that is there already, a video that was ended by another one, frames of other streams or
                at times that do not fit, or an attribute or track that cannot be stored.
            StoreError: the shard cannot be written; what was committed before stays readable.
        """
        self._check(clip, frames)
        encoded = {name: self._packed(frames[name], stream) for name, stream in self.streams.items()}
        declared, rows = self._packed_tracks(clip, tracks or {})
        facts = facts_of(clip, self.streams, encoded, attributes or {}, declared)
        kinds = {name: kind_of(value) for name, value in (attributes or {}).items()}
        types = merged_types(self._types, kinds)
        with writing(self.root, f"clip {clip.clip_id!r}"):
            if clip.video_id != self._video:
                self._end_video()
                self._video = clip.video_id
            if self._shard is None:
                self._shard = ShardWriter(self._contents.next_shard())
            self._shard.add(facts, encoded, rows)
        self._types = types
        self._tracks |= declared
        self._contents.clip_ids.add(clip.clip_id)

    def drop_video(self) -> None:
        """Take back the clips of the video in work."""
        if self._shard is not None:
            taken = {entry.facts["clip_id"] for entry in self._shard.entries[self._complete :]}
            self._contents.clip_ids -= taken
            with writing(self.root, "the last video"):
                self._shard.keep(self._complete)
        self._video = None

    def adopt(self, *parts: str) -> None:
        """Take over what other writers finished as these parts, in this order; default: all, in the order of their
        names. Files are renamed, so that it costs the same however large they are.

        A call that was killed is continued by the same call, or by the next writer's.

        Raises:
            UsageError: a part has other streams, or videos that are here already.
            StoreError: a part is still being written, or cannot be moved.
        """
        with writing(self.root, "the last shard"):
            self._end_video()
            self._commit()
        for part in parts or self._contents.parts():
            with ExitStack() as lock, writing(self.root, f"part {part!r}"):
                lock.enter_context(exclusive(self.root / PARTS / part / LOCK, StoreError, BUSY))
                self._contents.adopt(part)
        self._types = dict(self._contents.manifest.attributes)

    def close(self) -> None:
        """End the shard in work, bring the tables up to date, and let others write. Closing twice does no harm."""
        if self._lock is None:
            return
        try:
            with writing(self.root, "the last shard"):
                self._end_video()
                self._commit()
                self._contents.write()
        finally:
            if self._shard is not None:
                self._shard.discard()
            self._release()

    def _release(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _packed(self, frames: Frames | Packed, stream: Stream) -> Packed:
        if isinstance(frames, Packed):
            return frames
        return Packed.of(frames, Packing(stream.form, self.quality), stream.fps)

    def _packed_tracks(
        self, clip: Clip, tracks: Mapping[str, TrackData]
    ) -> tuple[dict[str, Track], dict[str, PackedTrack]]:
        declared: dict[str, Track] = {}
        rows: dict[str, PackedTrack] = {}
        for name, data in tracks.items():
            if name not in self._tracks:
                there = ", ".join(self._tracks) or "none"
                raise UsageError(f"{self.root}: track {name!r} is not declared (tracks: {there}); give CorpusWriter it")
            declared[name], rows[name] = pack_track(name, self._tracks[name], data, clip.start)
        return declared, rows

    def _check(self, clip: Clip, frames: Mapping[str, Frames | Packed]) -> None:
        if clip.clip_id in self._contents.clip_ids:
            raise UsageError(f"{self.root}: clip {clip.clip_id!r} is in the corpus already; clip ids are unique")
        if clip.video_id != self._video and (clip.video_id in self._contents.videos or clip.video_id in self._ended):
            raise UsageError(
                f"{self.root}: video {clip.video_id!r} is complete already; add all clips of a video one after another"
            )
        check_frames(clip, self.streams, frames)

    def _end_video(self) -> None:
        """The video in work is complete; end the shard too if it is full."""
        if self._video is None or self._shard is None:
            return
        self._ended.add(self._video)
        self._complete = len(self._shard.entries)
        self._video = None
        if self._complete >= self.clips_per_shard:
            self._commit()

    def _commit(self) -> None:
        """The shard in work, if it holds anything, gets its name; from here on its videos are safe."""
        if self._shard is None:
            return
        if not self._complete:
            self._shard.discard()
        else:
            self._contents.commit(self._shard, self._tracks)
        self._contents.videos |= self._ended
        self._shard, self._complete, self._ended = None, 0, set()

"""Writing a corpus: clip by clip, shard by shard, safe against being killed at any moment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa

from hdvila.errors import StoreError, UsageError
from hdvila.files import exclusive
from hdvila.media import Form, Packed, Packing
from hdvila.media.streams import stream_ratio
from hdvila.store.layout import LOCK, SHARDS, Attribute, Entry, Rates, facts_of
from hdvila.store.shard import ShardWriter
from hdvila.store.tables import first_clips, join, make_tables, read_tables, write_tables
from hdvila.types import Clip, Frames

BUSY = "another process writes to this corpus: wait until it has ended or use another folder"


class CorpusWriter:
    """Adds clips to the corpus in a folder; use it as a context manager.

    A shard is written under a hidden name and gets its real one when it is complete and on the disk, so a kill, a crash
    or a full disk loses at most the shard in work. All clips of a video go into one shard, one after another; therefore
    every video in `done_videos` is there as a whole, and a job continues by leaving those out. When an error ends the
    ``with`` block, the videos that were finished are kept and the clips of the one in work are taken back.

    Args:
        root: the corpus folder; made if it is not there, continued if it is.
        clips_per_shard: a shard is closed at the first end of a video after that many clips.
        lr_fps, hr_fps: frames a second of the two streams; all clips of a corpus agree in them.
        quality: of the pictures, 1..100.
        form: of the pictures, ``jpeg``, or ``h264``: several times smaller, slower to write and to read. One a corpus.

    Raises:
        StoreError: another process writes to this corpus, it has other rates, or it cannot be read or written.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        clips_per_shard: int = 256,
        lr_fps: float = 10.0,
        hr_fps: float = 2.0,
        quality: int = 90,
        form: Form = "jpeg",
    ) -> None:
        self.root = Path(root)
        self._rates = Rates(float(lr_fps), stream_ratio(lr_fps, hr_fps, "frames a second"), form)
        self._clips_per_shard, self._packing = clips_per_shard, Packing(form, quality)
        self._shard: ShardWriter | None = None
        self._unlisted: list[tuple[str, list[Entry]]] = []  # shards that the tables on disk do not know yet
        self._lock: ExitStack | None = ExitStack()
        self._lock.enter_context(exclusive(self.root / LOCK, StoreError, BUSY))
        try:
            self._open()
        except BaseException:
            self._release()
            raise

    def _open(self) -> None:
        folder = self.root / SHARDS
        folder.mkdir(exist_ok=True)
        self._clips, self._index, stored, self._listed = read_tables(self.root)
        if stored not in (None, self._rates):
            raise StoreError(f"{self.root}: holds {stored}, not {self._rates}; use another folder")
        for leftover in folder.glob(".*.part"):
            leftover.unlink()
        names = sorted(path.name for path in folder.glob("*.tar"))
        self._next = int(names[-1].removesuffix(".tar")) + 1 if names else 0
        self._clip_ids: set[str] = set(self._clips["clip_id"].to_pylist())
        self._done: set[str] = set(self._clips["video_id"].to_pylist())
        self._ended: set[str] = set()  # videos that are complete in the shard in work
        self._complete = 0  # its clips that belong to them
        self._video: str | None = None

    def __enter__(self) -> CorpusWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.drop_video()
        self.close()

    @property
    def done_videos(self) -> frozenset[str]:
        """Videos whose clips are all on the disk, from this run or an earlier one."""
        return frozenset(self._done)

    def videos(self, columns: Iterable[str]) -> dict[str, dict[str, Any]]:
        """By its id, what ``clips.parquet`` holds of the first clip of each video that was there before this writer."""
        return first_clips(self._clips, columns)

    def __len__(self) -> int:
        return len(self._clip_ids)

    def add(
        self, clip: Clip, hr: Frames | Packed, lr: Frames | Packed, attributes: Mapping[str, Attribute] | None = None
    ) -> None:
        """Store a clip with its pictures. `hr` are those of `lr` at every ``lr_fps / hr_fps``-th time, only larger.

        What is `Packed` is stored as it is: where many processes cut clips, they encode them too.

        Raises:
            UsageError: a clip that is there already, a video that was ended by another one, times that do not fit
                together, or an attribute that cannot be stored.
            StoreError: the shard cannot be written; what was committed before stays readable.
        """
        self._check(clip, hr, lr)
        pts = hr.pts_seconds.tolist(), lr.pts_seconds.tolist()
        large, small = self._packed(hr, self._rates.lr_fps / self._rates.hr_every), self._packed(lr, self._rates.lr_fps)
        facts = facts_of(clip, self._rates, (large.height, large.width), pts, attributes or {})
        with self._writing(f"clip {clip.clip_id!r}"):
            if clip.video_id != self._video:
                self._end_video()
                self._video = clip.video_id
            if self._shard is None:
                self._shard = ShardWriter(self.root / SHARDS / f"{self._next:06d}.tar")
            self._shard.add(facts, large, small)
        self._clip_ids.add(clip.clip_id)

    def drop_video(self) -> None:
        """Take back the clips of the video in work."""
        if self._shard is not None:
            self._clip_ids -= {entry.facts["clip_id"] for entry in self._shard.entries[self._complete :]}
            with self._writing("the last video"):
                self._shard.keep(self._complete)
        self._video = None

    def close(self) -> None:
        """End the shard in work, bring the tables up to date, and let others write. Closing twice does no harm."""
        if self._lock is None:
            return
        try:
            with self._writing("the last shard"):
                self._end_video()
                self._commit()
                self._write_tables()
        finally:
            if self._shard is not None:
                self._shard.discard()
            self._release()

    def _release(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _packed(self, frames: Frames | Packed, fps: float) -> Packed:
        return frames if isinstance(frames, Packed) else Packed.of(frames, self._packing, fps)

    def _check(self, clip: Clip, hr: Frames | Packed, lr: Frames | Packed) -> None:
        if clip.clip_id in self._clip_ids:
            raise UsageError(f"{self.root}: clip {clip.clip_id!r} is in the corpus already; clip ids are unique")
        if clip.video_id != self._video and clip.video_id in self._done | self._ended:
            raise UsageError(
                f"{self.root}: video {clip.video_id!r} is complete already; add all clips of a video one after another"
            )
        if not len(lr) or not np.array_equal(hr.pts_seconds, lr.pts_seconds[:: self._rates.hr_every]):
            raise UsageError(
                f"clip {clip.clip_id!r}: {len(hr)} HR and {len(lr)} LR frames do not fit together; "
                f"there must be one HR frame, at its time, for each {self._rates.hr_every} LR frames"
            )

        for frames in (hr, lr):
            if isinstance(frames, Packed) and frames.form != self._rates.form:
                raise UsageError(
                    f"clip {clip.clip_id!r}: is {frames.form}, the corpus {self._rates.form}; give that form"
                )

    def _end_video(self) -> None:
        """The video in work is complete; end the shard too if it is full."""
        if self._video is None or self._shard is None:
            return
        self._ended.add(self._video)
        self._complete = len(self._shard.entries)
        self._video = None
        if self._complete >= self._clips_per_shard:
            self._commit()

    def _commit(self) -> None:
        """The shard in work, if it holds anything, gets its name; from here on its videos are safe."""
        if self._shard is None:
            return
        if not self._complete:
            self._shard.discard()
        else:
            self._shard.commit()
            self._unlisted.append((self._shard.path.name, self._shard.entries))
            self._next += 1
        self._done |= self._ended
        self._shard, self._complete, self._ended = None, 0, set()
        if len(self._unlisted) * 8 > self._next:  # seldom enough that all writing of tables stays linear in their size
            self._write_tables()

    def _write_tables(self) -> None:
        if self._listed and not self._unlisted:
            return
        clips, index = make_tables(self._unlisted)
        self._clips, self._index = join(self._clips, clips), join(self._index, index)
        self._unlisted = []
        write_tables(self.root, self._clips, self._index, self._rates)
        self._listed = True

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise StoreError(
                f"{self.root}: {what} cannot be written ({getattr(error, 'strerror', None) or error}); "
                "make room and start again: finished shards are kept"
            ) from error

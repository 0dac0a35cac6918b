"""The videos or images of a benchmark into a store: one clip per video, or per part of a file that the annotations
name; an image is a clip of one frame."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from pathlib import Path

from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus.failures import Failure, died_on, failure_of, read_failures, write_failures
from hdvila.corpus.options import CorpusOptions, stored_streams
from hdvila.corpus.sources.file_names import VideoFiles
from hdvila.corpus.sources.packed_files import PackedFiles, is_packed, unpacked
from hdvila.corpus.sources.video import SourceVideo
from hdvila.corpus.temp_files import store_all, write_clips
from hdvila.errors import HdvilaError, StoreError, UsageError
from hdvila.media import ClipStreams, FrameStream, clip_streams, image_streams, probe
from hdvila.processes import Died
from hdvila.progress import SILENT, Reporter
from hdvila.sources import ImageFiles
from hdvila.sources.images import STILL
from hdvila.store import CorpusWriter
from hdvila.types import Clip

_CLIPS_A_SHARD = 64  # a killed job loses no more
_IMAGE_LINES = 1024  # more than any image of COCO has
_CUT = "cut"  # the step of failures here
Files = VideoFiles | ImageFiles | PackedFiles
Cutter = Callable[..., Iterator[ClipStreams]]
"""``cutter(path, spans, streams)`` -> the frames of these streams, for each span."""


def _hybrid() -> dict[str, FrameStream]:
    return CorpusOptions(lr_fps=6.0).streams


@dataclass(frozen=True, slots=True)
class Preparation:
    """How videos become clips.

    Attributes:
        streams: of the store, in the order in which they are stored; a system says which it reads
            (`hdvila.models.system.System.streams_for`). Default: those of corpora, at 6 LR frames a second.
        official: the preparation of a system's released code instead
            (`hdvila.models.system.System.released_streams`); `streams` then says the rates alone.
    """

    streams: Mapping[str, FrameStream] = field(default_factory=_hybrid)
    official: Cutter | None = None

    def with_lines(self, lines: int) -> Preparation:
        """The same with `lines` in the largest stream, and the others smaller in proportion."""
        most = max(one.lines for one in self.streams.values())
        streams = {name: replace(one, lines=round(one.lines * lines / most)) for name, one in self.streams.items()}
        return replace(self, streams=streams)

    @classmethod
    def of_images(cls) -> Preparation:
        """A store of images as they are, of at most 1,024 lines, which every system reads."""
        return cls().with_lines(_IMAGE_LINES)


@dataclass(frozen=True, slots=True)
class PrepareReport:
    """The result: numbers of `videos` asked for, `added` by this run, `unchanged` from before, and the failures."""

    videos: int
    added: int
    unchanged: int
    failures: tuple[Failure, ...]


def prepare(
    parts: Sequence[BenchmarkVideo],
    videos: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    preparation: Preparation,
    texts: Mapping[str, str] | None = None,
    retry_failed: bool = False,
    workers: int | None = None,
    reporter: Reporter = SILENT,
) -> PrepareReport:
    """Store one clip per part of a benchmark: whole videos, or the seconds that the annotations name.

    What is stored already is left alone, so a job that was killed continues where it stopped. A video that is missing
    or cannot be read is listed in ``failures.parquet`` with its reason, which names files relative to `videos`, and is
    tried again by the next call. With more than one worker, a script that calls this function needs
    ``if __name__ == "__main__":``.

    Args:
        parts: of all splits; a video id that occurs twice is stored once.
        videos: the folder of the files, or an LMDB of them, found by `BenchmarkVideo.stem`
            (`hdvila.corpus.sources.file_names`, `hdvila.sources.ImageFiles`, `hdvila.corpus.sources.packed_files`).
        into: the store; made if it is not there, continued if it is.
        preparation: streams, with rates and sizes.
        texts: the text of each clip, by video id; others have none.
        retry_failed: take only the videos that ``failures.parquet`` lists.
        workers: processes; None: one per core. The result does not depend on it.
        reporter: shows progress, a step per video.

    Raises:
        UsageError: the folder does not exist, or holds none of the videos.
        StoreError: the store cannot be written, has other streams, or another process writes to it.
    """
    files = _files_in(Path(videos), images=any(part.media == "image" for part in parts))
    unique = {part.video_id: part for part in reversed(parts)}
    wanted = [unique[name] for name in dict.fromkeys(part.video_id for part in parts)]
    _refuse_strangers(wanted, files)
    with CorpusWriter(into, stored_streams(preparation.streams), clips_per_shard=_CLIPS_A_SHARD) as writer:
        done = writer.done_videos
        if retry_failed:
            failed = {failure.video for failure in read_failures(writer.root)}
            wanted = [part for part in wanted if part.video_id in failed | done]
        todo = [part for part in wanted if part.video_id not in done]
        jobs, failures = _jobs(todo, files, texts or {})
        unchanged = len(wanted) - len(todo)
        with reporter.task("preparing videos", total=len(wanted), done=unchanged) as bar:
            bar.advance(len(failures), note=_note(failures))
            cut = partial(prepare_to_file, preparation=preparation)
            for job, outcome in store_all(cut, jobs, writer, workers=workers):
                if isinstance(outcome, Died):
                    outcome = job.died(outcome)
                failures += outcome
                bar.advance(len(job.parts), note=_note(failures))
    failures.sort(key=lambda failure: failure.video)
    write_failures(writer.root, failures)
    return PrepareReport(len(wanted), len(todo) - len(failures), unchanged, tuple(failures))


def prepare_to_file(job: tuple[BenchmarkFile, Path], preparation: Preparation) -> list[Failure]:
    """Cut the parts of a file into the file of the job; gives the parts that could not be cut.

    Raises:
        StoreError: the file cannot be written, which says nothing about the video.
    """
    file, target = job
    try:
        with unpacked(file.path, target.with_suffix(".unpacked")) as path:
            return _cut_parts(file, path, target, preparation)
    except StoreError:
        raise
    except Exception as error:  # a bug of ours or of a decoder costs one video too, and is reported as a bug
        return file.failures(error)


def _cut_parts(file: BenchmarkFile, path: Path, target: Path, preparation: Preparation) -> list[Failure]:
    """`path`: where the bytes of the file are."""
    if file.parts[0].media == "image":
        still = image_streams(path, preparation.streams)
        clips = [
            Clip(part.video_id, part.video_id, 0.0, STILL, text, "cue")
            for part, text in zip(file.parts, file.texts, strict=True)
        ]
        write_clips(target, clips, repeat(still, len(clips)))
        return []
    clips, failures = _clips(file, probe(path).duration)
    if clips:
        sound = write_clips(target, clips, _cut(path, clips, preparation))
        damage = HdvilaError(f"{file.path}: its frames are damaged; fetch it again")
        spoiled = (clip for clip, good in zip(clips, sound, strict=True) if not good)
        failures += [failure_of(file.video(clip.video_id), _CUT, damage) for clip in spoiled]
    return failures


@dataclass(frozen=True, slots=True)
class BenchmarkFile:
    """A video file, the clips in it, and the folder that failures name it relative to."""

    path: Path
    parts: tuple[BenchmarkVideo, ...]
    texts: tuple[str, ...]
    root: Path

    def video(self, part_id: str) -> SourceVideo:
        """A part as failures name it."""
        return SourceVideo(part_id, self.path, None, root=self.root)

    def failures(self, error: Exception) -> list[Failure]:
        """An error as the failure of all parts."""
        return [failure_of(self.video(part.video_id), _CUT, error) for part in self.parts]

    def died(self, outcome: Died) -> list[Failure]:
        """The process that read the file died."""
        return [died_on(self.video(part.video_id), _CUT, outcome) for part in self.parts]


def _clips(file: BenchmarkFile, duration: float) -> tuple[list[Clip], list[Failure]]:
    """The clips of a file by start, and failures of the parts that lie outside it."""
    clips, failures = [], []
    for part, text in zip(file.parts, file.texts, strict=True):
        start = max(part.start or 0.0, 0.0)
        end = duration if part.end is None else min(part.end, duration)
        if start < end:
            clips.append(Clip(part.video_id, part.video_id, start, end, text, "cue"))
        else:
            why = (
                f"{file.path}: plays {duration:.1f} s, the part at {part.start}..{part.end} s lies outside; replace it"
            )
            outside = HdvilaError(why, kind="the part lies outside its file")
            failures.append(failure_of(file.video(part.video_id), _CUT, outside))
    return sorted(clips, key=lambda clip: clip.start), failures


def _cut(path: Path, clips: Sequence[Clip], preparation: Preparation) -> Iterator[ClipStreams]:
    spans = [(clip.start, clip.end) for clip in clips]
    if preparation.official is not None:
        return preparation.official(path, spans, preparation.streams)
    return clip_streams(path, spans, preparation.streams, own_lines=True)


def _files_in(folder: Path, *, images: bool) -> Files:
    what = "image" if images else "video"
    if is_packed(folder):
        return PackedFiles(folder)
    try:
        files = ImageFiles(folder) if images else VideoFiles(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}); name the folder of the {what}s") from error
    if not len(files):
        raise UsageError(f"{folder}: holds no {what}; name the folder of the {what}s")
    return files


def _jobs(
    parts: Sequence[BenchmarkVideo], files: Files, texts: Mapping[str, str]
) -> tuple[list[BenchmarkFile], list[Failure]]:
    """A job per file, in the order in which files are first named, and failures of the parts without a file."""
    by_path: dict[Path, list[BenchmarkVideo]] = {}
    failures = []
    for part in parts:
        path = _find(part, files)
        if path is None:
            why = f"the folder of the videos has none called {part.stem}, whatever its ending; put it there"
            failures.append(Failure(part.video_id, "collect", why, "no such file"))
        else:
            by_path.setdefault(path, []).append(part)
    jobs = [
        BenchmarkFile(path, tuple(found), tuple(texts.get(part.video_id, "") for part in found), files.folder)
        for path, found in by_path.items()
    ]
    return jobs, failures


def _find(part: BenchmarkVideo, files: Files) -> Path | None:
    """The file of a part. A whole file may also be named by the video id of the annotations."""
    found = files.find(part.stem)
    return files.find(part.video_id) if found is None and part.start is None and part.end is None else found


def _refuse_strangers(parts: Sequence[BenchmarkVideo], files: Files) -> None:
    if not parts or any(_find(part, files) for part in parts):
        return
    numbered = re.fullmatch(r"vid\d+", parts[0].stem)
    more = (
        "; MSVD's youtube_mapping.txt, put beside its annotations, says which file is which number" if numbered else ""
    )
    raise UsageError(
        f"{files.folder}: has none of the {len(parts):,} videos; they are called {parts[0].stem} and the like, and its "
        f"files {files.first} and the like; name the folder of this benchmark's videos{more}"
    )


def _note(failures: Sequence[Failure]) -> str:
    return f"{len(failures)} failed" if failures else ""

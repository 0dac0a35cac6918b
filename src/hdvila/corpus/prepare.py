"""The videos of a benchmark into a store: a clip for each of its videos, or for the part of a file that one is."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hdvila.annotations.records import Part
from hdvila.corpus.cut import write_cut
from hdvila.corpus.failures import Failure, died, one_line, read_failures, write_failures
from hdvila.corpus.sources.stems import VideoFiles
from hdvila.corpus.spool import store_all
from hdvila.errors import HdvilaError, StoreError, UsageError
from hdvila.media import ClipStreams, Preprocess, clip_streams, official_streams, probe
from hdvila.media.official import Rule
from hdvila.media.view import RATIO, ZOOM
from hdvila.processes import Died
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter
from hdvila.types import Clip

_FEWEST_LINES = 720
_CLIPS_A_SHARD = 64  # what a killed job loses at most


@dataclass(frozen=True, slots=True)
class Preparation:
    """How videos become clips.

    Attributes:
        lr_fps, hr_fps: frames a second of the two streams.
        hr_height: lines on the short side of HR; LR has a quarter. Smaller videos keep their size.
        official: instead, the released code's preparation by this rule (`hdvila.media.official_streams`).
    """

    lr_fps: float = 6.0
    hr_fps: float = 2.0
    hr_height: int = _FEWEST_LINES
    official: Rule | None = None

    @classmethod
    def of(cls, settings: Iterable[Preprocess], official: Rule | None = None) -> Preparation:
        """A store that all `settings` can read: with the lines of the largest window, and the part around it.

        Raises:
            UsageError: their rates differ.
        """
        chosen = list(settings)
        rates = {(one.fps, one.hr_every) for one in chosen}
        if len(rates) != 1:
            raise UsageError(f"settings of different rates (fps, hr_every) {sorted(rates)} cannot read one store")
        ((fps, hr_every),) = rates
        lines = max(math.ceil(one.height * ZOOM / RATIO) * RATIO for one in chosen)
        return cls(fps, fps / hr_every, max(lines, _FEWEST_LINES), official)


@dataclass(frozen=True, slots=True)
class PrepareReport:
    """What came of it: `videos` asked for, `added` by this run, `unchanged` from before, and those that failed."""

    videos: int
    added: int
    unchanged: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A file and the clips that lie in it."""

    path: Path
    parts: tuple[Part, ...]
    texts: tuple[str, ...]


def prepare(
    parts: Sequence[Part],
    videos: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    preparation: Preparation,
    texts: Mapping[str, str] | None = None,
    retry_failed: bool = False,
    workers: int | None = None,
    reporter: Reporter = SILENT,
) -> PrepareReport:
    """Store a clip for every part of a benchmark: whole videos, or the seconds that the annotations name.

    What is stored already is left alone, so a job that was killed goes on where it was. A video that is missing or
    cannot be read is listed in ``failures.parquet`` with its reason, and tried again the next time. With more than one
    worker, a script that calls this needs the usual ``if __name__ == "__main__":``.

    Args:
        parts: of all splits; a video id that stands there twice is taken once.
        videos: the folder of video files, found by `Part.stem` (`hdvila.corpus.sources.stems`).
        into: the store; made if it is not there, continued if it is.
        preparation: rates and sizes.
        texts: by video id, what is kept as the clip's text; others have none.
        retry_failed: take only what ``failures.parquet`` lists.
        workers: processes; None: one for each core. The result does not depend on it.
        reporter: hears of each file.

    Raises:
        UsageError: there is no such folder, or no video in it.
        StoreError: the store cannot be written, is of other rates, or another process writes to it.
    """
    files = _files_in(Path(videos))
    unique = {part.video_id: part for part in reversed(parts)}
    wanted = [unique[name] for name in dict.fromkeys(part.video_id for part in parts)]
    with CorpusWriter(into, _CLIPS_A_SHARD, preparation.lr_fps, preparation.hr_fps) as writer:
        done = writer.done_videos
        if retry_failed:
            failed = {failure.video for failure in read_failures(writer.root)}
            wanted = [part for part in wanted if part.video_id in failed | done]
        todo = [part for part in wanted if part.video_id not in done]
        jobs, failures = _jobs(todo, files, texts or {})
        unchanged = len(wanted) - len(todo)
        with reporter.task("preparing videos", total=len(wanted), done=unchanged) as bar:
            bar.advance(len(failures), note=_note(failures))
            cut = partial(_prepare_to_file, preparation=preparation)
            for job, outcome in store_all(cut, jobs, writer, workers=workers):
                if isinstance(outcome, Died):
                    outcome = _all_failed(job, died(job.path, outcome))
                failures += outcome
                bar.advance(len(job.parts), note=_note(failures))
    failures.sort(key=lambda failure: failure.video)
    write_failures(writer.root, failures)
    return PrepareReport(len(wanted), len(todo) - len(failures), unchanged, tuple(failures))


def _files_in(folder: Path) -> VideoFiles:
    try:
        files = VideoFiles(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}); name the folder of the videos") from error
    if not len(files):
        raise UsageError(f"{folder}: holds no video; name the folder of the videos")
    return files


def _jobs(parts: Sequence[Part], files: VideoFiles, texts: Mapping[str, str]) -> tuple[list[_File], list[Failure]]:
    """A job for each file, in the order in which they are first named, and what no file was found for."""
    by_path: dict[Path, list[Part]] = {}
    failures = []
    for part in parts:
        path = files.find(part.stem)
        if path is None:
            why = f"{files.folder}: has no video called {part.stem}, whatever its ending; put it there"
            failures.append(Failure(part.video_id, "collect", why))
        else:
            by_path.setdefault(path, []).append(part)
    jobs = [
        _File(path, tuple(found), tuple(texts.get(part.video_id, "") for part in found))
        for path, found in by_path.items()
    ]
    return jobs, failures


def _note(failures: Sequence[Failure]) -> str:
    return f"{len(failures)} failed" if failures else ""


def _all_failed(job: _File, reason: str) -> list[Failure]:
    return [Failure(part.video_id, "cut", reason) for part in job.parts]


def _prepare_to_file(job: tuple[_File, Path], preparation: Preparation) -> list[Failure]:
    """Cut the parts of a file into the file of the job; why some, or all of them, could not be.

    Raises:
        StoreError: the file cannot be written: that is no fault of the video.
    """
    file, target = job
    try:
        duration = probe(file.path).duration
        clips, failures = _clips(file, duration)
        if clips:
            sound = write_cut(target, clips, _cut(file.path, clips, preparation))
            why = f"{file.path}: its pictures are damaged; fetch it again"
            failures += [Failure(c.video_id, "cut", why) for c, good in zip(clips, sound, strict=True) if not good]
    except StoreError:
        raise
    except HdvilaError as error:
        return _all_failed(file, one_line(error))
    except Exception as error:  # a defect of ours or of a decoder costs one video, and is listed as what it is
        return _all_failed(file, f"{file.path}: unexpected {type(error).__name__}: {one_line(error)}")
    return failures


def _clips(file: _File, duration: float) -> tuple[list[Clip], list[Failure]]:
    """The clips of a file, by their start, and parts that lie outside it."""
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
            failures.append(Failure(part.video_id, "cut", why))
    return sorted(clips, key=lambda clip: clip.start), failures


def _cut(path: Path, clips: Sequence[Clip], preparation: Preparation) -> Iterator[ClipStreams]:
    spans = [(clip.start, clip.end) for clip in clips]
    if preparation.official is not None:
        return official_streams(path, spans, preparation.official, preparation.hr_fps, preparation.lr_fps)
    height = preparation.hr_height
    return clip_streams(path, spans, preparation.hr_fps, preparation.lr_fps, height, height // RATIO)

"""The videos of a benchmark into a store: a clip for each of its videos, or for the part of a file that one is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus.failures import Failure, read_failures, write_failures
from hdvila.corpus.preparation import BenchmarkFile, Preparation, prepare_to_file
from hdvila.corpus.sources.stems import VideoFiles
from hdvila.corpus.spool import store_all
from hdvila.errors import UsageError
from hdvila.processes import Died
from hdvila.progress import SILENT, Reporter
from hdvila.store import CorpusWriter

__all__ = ["Preparation", "PrepareReport", "prepare"]

_CLIPS_A_SHARD = 64  # what a killed job loses at most


@dataclass(frozen=True, slots=True)
class PrepareReport:
    """What came of it: `videos` asked for, `added` by this run, `unchanged` from before, and those that failed."""

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
    """Store a clip for every part of a benchmark: whole videos, or the seconds that the annotations name.

    What is stored already is left alone, so a job that was killed goes on where it was. A video that is missing or
    cannot be read is listed in ``failures.parquet`` with its reason, which names files below `videos`, and tried again
    the next time. With more than one worker, a script that calls this needs the usual
    ``if __name__ == "__main__":``.

    Args:
        parts: of all splits; a video id that stands there twice is taken once.
        videos: the folder of video files, found by `BenchmarkVideo.stem` (`hdvila.corpus.sources.stems`).
        into: the store; made if it is not there, continued if it is.
        preparation: rates and sizes.
        texts: by video id, what is kept as the clip's text; others have none.
        retry_failed: take only what ``failures.parquet`` lists.
        workers: processes; None: one for each core. The result does not depend on it.
        reporter: hears of each file.

    Raises:
        UsageError: there is no such folder, or none of the videos in it.
        StoreError: the store cannot be written, is of other rates, or another process writes to it.
    """
    files = _files_in(Path(videos))
    unique = {part.video_id: part for part in reversed(parts)}
    wanted = [unique[name] for name in dict.fromkeys(part.video_id for part in parts)]
    _refuse_strangers(wanted, files)
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
            cut = partial(prepare_to_file, preparation=preparation)
            for job, outcome in store_all(cut, jobs, writer, workers=workers):
                if isinstance(outcome, Died):
                    outcome = job.died(outcome)
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


def _jobs(
    parts: Sequence[BenchmarkVideo], files: VideoFiles, texts: Mapping[str, str]
) -> tuple[list[BenchmarkFile], list[Failure]]:
    """A job for each file, in the order in which they are first named, and what no file was found for."""
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


def _find(part: BenchmarkVideo, files: VideoFiles) -> Path | None:
    """The file of a part. A whole file may be called by the annotations' own name for the video instead."""
    found = files.find(part.stem)
    return files.find(part.video_id) if found is None and part.start is None and part.end is None else found


def _refuse_strangers(parts: Sequence[BenchmarkVideo], files: VideoFiles) -> None:
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

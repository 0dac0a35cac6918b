"""Writing the miniature benchmarks into a folder: videos, annotation files and the truth, a folder a benchmark."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from hdvila.annotations.synthetic import MARK, NOTICE
from hdvila.errors import MediaError, UsageError
from hdvila.media.codecs import write_video
from hdvila.miniature.benchmarks import activitynet, didemo, lsmdc, msrvtt, msvd_qa, tgif_qa, youcook2
from hdvila.miniature.benchmarks.cast import Actor
from hdvila.miniature.benchmarks.summary import Summary, summarise
from hdvila.miniature.benchmarks.table import as_lines
from hdvila.miniature.folder import claim, only_writer, write_text
from hdvila.miniature.render import frames_of
from hdvila.miniature.world import FPS
from hdvila.processes import Died, in_order
from hdvila.progress import SILENT, Reporter

__all__ = ["BENCHMARKS", "Summary", "Written", "write_benchmarks"]

BENCHMARKS: dict[str, ModuleType] = {
    "msrvtt": msrvtt,
    "tgif_qa": tgif_qa,
    "didemo": didemo,
    "activitynet": activitynet,
    "lsmdc": lsmdc,
    "youcook2": youcook2,
    "msvd_qa": msvd_qa,
}
"""By the name of their folder."""

_LARGE = {"msrvtt", "tgif_qa"}  # the others have a quarter of the videos
_FEWEST = 40
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Written:
    """The folder, how many videos it holds, how many of them are new, and what the files hold."""

    folder: Path
    videos: int
    new: int
    contents: tuple[Summary, ...]


def write_benchmarks(
    into: str | os.PathLike[str],
    videos: int,
    seed: int = 0,
    *,
    names: Iterable[str] = tuple(BENCHMARKS),
    reporter: Reporter = SILENT,
    workers: int = 2,
) -> Written:
    """Write ``<benchmark>/videos/*.mp4``, ``<benchmark>/annotations/*`` and ``<benchmark>/truth.jsonl``.

    A notice among the annotations says that they are synthetic (`hdvila.annotations.synthetic`).

    MSR-VTT (with MSRVTT-QA and MSRVTT-MC) and TGIF-QA have `videos` short videos each, the others a quarter as many:
    LSMDC and MSVD-QA short ones, DiDeMo, ActivityNet and YouCook2 long ones. No video is in two of them. Annotations
    and truth are the same bytes for the same arguments on any machine. A call that was killed is continued by the same
    call.

    Args:
        into: the folder; made if it is not there.
        videos: how many of MSR-VTT, 40 or more.
        seed: which world.
        names: which benchmarks, of `BENCHMARKS`; a later call may add others.
        reporter: told of each video.
        workers: processes; with more than one, a script that calls this needs the usual ``if __name__ == "__main__":``.

    Raises:
        UsageError: too few videos, or `into` holds other benchmarks.
        StoreError: another process writes into the folder, or it cannot be read.
        MediaError: a video cannot be written.
    """
    if videos < _FEWEST or workers < 1:
        raise UsageError(f"videos={videos}, workers={workers}: the benchmarks need {_FEWEST} videos and a worker")
    folder = Path(into)
    with only_writer(folder):
        claim(folder / "benchmarks.json", {"format": _FORMAT, "seed": seed, "videos": videos}, "miniature benchmarks")
        casts = {name: BENCHMARKS[name].actors(videos if name in _LARGE else videos // 4, seed) for name in names}
        new = _render(folder, casts, reporter, workers)
        contents: list[Summary] = []
        for name, actors in casts.items():
            files = BENCHMARKS[name].files(actors, seed)
            (folder / name / "annotations").mkdir(exist_ok=True)
            for file, text in files.items():
                write_text(folder / name / "annotations" / file, text)
            write_text(folder / name / "annotations" / MARK, NOTICE)
            write_text(folder / name / "truth.jsonl", as_lines(map(_truth, actors)))
            contents += summarise(name, files)
    return Written(folder, sum(map(len, casts.values())), new, tuple(contents))


def _render(folder: Path, casts: dict[str, list[Actor]], reporter: Reporter, workers: int) -> int:
    jobs = []
    for name, actors in casts.items():
        videos = folder / name / "videos"
        videos.mkdir(parents=True, exist_ok=True)
        jobs += [(videos / f"{actor.stem}.mp4", actor) for actor in actors]
        for leftover in videos.glob(".*.part*"):  # of a run that was killed
            leftover.unlink(missing_ok=True)
    missing = [job for job in jobs if not job[0].exists()]
    crf = msrvtt.CONFIG.crf
    with reporter.task("rendering videos", total=len(jobs), done=len(jobs) - len(missing)) as bar:
        for (path, _), ended in in_order(partial(_make, crf=crf), missing, workers):
            if isinstance(ended, Died):
                raise MediaError(f"{path}: the process that rendered it died; the same command goes on from here")
            bar.advance()
    return len(missing)


def _make(job: tuple[Path, Actor], crf: int) -> None:
    path, actor = job
    write_video(path, frames_of(actor.script), FPS, crf=crf)


def _truth(actor: Actor) -> dict[str, object]:
    return actor.script.truth() | {"video": f"{actor.stem}.mp4", "split": actor.split}

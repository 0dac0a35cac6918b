"""Writing the miniature benchmarks: a folder each, with videos, annotation files and the truth about them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hdvila.annotations.synthetic import NOTICE, NOTICE_FILE
from hdvila.errors import MediaError, UsageError
from hdvila.lab.benchmarks.clips import LSMDC, MSRVTT
from hdvila.lab.benchmarks.files import Summary, summarise
from hdvila.lab.benchmarks.paragraphs import ACTIVITYNET, DIDEMO, YOUCOOK2
from hdvila.lab.benchmarks.questions import MSVD_QA, TGIF_QA
from hdvila.lab.benchmarks.video_specs import Benchmark, VideoSpec
from hdvila.media.codecs import write_video
from hdvila.miniature.folder import as_lines, claim, only_writer, write_text
from hdvila.miniature.render import frames_of
from hdvila.miniature.world import FPS
from hdvila.processes import Died, in_order
from hdvila.progress import SILENT, Reporter

__all__ = ["BENCHMARKS", "Summary", "Written", "write_benchmarks"]

BENCHMARKS: dict[str, Benchmark] = {
    "msrvtt": MSRVTT,
    "tgif_qa": TGIF_QA,
    "didemo": DIDEMO,
    "activitynet": ACTIVITYNET,
    "lsmdc": LSMDC,
    "youcook2": YOUCOOK2,
    "msvd_qa": MSVD_QA,
}
"""Folder name -> benchmark."""

_LARGE = {"msrvtt", "tgif_qa"}  # the others have a quarter as many videos
_FEWEST = 40
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Written:
    """What a call wrote: the folder, its videos, how many of them are new, and what the annotation files hold."""

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

    A notice beside the annotations says that they are synthetic (`hdvila.annotations.synthetic`).

    MSR-VTT (with MSRVTT-QA and MSRVTT-MC) and TGIF-QA have `videos` short videos each, the others a quarter as many:
    LSMDC and MSVD-QA short ones, DiDeMo, ActivityNet and YouCook2 long ones. No two benchmarks share a video.
    Annotations and truth are the same bytes for the same arguments on any machine. The same call continues a killed
    one.

    Args:
        into: the folder; made if it is not there.
        videos: how many MSR-VTT and TGIF-QA have, 40 or more.
        seed: which world.
        names: keys of `BENCHMARKS`; a later call may add others.
        reporter: shows progress, one step a video.
        workers: processes; with more than one, a script that calls this needs the usual ``if __name__ == "__main__":``.

    Raises:
        UsageError: too few videos or workers, or `into` holds benchmarks of another seed or size.
        StoreError: another process writes into the folder, or it cannot be read or written.
        MediaError: a video cannot be written.
    """
    if videos < _FEWEST or workers < 1:
        raise UsageError(
            f"videos={videos}, workers={workers}: the benchmarks need at least {_FEWEST} videos and 1 worker"
        )
    folder = Path(into)
    with only_writer(folder):
        claim(folder / "benchmarks.json", {"format": _FORMAT, "seed": seed, "videos": videos}, "miniature benchmarks")
        chosen = {name: BENCHMARKS[name].video_specs(videos if name in _LARGE else videos // 4, seed) for name in names}
        new = _render(folder, chosen, reporter, workers)
        contents: list[Summary] = []
        for name, specs in chosen.items():
            files = BENCHMARKS[name].files(specs, seed)
            (folder / name / "annotations").mkdir(exist_ok=True)
            for file, text in files.items():
                write_text(folder / name / "annotations" / file, text)
            write_text(folder / name / "annotations" / NOTICE_FILE, NOTICE)
            write_text(folder / name / "truth.jsonl", as_lines(map(_truth, specs)))
            contents += summarise(name, files)
    return Written(folder, sum(map(len, chosen.values())), new, tuple(contents))


def _render(folder: Path, chosen: dict[str, list[VideoSpec]], reporter: Reporter, workers: int) -> int:
    jobs = []
    for name, specs in chosen.items():
        videos = folder / name / "videos"
        videos.mkdir(parents=True, exist_ok=True)
        jobs += [(videos / f"{spec.stem}.mp4", spec) for spec in specs]
        for leftover in videos.glob(".*.part*"):  # from a killed run
            leftover.unlink(missing_ok=True)
    missing = [job for job in jobs if not job[0].exists()]
    crf = MSRVTT.config.crf
    with reporter.task("rendering videos", total=len(jobs), done=len(jobs) - len(missing)) as bar:
        for (path, _), ended in in_order(partial(_make, crf=crf), missing, workers):
            if isinstance(ended, Died):
                raise MediaError(f"{path}: the process that rendered it died; run the same command again to continue")
            bar.advance()
    return len(missing)


def _make(job: tuple[Path, VideoSpec], crf: int) -> None:
    path, spec = job
    write_video(path, frames_of(spec.script), FPS, crf=crf)


def _truth(spec: VideoSpec) -> dict[str, object]:
    return spec.script.truth() | {"video": f"{spec.stem}.mp4", "split": spec.split}

"""Running the study: models trained at the same time, and their tests added to ``results.jsonl``."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import partial
from pathlib import Path

from hdvila.annotations.records import BenchmarkVideo
from hdvila.corpus.prepare import Preparation, prepare
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.lab.benchmarks import write_benchmarks
from hdvila.lab.corpora import build_world
from hdvila.lab.parallel import in_parallel
from hdvila.lab.reproduction.plan import WORLD
from hdvila.lab.rows import add_rows, check_steps, read_rows
from hdvila.lab.sparse_sampling.plan import TASKS, SamplingScale, fine_tunings
from hdvila.lab.sparse_sampling.training import SamplingRow, TuningJob, fine_tune, make_start, missing_starts
from hdvila.media import FrameStream
from hdvila.miniature.folder import claim
from hdvila.miniature.world import FPS, HEIGHT
from hdvila.progress import SILENT, Reporter

__all__ = ["run_sparse_sampling"]


def run_sparse_sampling(
    into: str | os.PathLike[str], scale: SamplingScale, reporter: Reporter = SILENT, *, workers: int | None = None
) -> list[SamplingRow]:
    """Make the initial weights, fine-tune and test every model of `plan.ROWS`; -> all rows.

    Args:
        into: the folder; finished models in it are not repeated, a killed one continues from its last checkpoint.
        scale: how much is rendered and trained.
        reporter: shows progress.
        workers: models trained at the same time (`in_parallel`).

    Raises:
        UsageError: the folder holds a study of another scale, or a line of its results is damaged.
        HdvilaError: whatever rendering, training or testing raises.

    Seeds run one after the other, so that all tables are complete early.
    """
    root = Path(into)
    root.mkdir(parents=True, exist_ok=True)
    rows = read_rows(root, SamplingRow)
    for row in rows:
        check_steps(root, row.model, row.steps, scale.tuning)
    claim(root / "scale.json", asdict(scale), "a study of sparse sampling")
    done = {(row.task, row.model, row.seed) for row in rows}
    jobs = [TuningJob(task, model, seed) for seed in range(scale.seeds) for model in fine_tunings() for task in TASKS]
    to_do = [job for job in jobs if (job.task, job.model.name, job.seed) not in done]
    if to_do:
        build_world(root / "world", scale.videos, 0, "train", WORLD, reporter)
        _benchmark(root, scale, reporter)
    for name in missing_starts(root, (job.model.start for job in to_do)):
        make_start(root, scale, name, reporter)
    with reporter.task("fine-tuning", len(jobs), len(jobs) - len(to_do)) as bar:
        for job, found in in_parallel(partial(fine_tune, root, scale), to_do, reporter, workers=workers):
            add_rows(root, found)
            bar.advance(note=f"{job}: {found[0].score:.1%}")
    return read_rows(root, SamplingRow)


def _benchmark(root: Path, scale: SamplingScale, reporter: Reporter) -> None:
    """MSR-VTT in miniature with its questions, rendered and stored with every frame, as Table 2 reads up to 16 a second
    (the world has 10, so some repeat)."""
    write_benchmarks(root / "benchmarks", scale.benchmark_videos, names=["msrvtt"], reporter=reporter)
    folder = root / "benchmarks" / "msrvtt"
    parts: dict[str, BenchmarkVideo] = {}
    for name in ("msrvtt-1ka", "msrvtt-qa"):
        protocol = get_protocol(name)
        for split in protocol.files:
            parts |= {part.video_id: part for part in read_split(protocol, folder, split).videos}
    preparation = Preparation({"hr": FrameStream(FPS, HEIGHT)})
    prepare(list(parts.values()), folder / "videos", folder / "store", preparation=preparation, reporter=reporter)

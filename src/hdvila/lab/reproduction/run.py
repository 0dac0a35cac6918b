"""Running the studies: models trained at the same time, and their tests added to ``results.jsonl``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from hdvila.corpus.prepare import Preparation, prepare
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.lab.benchmarks import write_benchmarks
from hdvila.lab.corpora import OPTIONS, build_world
from hdvila.lab.parallel import in_parallel
from hdvila.lab.reproduction.plan import OTHER_DATA, STAGE1, STAGE2, TASKS, WORLD, Pretraining, Scale
from hdvila.lab.reproduction.rows import Row
from hdvila.lab.reproduction.training import (
    FineTuning,
    InitialWeights,
    fine_tune,
    fine_tuning_steps,
    pretrain,
    world_of,
)
from hdvila.lab.rows import add_rows, check_steps, read_rows
from hdvila.miniature.folder import claim
from hdvila.miniature.world import HEIGHT
from hdvila.models import get_system
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe

__all__ = ["run_reproduction"]


def run_reproduction(
    into: str | os.PathLike[str], scale: Scale, reporter: Reporter = SILENT, *, workers: int | None = None
) -> list[Row]:
    """Pre-train, fine-tune and test everything in `plan.TASKS`; -> all rows.

    Args:
        into: the folder; finished runs in it are not repeated, a killed one continues from its last checkpoint.
        scale: how much is rendered and trained.
        reporter: shows progress.
        workers: models trained at the same time (`in_parallel`).

    Raises:
        UsageError: the folder holds a reproduction of another scale, or a line of its results is damaged.
        HdvilaError: whatever rendering, training or testing raises.

    Seeds run one after the other, and the pre-trainings on other data after all of them, so that most tables are
    complete early.
    """
    root = Path(into)
    root.mkdir(parents=True, exist_ok=True)
    rows = read_rows(root, Row)
    steps = {task.name: fine_tuning_steps(task, scale) for task in TASKS}
    for row in rows:
        check_steps(root, f"{row.task} from {row.start}", row.steps, steps.get(row.task, row.steps))
    claim(root / "scale.json", asdict(scale), "a reproduction")
    done = {(row.seed, row.task, row.start) for row in rows}
    rounds = list(_rounds(scale))
    if any((job.seed, job.task.name, job.start.name) not in done for _, jobs in rounds for job in jobs):
        _benchmarks(root, scale, reporter)
    for title, jobs in rounds:
        to_do = [job for job in jobs if (job.seed, job.task.name, job.start.name) not in done]
        needed = _needed(root, to_do)
        for start in dict.fromkeys(one.start for one in needed):
            _build(root, scale, start, reporter)
        first = [*needed, *(job for job in to_do if not job.start.stage)]
        total = len(needed) + len(jobs)
        with reporter.task(title, total, len(jobs) - len(to_do)) as bar:
            for items in (first, [job for job in to_do if job.start.stage]):
                for item, new in in_parallel(partial(_work, root, scale), items, reporter, workers=workers):
                    add_rows(root, new)
                    bar.advance(note=f"{item}: {new[0].score:.1%}" if new else f"{item}: pre-trained")
    return read_rows(root, Row)


def _benchmarks(root: Path, scale: Scale, reporter: Reporter) -> None:
    folder = root / "benchmarks"
    names = dict.fromkeys(task.folder for task in TASKS)
    write_benchmarks(folder, scale.benchmark_videos, names=names, reporter=reporter)
    for protocol, data in dict.fromkeys((task.protocol, task.folder) for task in TASKS):
        splits = [read_split(get_protocol(protocol), folder / data, split) for split in get_protocol(protocol).files]
        parts = {part.video_id: part for annotations in splits for part in annotations.videos}
        settings = [get_recipe(task.recipe).data.preprocess for task in TASKS if task.folder == data]
        preparation = Preparation(get_system("hdvila").streams_of(settings)).with_lines(HEIGHT)
        prepare(
            list(parts.values()),
            folder / data / "videos",
            folder / data / "store",
            preparation=preparation,
            reporter=reporter,
        )


def _rounds(scale: Scale) -> Iterator[tuple[str, list[FineTuning]]]:
    """(title, jobs) of each round; all models of a round are finished before the next one begins."""
    everything = [
        FineTuning(seed, task, start) for seed in range(scale.seeds) for task in TASKS for start in task.starts
    ]
    for seed in range(scale.seeds):
        yield f"seed {seed}", [job for job in everything if job.seed == seed and job.start not in OTHER_DATA]
    for seed in range(scale.seeds):
        yield f"other data, seed {seed}", [job for job in everything if job.seed == seed and job.start in OTHER_DATA]


def _needed(root: Path, jobs: list[FineTuning]) -> list[InitialWeights]:
    """The pre-trainings to run for these jobs. One of stage two runs the stage one that it starts from itself."""
    wanted = dict.fromkeys(InitialWeights(job.start, job.seed) for job in jobs if job.start.stage)
    missing = [one for one in wanted if any(one.missing(root))]
    second = {one.seed for one in missing if one.start == STAGE2}
    return [one for one in missing if not (one.start == STAGE1 and one.seed in second)]


def _work(root: Path, scale: Scale, item: InitialWeights | FineTuning, reporter: Reporter) -> list[Row]:
    """Run one item; -> the rows of its tests, none for a pre-training."""
    if isinstance(item, FineTuning):
        return fine_tune(root, scale, item, reporter)
    pretrain(root, scale, item, reporter)
    return []


def _build(root: Path, scale: Scale, start: Pretraining, reporter: Reporter) -> None:
    """Render and cut the world that a pre-training learns from."""
    config, options = replace(WORLD, categories=start.categories), OPTIONS
    if start.enlarged:
        options = replace(options, hr_height=options.lr_lines)
    build_world(world_of(root, start), scale.videos, 0, "train", config, reporter, options)

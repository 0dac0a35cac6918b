"""Running the studies: training runs side by side, their tests as lines of ``results.jsonl``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from hdvila.corpus.preparation import Preparation
from hdvila.corpus.prepare import prepare
from hdvila.demo.world import OPTIONS, build_world, corpus_of
from hdvila.errors import UsageError
from hdvila.evaluate.checkpoint import evaluate_checkpoint
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.miniature.benchmarks import write_benchmarks
from hdvila.miniature.world import HEIGHT
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.recipes.miniature_downstream import WHOLE
from hdvila.studies.reproduction.looks import look
from hdvila.studies.reproduction.plan import OTHER_DATA, STAGE1, TASKS, WORLD, Pretraining, Scale, Task
from hdvila.studies.reproduction.rows import Row, add_rows, read_rows
from hdvila.studies.side_by_side import side_by_side
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe, Start

__all__ = ["CHOICE", "run_reproduction"]

FRAMES = 2 * WHOLE.neighbours + 1
"""Rows of the time table, one for each frame that is seen."""
CHOICE = "MSRVTT-MC"
"""Asked of every model that is tuned on MSR-VTT: the nearest of five captions."""


@dataclass(frozen=True, slots=True)
class Job:
    """A model to fine-tune and to test."""

    seed: int
    task: Task
    start: Pretraining

    def __str__(self) -> str:
        return f"{self.task.name} from {self.start.name}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Beginning:
    """A model that fine-tuning starts from."""

    start: Pretraining
    seed: int

    def __str__(self) -> str:
        return f"{self.start.name}, seed {self.seed}"

    def model(self, root: Path) -> Path:
        """Its folder."""
        return root / "pretraining" / f"{self.start.folder}-{self.seed}" / "model"


def run_reproduction(
    into: str | os.PathLike[str], scale: Scale, reporter: Reporter = SILENT, *, workers: int | None = None
) -> list[Row]:
    """Pre-train, fine-tune and test everything in `plan.TASKS`; -> all rows.

    Args:
        into: the folder; finished runs found there are not repeated, a killed one goes on at its last checkpoint.
        scale: how large.
        workers: models trained side by side (`side_by_side`).

    Raises:
        UsageError: the folder holds studies of another scale.
        HdvilaError: whatever rendering, training or testing raises.

    The seeds come one after the other, and what is pre-trained on other data after all of them: most tables are whole
    early.
    """
    root = Path(into)
    root.mkdir(parents=True, exist_ok=True)
    _claim(root, scale)
    _benchmarks(root, scale, reporter)
    done = {(row.seed, row.task, row.start) for row in read_rows(root)}
    for seed, other_data in [(seed, other_data) for other_data in (False, True) for seed in range(scale.seeds)]:
        jobs = [
            Job(seed, task, start) for task in TASKS for start in task.starts if (start in OTHER_DATA) == other_data
        ]
        to_do = [job for job in jobs if (job.seed, job.task.name, job.start.name) not in done]
        _pretrain(root, scale, to_do, workers, reporter)
        title = f"fine-tuning and testing{' from other data' if other_data else ''}, seed {seed}"
        with reporter.task(title, len(jobs), len(jobs) - len(to_do)) as bar:
            for job, rows in side_by_side(partial(_tune, root, scale), to_do, reporter, workers=workers):
                add_rows(root, rows)
                bar.advance(note=f"{job}: {rows[0].score:.1%}")
    return read_rows(root)


def _claim(root: Path, scale: Scale) -> None:
    file = root / "scale.json"
    wanted = json.dumps(asdict(scale))
    if not file.exists():
        file.write_text(wanted, encoding="utf-8")
    elif file.read_text(encoding="utf-8") != wanted:
        raise UsageError(
            f"{root} holds studies of another scale (quick or not): go on with that, or name another folder"
        )


def _benchmarks(root: Path, scale: Scale, reporter: Reporter) -> None:
    folder = root / "benchmarks"
    names = dict.fromkeys(task.folder for task in TASKS)
    write_benchmarks(folder, scale.benchmark_videos, names=names, reporter=reporter)
    for protocol, data in dict.fromkeys((task.protocol, task.folder) for task in TASKS):
        splits = [read_split(get_protocol(protocol), folder / data, split) for split in get_protocol(protocol).files]
        parts = {part.video_id: part for annotations in splits for part in annotations.videos}
        settings = [get_recipe(task.recipe).data.preprocess for task in TASKS if task.folder == data]
        prepare(
            list(parts.values()),
            folder / data / "videos",
            folder / data / "store",
            preparation=replace(Preparation.of(settings), hr_height=HEIGHT),
            reporter=reporter,
        )


def _pretrain(root: Path, scale: Scale, jobs: Sequence[Job], workers: int | None, reporter: Reporter) -> None:
    """Whatever these jobs start from, first what the second stage starts from."""
    missing = dict.fromkeys(one for job in jobs if job.start.stage for one in _missing(root, job.start, job.seed))
    for start in dict.fromkeys(one.start for one in missing):
        _build(root, scale, start, reporter)
    with reporter.task("pre-training", total=len(missing)) as bar:
        for stage in (1, 2):
            to_do = [one for one in missing if one.start.stage == stage]
            for one, _ in side_by_side(partial(_pretrained, root, scale), to_do, reporter, workers=workers):
                bar.advance(note=str(one))


def _missing(root: Path, start: Pretraining, seed: int) -> Iterator[Beginning]:
    """What is still to be trained before this one can be used, itself last."""
    one = Beginning(start, seed)
    if not (one.model(root) / "config.json").exists():
        if start.stage == 2:
            yield from _missing(root, STAGE1, seed)
        yield one


def _tune(root: Path, scale: Scale, job: Job, reporter: Reporter) -> list[Row]:
    """Fine-tune, and ask everything that the task asks."""
    task, start, seed = job.task, job.start, job.seed
    data = root / "benchmarks" / task.folder
    weights = str(Beginning(start, seed).model(root)) if start.stage else ""
    recipe = _tuning(task, data, scale, seed, start, weights)
    began = time.perf_counter()
    model = train(recipe, root / "runs" / f"{recipe.name}-{start.folder}-{seed}", reporter)
    seconds = round(time.perf_counter() - began, 1)

    def ask(changed: str = "", segments: int = 0, protocol: str = task.protocol, name: str = task.name) -> Row:
        record = evaluate_checkpoint(
            str(model), protocol, data, segments=segments or None, through=look(changed), reporter=reporter
        ).record
        if record.text_to_video is not None:
            score, (low, high) = record.text_to_video["r1"], record.text_to_video["intervals"]["r1"]
        else:
            assert record.accuracy is not None
            assert record.intervals is not None
            score, (low, high) = record.accuracy, record.intervals["accuracy"]
        return Row(
            task=name,
            start=start.name,
            seed=seed,
            look=changed,
            segments=segments,
            score=score,
            low=low,
            high=high,
            blind=max(record.chance, record.most_frequent or 0.0),
            by_type=record.accuracy_by_type or {},
            steps=recipe.steps,
            seconds=seconds,
            precision=recipe.precision,
        )

    rows = [ask(), *(ask(changed=changed) for changed in task.looks)]
    rows += [ask(segments=segments) for segments in task.segments]
    if task.protocol == "msrvtt-1ka":
        rows.append(ask(protocol="msrvtt-mc", name=CHOICE))
    return rows


def _tuning(task: Task, data: Path, scale: Scale, seed: int, start: Pretraining, weights: str) -> Recipe:
    recipe = get_recipe(task.recipe)
    assert recipe.data.benchmark is not None
    assert recipe.validate is not None
    preprocess = replace(recipe.data.preprocess, streams=start.streams)
    settings = replace(recipe.data, benchmark=replace(recipe.data.benchmark, folder=str(data)), preprocess=preprocess)
    steps = max(1, round(scale.tuning * recipe.steps))
    every = max(1, steps // 4)
    return replace(
        recipe,
        seed=seed,
        steps=steps,
        data=settings,
        model=replace(recipe.model, frames=FRAMES),
        start=Start(model=weights),
        validate=replace(recipe.validate, every=every),
        checkpoint_every=every,
    )


def _pretrained(root: Path, scale: Scale, wanted: Beginning, reporter: Reporter) -> None:
    start, seed = wanted.start, wanted.seed
    recipe = get_recipe("miniature-stage1" if start.stage == 1 else "miniature-stage2")
    seen = replace(recipe.data.preprocess, neighbours=WHOLE.neighbours, rate=WHOLE.rate, streams=start.streams)
    recipe = replace(
        recipe,
        seed=seed,
        steps=scale.stage1 if start.stage == 1 else scale.stage2,
        start=Start(model=str(Beginning(STAGE1, seed).model(root)) if start.stage == 2 else ""),
        data=replace(recipe.data, preprocess=seen),
        model=replace(recipe.model, frames=FRAMES),
    )
    train(recipe, wanted.model(root).parent, reporter, corpus=corpus_of(_world(root, start)))


def _world(root: Path, start: Pretraining) -> Path:
    return root / "worlds" / f"{start.categories}-categories{'-enlarged' if start.enlarged else ''}"


def _build(root: Path, scale: Scale, start: Pretraining, reporter: Reporter) -> None:
    """What is learned from in pre-training."""
    config, options = replace(WORLD, categories=start.categories), OPTIONS
    if start.enlarged:
        options = replace(options, hr_height=options.lr_height)
    build_world(_world(root, start), scale.videos, 0, "train", config, reporter, options)

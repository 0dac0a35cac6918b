"""Running the studies: one training run after another, each a line of ``results.jsonl`` when it is done."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from hdvila.corpus.preparation import Preparation
from hdvila.corpus.prepare import prepare
from hdvila.demo.world import OPTIONS, build_world
from hdvila.errors import UsageError
from hdvila.evaluate.checkpoint import evaluate_checkpoint
from hdvila.evaluate.protocols import get_protocol, read_split
from hdvila.miniature.benchmarks import write_benchmarks
from hdvila.miniature.world import HEIGHT
from hdvila.progress import SILENT, Reporter
from hdvila.recipes import get_recipe
from hdvila.recipes.miniature_downstream import WHOLE
from hdvila.studies.reproduction.looks import look
from hdvila.studies.reproduction.plan import STAGE1, TASKS, WORLD, Pretraining, Scale, Task
from hdvila.studies.reproduction.rows import Row, add_rows, read_rows
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe, Start

__all__ = ["CHOICE", "run_reproduction"]

FRAMES = 2 * WHOLE.neighbours + 1
"""Rows of the time table, one for each frame that is seen."""
CHOICE = "MSRVTT-MC"
"""Asked of every model that is tuned on MSR-VTT: the nearest of five captions."""


def run_reproduction(into: str | os.PathLike[str], scale: Scale, reporter: Reporter = SILENT) -> list[Row]:
    """Pre-train, fine-tune and test everything in `plan.TASKS`; -> all rows, in the order in which they were made.

    Args:
        into: the folder; finished runs found there are not repeated, a killed one goes on at its last checkpoint.
        scale: how large.

    Raises:
        UsageError: the folder holds studies of another scale.
        HdvilaError: whatever rendering, training or testing raises.
    """
    root = Path(into)
    root.mkdir(parents=True, exist_ok=True)
    _claim(root, scale)
    _benchmarks(root, scale, reporter)
    jobs = [(seed, task, start) for seed in range(scale.seeds) for task in TASKS for start in task.starts]
    done = {(row.seed, row.task, row.start) for row in read_rows(root)}
    missing = [job for job in jobs if (job[0], job[1].name, job[2].name) not in done]
    with reporter.task("fine-tuning and testing", total=len(jobs), done=len(jobs) - len(missing)) as bar:
        for seed, task, start in missing:
            rows = list(_job(root, scale, task, start, seed, reporter))
            add_rows(root, rows)
            bar.advance(note=f"{task.name} from {start.name}, seed {seed}: {rows[0].score:.1%}")
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


def _job(root: Path, scale: Scale, task: Task, start: Pretraining, seed: int, reporter: Reporter) -> Iterator[Row]:
    """Fine-tune, and ask everything that the task asks."""
    data = root / "benchmarks" / task.folder
    recipe = _tuning(task, data, scale, seed, start, _pretrained(root, scale, start, seed, reporter))
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
        kinds = record.accuracy_by_type or {}
        blind = max(record.chance, record.most_frequent or 0.0)
        return Row(name, start.name, seed, changed, segments, score, low, high, blind, kinds, recipe.steps, seconds)

    yield ask()
    for changed in task.looks:
        yield ask(changed=changed)
    for segments in task.segments:
        yield ask(segments=segments)
    if task.protocol == "msrvtt-1ka":
        yield ask(protocol="msrvtt-mc", name=CHOICE)


def _tuning(task: Task, data: Path, scale: Scale, seed: int, start: Pretraining, weights: str) -> Recipe:
    recipe = get_recipe(task.recipe)
    assert recipe.data.benchmark is not None
    assert recipe.validate is not None
    preprocess = replace(recipe.data.preprocess, streams=start.streams)
    settings = replace(recipe.data, benchmark=replace(recipe.data.benchmark, folder=str(data)), preprocess=preprocess)
    every = max(1, scale.tuning // 4)
    return replace(
        recipe,
        seed=seed,
        steps=scale.tuning,
        data=settings,
        model=replace(recipe.model, frames=FRAMES),
        start=Start(model=weights),
        validate=replace(recipe.validate, every=every),
        checkpoint_every=every,
    )


def _pretrained(root: Path, scale: Scale, start: Pretraining, seed: int, reporter: Reporter) -> str:
    """The folder of the model, trained now if it is not there; "" for random weights."""
    if start.stage == 0:
        return ""
    run = root / "pretraining" / f"{start.folder}-{seed}"
    if (run / "model" / "config.json").exists():
        return str(run / "model")
    corpus = _corpus(root, scale, start, reporter)
    first = _pretrained(root, scale, STAGE1, seed, reporter) if start.stage == 2 else ""
    recipe = get_recipe("miniature-stage1" if start.stage == 1 else "miniature-stage2")
    seen = replace(recipe.data.preprocess, neighbours=WHOLE.neighbours, rate=WHOLE.rate, streams=start.streams)
    recipe = replace(
        recipe,
        seed=seed,
        steps=scale.stage1 if start.stage == 1 else scale.stage2,
        start=Start(model=first),
        data=replace(recipe.data, preprocess=seen),
        model=replace(recipe.model, frames=FRAMES),
    )
    return str(train(recipe, run, reporter, corpus=corpus))


def _corpus(root: Path, scale: Scale, start: Pretraining, reporter: Reporter) -> Path:
    config, options = replace(WORLD, categories=start.categories), OPTIONS
    if start.enlarged:
        options = replace(options, hr_height=options.lr_height)
    name = f"{start.categories}-categories{'-enlarged' if start.enlarged else ''}"
    return build_world(root / "worlds" / name, scale.videos, 0, "train", config, reporter, options).corpus

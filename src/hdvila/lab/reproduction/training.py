"""One model of the studies: its pre-trained weights, its fine-tuning, and its tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hdvila.evaluate.evaluation import evaluate_checkpoint
from hdvila.hub import read_note
from hdvila.lab.corpora import corpus_of
from hdvila.lab.reproduction.plan import CHOICE, STAGE1, DownstreamTask, Pretraining, Scale
from hdvila.lab.reproduction.preprocessing_variants import variant
from hdvila.lab.reproduction.rows import Row
from hdvila.progress import Reporter
from hdvila.recipes import get_recipe
from hdvila.recipes.hdvila.miniature_downstream import WHOLE
from hdvila.train.loop import train
from hdvila.train.recipe import Recipe, Start
from hdvila.train.validation import RECIPE

__all__ = ["FineTuning", "InitialWeights", "fine_tune", "fine_tuning_steps", "pretrain", "world_of"]

FRAMES = 2 * WHOLE.neighbours + 1
"""Rows of the models' time embedding, one for each frame of a segment."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """A model to fine-tune and test."""

    seed: int
    task: DownstreamTask
    start: Pretraining

    def __str__(self) -> str:
        return f"{self.task.name} from {self.start.name}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """The weights that fine-tuning starts from."""

    start: Pretraining
    seed: int

    def __str__(self) -> str:
        return f"{self.start.name}, seed {self.seed}"

    def model(self, root: Path) -> Path:
        """Its model folder."""
        return root / "pretraining" / f"{self.start.folder}-{self.seed}" / "model"

    def missing(self, root: Path) -> Iterator[InitialWeights]:
        """The pre-trainings that are still to do for these weights, in order, its own last."""
        if not (self.model(root) / "config.json").exists():
            if self.start.stage == 2:
                yield from InitialWeights(STAGE1, self.seed).missing(root)
            yield self


def world_of(root: Path, start: Pretraining) -> Path:
    """The folder of the world that a pre-training learns from."""
    return root / "worlds" / f"{start.categories}-categories{'-enlarged' if start.enlarged else ''}"


def pretrain(root: Path, scale: Scale, wanted: InitialWeights, reporter: Reporter) -> None:
    """Run this pre-training, after those that it needs."""
    for one in wanted.missing(root):
        _pretrain(root, scale, one, reporter)


def _pretrain(root: Path, scale: Scale, wanted: InitialWeights, reporter: Reporter) -> None:
    start, seed = wanted.start, wanted.seed
    recipe = get_recipe("miniature-stage1" if start.stage == 1 else "miniature-stage2")
    preprocess = replace(recipe.data.preprocess, neighbours=WHOLE.neighbours, rate=WHOLE.rate, streams=start.streams)
    recipe = replace(
        recipe,
        seed=seed,
        steps=scale.stage1 if start.stage == 1 else scale.stage2,
        start=Start(model=str(InitialWeights(STAGE1, seed).model(root)) if start.stage == 2 else ""),
        data=replace(recipe.data, preprocess=preprocess),
        model=replace(recipe.model, frames=FRAMES),
    )
    train(recipe, wanted.model(root).parent, reporter, corpus=corpus_of(world_of(root, start)))


def fine_tune(root: Path, scale: Scale, job: FineTuning, reporter: Reporter) -> list[Row]:
    """Fine-tune a model and run all tests of its task; -> a row a test.

    Raises:
        HdvilaError: whatever training or testing raises.
    """
    task, start, seed = job.task, job.start, job.seed
    data = root / "benchmarks" / task.folder
    weights = str(InitialWeights(start, seed).model(root)) if start.stage else ""
    recipe = _fine_tuning_recipe(task, data, scale, seed, start, weights)
    began = time.perf_counter()
    model = train(recipe, root / "runs" / f"{recipe.name}-{start.folder}-{seed}", reporter)
    seconds = round(time.perf_counter() - began, 1)

    def test(changed: str = "", segments: int = 0, protocol: str = task.protocol, name: str = task.name) -> Row:
        record = evaluate_checkpoint(
            str(model), protocol, data, segments=segments or None, through=variant(changed), reporter=reporter
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
            precision=read_note(model, RECIPE)["precision"],
        )

    rows = [test(), *(test(changed=changed) for changed in task.variants)]
    rows += [test(segments=segments) for segments in task.segments]
    if task.protocol == "msrvtt-1ka":
        rows.append(test(protocol="msrvtt-mc", name=CHOICE))
    return rows


def fine_tuning_steps(task: DownstreamTask, scale: Scale) -> int:
    """How many steps a model of this task is fine-tuned."""
    return max(1, round(scale.tuning * get_recipe(task.recipe).steps))


def _fine_tuning_recipe(
    task: DownstreamTask, data: Path, scale: Scale, seed: int, start: Pretraining, weights: str
) -> Recipe:
    recipe = get_recipe(task.recipe)
    assert recipe.data.benchmark is not None
    assert recipe.validate is not None
    preprocess = replace(recipe.data.preprocess, streams=start.streams)
    settings = replace(recipe.data, benchmark=replace(recipe.data.benchmark, folder=str(data)), preprocess=preprocess)
    steps = fine_tuning_steps(task, scale)
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

"""A recipe: a complete named run as one frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from hdvila.data.settings import DataSettings
from hdvila.errors import UsageError
from hdvila.models.config import IN_WORDS, Config, named
from hdvila.models.start import Start
from hdvila.settings import OF_SEVERAL_KINDS
from hdvila.tasks.task import Task
from hdvila.train.compat import Compat
from hdvila.train.optim import Optim, Schedule
from hdvila.types import WantedPrecision

__all__ = ["Ingredient", "Recipe", "Start", "Validate"]


@dataclass(frozen=True, slots=True)
class Validate:
    """Measuring the model while it is trained, on what it does not learn from: `hdvila.train.validation`."""

    every: int = 100
    """Steps between two measurements; the last step always has one."""
    on: Literal["validation", "official-test"] = "validation"
    """The benchmark's validation split; where it has none, and in pre-training, a part of the training videos, which
    are then not trained on. official-test: a benchmark's test split, as the released code has it; numbers chosen this
    way are too good."""
    keep: Literal["best", "last"] = "best"
    """Which model the run leaves: the best (the first of equals), or the last."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise UsageError(f"validate.every={self.every}: choose 1 or more")


@dataclass(frozen=True, slots=True)
class Ingredient:
    """What some steps of a run learn from, and how."""

    task: Task = field(metadata=OF_SEVERAL_KINDS)
    data: DataSettings
    weight: float = 1.0
    """Its share of the steps, beside the weights of the others."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a run computes.

    Raises:
        UsageError: a value that no run can have.
    """

    name: str
    task: Task = field(metadata=OF_SEVERAL_KINDS)
    model: Config
    data: DataSettings
    steps: int
    batch_size: int
    """Clips of one step over all processes and micro-batches: the same on any number of GPUs."""
    accumulate: int = 1
    """Micro-batches of a step. A contrastive loss sees one micro-batch at a time, so each pair has fewer negatives;
    `chunk` cuts without that cost."""
    chunk: int = 0
    """Clips of a process that run through the model at a time (gradient cache); 0: all of a micro-batch."""
    activation_checkpointing: bool = False
    """Recompute each ResNet stage in the backward pass."""
    shard: bool = False
    """Cut weights, gradients and moments over the processes, stage by stage (FSDP2); else each has all of them."""
    start: Start = field(default_factory=Start)
    freeze: tuple[str, ...] = ()
    """Parts of the model that keep their initial weights, by the beginnings of their parameters' dotted names, such as
    cnn; besides those that the task and the model never train."""
    optim: Optim = field(default_factory=Optim)
    schedule: Schedule = field(default_factory=Schedule)
    validate: Validate | None = None
    """When to measure, on what, and which model to keep."""
    precision: WantedPrecision = "float32"
    """What models compute in. auto: the fastest of the machine that the run begins on, kept where it goes on."""
    seed: int = 0
    checkpoint_every: int = 100
    """Steps between checkpoints; the last step always has one."""
    keep_checkpoints: int = 3
    weight: float = 1.0
    """The share of the steps that `task` and `data` have beside those of `also`."""
    also: tuple[Ingredient, ...] = ()
    """What other steps learn from: each step takes one ingredient, drawn by weight from its number. Words, validation
    and epochs are those of `data`."""
    compat: Compat = field(default_factory=Compat)
    """What official training code does otherwise than its paper says."""
    processes: int = 1
    """How many GPUs the numbers were chosen for; `plan` counts with it, a run uses what it is started on."""

    @property
    def ingredients(self) -> tuple[Ingredient, ...]:
        """All that it learns from, its own task and data first."""
        return Ingredient(self.task, self.data, self.weight), *self.also

    @property
    def _groups(self) -> list[str]:
        """How the keys of each ingredient begin."""
        return ["", *(f"also.{number}." for number in range(len(self.also)))]

    @property
    def share(self) -> float:
        """The part of all steps that are of `task` and `data`: 1 where there is nothing else."""
        return self.shares[0]

    @property
    def shares(self) -> list[float]:
        """The part of all steps that are of each ingredient."""
        whole = sum(one.weight for one in self.ingredients)
        return [one.weight / whole for one in self.ingredients]

    def epochs(self, examples: int) -> float:
        """How often the run goes through so many examples of `data`; what fills no batch is left out each time."""
        return self.share * self.steps / max(1, examples // self.batch_size)

    def steps_per_epoch(self, batches: int) -> int:
        """Steps of the run, about, in which `data` is seen once, which is so many batches."""
        return max(1, round(batches / self.share))

    @property
    def negatives(self) -> int:
        """Negatives of each pair in a contrastive loss, over all processes; 0 for other losses."""
        return self.batch_size // self.accumulate - 1 if self.task.contrastive else 0

    def __post_init__(self) -> None:
        for key in ("steps", "batch_size", "accumulate", "checkpoint_every", "keep_checkpoints", "processes"):
            if getattr(self, key) < 1:
                raise UsageError(f"{key}={getattr(self, key)}: choose 1 or more")
        for key in ("chunk", "seed"):
            if getattr(self, key) < 0:
                raise UsageError(f"{key}={getattr(self, key)}: choose 0 or more")
        for key, one in zip(self._groups, self.ingredients, strict=True):
            if not isinstance(one.task, Task):
                raise UsageError(f"{key}task={one.task!r:.60} is not a hdvila.tasks.Task")
        if self.model.trained_for not in self.task.trains:
            raise UsageError(
                f"{named(self.model)} does not fit the task {type(self.task).__name__}: it is for "
                f"{IN_WORDS[self.model.trained_for]}, and the task trains models for "
                f"{' or '.join(IN_WORDS[one] for one in self.task.trains)}"
            )
        for key, one in zip(self._groups, self.ingredients, strict=True):
            if not 0 < one.weight < math.inf:
                raise UsageError(f"{key}weight={one.weight}: choose a finite number above 0")
        for one in self.also:
            if self.model.capabilities.isdisjoint(one.task.trains):
                raise UsageError(
                    f"also: {named(self.model)} cannot learn the task {type(one.task).__name__}: choose another task"
                )
        pairs = self.batch_size // self.accumulate
        if pairs < 2 and any(one.task.contrastive for one in self.ingredients):
            way_out = "set batch_size=2 or more"
            if self.batch_size > 1:
                way_out = f"to save memory set chunk={max(1, self.chunk)} and accumulate=1, which keeps pairs together"
            raise UsageError(
                f"batch_size={self.batch_size}, accumulate={self.accumulate}: a contrastive loss of one pair at a time "
                f"has no negatives, so the loss is 0 and nothing is learned; {way_out}"
            )
        on_test = self.validate is not None and self.validate.on == "official-test"
        for key, one in zip(self._groups, self.ingredients, strict=True):
            group = f"{key}data"
            if one.data.benchmark is None and (one.task.needs_benchmark or (on_test and not key)):
                raise UsageError(
                    f"the recipe {self.name} has no {group}.benchmark, and questions and test splits come from one: "
                    f"set {group}.benchmark.protocol and {group}.benchmark.folder"
                )
            if one.task.needs_negatives != (one.data.negatives > 0):
                needed, way_out = "no wrong texts", f"set {group}.negatives=0"
                if one.task.needs_negatives:
                    needed, way_out = "wrong texts beside each clip's own", f"set {group}.negatives=1 or more"
                raise UsageError(
                    f"{group}.negatives={one.data.negatives}: the task {type(one.task).__name__} of the recipe "
                    f"{self.name} reads {needed}: {way_out}"
                )
            if one.data.text_length > self.model.max_text_positions:
                raise UsageError(
                    f"{group}.text_length={one.data.text_length} exceeds model.max_text_positions="
                    f"{self.model.max_text_positions}: shorten the texts or enlarge the table"
                )

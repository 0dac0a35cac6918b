"""What a recipe would cost: parameters, memory, steps and data, without starting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hdvila.data.loader import BatchShare
from hdvila.data.order import Order
from hdvila.data.settings import DataSettings
from hdvila.data.source import ClipSource, frame_bytes, open_corpus
from hdvila.evaluate.protocols import get_protocol
from hdvila.models.registry import system_of
from hdvila.progress import SILENT
from hdvila.train.benchmark import learned_from, open_benchmark
from hdvila.train.held_out import hold_out
from hdvila.train.memory import Memory, estimate_memory, shapes_only
from hdvila.train.recipe import Recipe
from hdvila.train.streams import on_stored_streams

CLIP_SECONDS = 13.4
"""Mean length of a clip of HD-VILA-100M (paper, table 1)."""
BYTES_PER_PIXEL = {"hr": 0.14, "lr": 0.26}
"""JPEG of quality 90 as the store writes it: means over 15 everyday videos of 720 lines and more."""


@dataclass(frozen=True, slots=True)
class ModelPart:
    """The number of parameters of one part of the model."""

    name: str
    trained: int
    frozen: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The costs of a recipe."""

    recipe: str
    parts: tuple[ModelPart, ...]
    processes: int
    memory: Memory
    """Of one of `processes` GPUs."""
    steps: int
    batch_size: int
    clips: int
    """What it learns from, clips of a corpus or videos or questions of a benchmark: of the one that is named, if it is
    here, or those that the recipe was made for; 0: it does not say, or what it names is not here to be counted."""
    corpus: str
    """Where the corpus or the benchmark lies that is named; empty: none is."""
    videos: int
    """Miniature videos that the run renders for itself."""
    stored_clips: int
    """Clips of the store, each once however many questions are asked about it; 0: not known."""
    clip_seconds: float
    """Their mean length; 0: not known."""
    read_bytes: int
    """Bytes of frames that the run reads from the store."""
    store_bytes: int
    """About the size of a store of `stored_clips` clips; 0 where it is here, and has its size, or is not known."""
    negatives: int
    """Negatives of each pair in a contrastive loss; 0 for other losses."""
    accumulate: int
    """Micro-batches of a step; more of them leave fewer negatives."""
    share: float = 1.0
    """The part of the steps that learn from these clips; the others are of the recipe's further sources."""

    @property
    def samples(self) -> int:
        """Clips read over the whole run, with repeats."""
        return self.steps * self.batch_size

    @property
    def epochs(self) -> float | None:
        """How often it reads each clip; None if the corpus is unknown."""
        return self.samples * self.share / self.clips if self.clips else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; memory and data in bytes."""
        return asdict(self) | {
            "samples": self.samples,
            "epochs": self.epochs,
            "trained": sum(part.trained for part in self.parts),
            "frozen": sum(part.frozen for part in self.parts),
            "memory": asdict(self.memory) | {"total": self.memory.total},
        }


def plan(recipe: Recipe) -> Plan:
    """Estimate the costs of `recipe` in seconds, without allocating its model.

    Raises:
        UsageError: the batch cannot be split for `recipe.processes`, or has more clips than the corpus.
        StoreError: the corpus or benchmark that the recipe names cannot be read.
    """
    recipe = on_stored_streams(recipe)
    block = BatchShare(recipe.batch_size, 0, recipe.processes, recipe.accumulate).block
    clips = min(block, recipe.chunk or block)
    see, known = recipe.data.preprocess, _known(recipe)
    second = sum(rate * known.frame_bytes.get(stream, 0.0) for stream, (rate, _) in see.stored.items())
    return Plan(
        recipe.name,
        _parts(recipe),
        recipe.processes,
        estimate_memory(recipe, clips),
        recipe.steps,
        recipe.batch_size,
        known.learned,
        _named(recipe),
        recipe.data.miniature.videos if recipe.data.miniature and not recipe.data.corpus else 0,
        known.stored,
        known.seconds,
        int(recipe.steps * recipe.batch_size * _sample_bytes(recipe, known.frame_bytes)),
        0 if known.here else int(known.stored * known.seconds * second),
        recipe.negatives,
        recipe.accumulate,
        recipe.share,
    )


def clips_to_learn_from(recipe: Recipe) -> int:
    """`Plan.clips`.

    Raises:
        UsageError, StoreError: as `plan`.
    """
    return _known(recipe).learned


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known about the training data without opening all of it."""

    learned: int
    stored: int
    seconds: float
    frame_bytes: Mapping[str, float]
    """Of one stored frame, by stream."""
    here: bool = False


def _known(recipe: Recipe) -> _Known:
    """Of the corpus or benchmark that is named, if it is here; else of those that the recipe was made for, which a
    corpus of another name is not."""
    benchmark, clips, usual = recipe.data.benchmark, recipe.data.clips, _usual_bytes(recipe.data)
    place = _named(recipe)
    if place and ("://" in place or Path(place).is_dir()):
        if benchmark is not None:
            opened = open_benchmark(recipe, SILENT)
            return _of_source(recipe, opened.prepared.source, len(opened.examples), usual)
        source = open_corpus(place)
        learned = len(source.clips) if recipe.validate is None else len(hold_out(source)[0])
        return _of_source(recipe, source, learned, usual)
    if benchmark is not None:
        if not clips:  # a miniature has as many as were rendered
            return _Known(0, 0, 0.0, usual)
        protocol = get_protocol(benchmark.protocol)
        return _Known(learned_from(protocol, recipe.validate), protocol.clips, protocol.seconds, usual)
    return _Known(0, 0, 0.0, usual) if place else _Known(clips, clips, CLIP_SECONDS if clips else 0.0, usual)


def _of_source(recipe: Recipe, source: ClipSource, learned: int, usual: Mapping[str, float]) -> _Known:
    order = Order(learned, recipe.batch_size, recipe.seed)
    lengths = [clip.end - clip.start for clip in source.clips]
    own = frame_bytes(source) or usual
    return _Known(order.clips, len(lengths), sum(lengths) / len(lengths), own, here=True)


def _named(recipe: Recipe) -> str:
    return recipe.data.corpus if recipe.data.benchmark is None else recipe.data.benchmark.folder


def _parts(recipe: Recipe) -> tuple[ModelPart, ...]:
    counts: dict[str, list[int]] = {}
    model = shapes_only(recipe)
    for name, parameter in model.named_parameters():
        part = system_of(model).piece_of(name)
        counts.setdefault(part, [0, 0])[not parameter.requires_grad] += parameter.numel()
    return tuple(ModelPart(name, *numbers) for name, numbers in counts.items())


def _sample_bytes(recipe: Recipe, of_own: Mapping[str, float]) -> float:
    """What a clip takes from a store, on average over all sources of the recipe.

    Args:
        of_own: bytes of one frame of the recipe's own data, by stream.
    """
    total = 0.0
    for number, (one, share) in enumerate(zip(recipe.ingredients, recipe.shares, strict=True)):
        sizes = of_own
        if number:
            place = one.data.corpus
            here = bool(place) and ("://" in place or Path(place).is_dir())
            sizes = (frame_bytes(open_corpus(place)) if here else None) or _usual_bytes(one.data)
        read = one.data.preprocess.frames_read.items()
        total += share * sum(count * sizes.get(stream, 0.0) for stream, count in read)
    return total


def _usual_bytes(data: DataSettings) -> dict[str, float]:
    """Bytes of one stored frame, by stream, where none is here to be counted."""
    stored = data.preprocess.stored
    return {stream: pixels * BYTES_PER_PIXEL.get(stream, 0.2) for stream, (_, pixels) in stored.items()}

"""What a recipe would cost: parameters, memory, steps and data, without starting it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hdvila.data.loader import Share
from hdvila.data.order import Order
from hdvila.data.source import open_corpus
from hdvila.evaluate.protocols import get_protocol
from hdvila.train.benchmark import learned_from
from hdvila.train.held_out import hold_out
from hdvila.train.memory import Memory, estimate_memory, shapes_only
from hdvila.train.recipe import Recipe

CLIP_SECONDS = 13.4
"""Mean length of a clip of HD-VILA-100M (paper, table 1)."""
HR_BYTES_PER_PIXEL, LR_BYTES_PER_PIXEL = 0.14, 0.26
"""JPEG of quality 90 as the store writes it: means over 15 everyday videos of 720 lines and more."""
STORED_PER_CROP = 81 / 64
"""Pixels of a stored picture for each pixel of the training crop (9/8 each way)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the model, in numbers of parameters."""

    name: str
    trained: int
    frozen: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The costs of a recipe."""

    recipe: str
    parts: tuple[Part, ...]
    processes: int
    memory: Memory
    """Of one of `processes` GPUs."""
    steps: int
    batch_size: int
    clips: int
    """Clips to learn from: of the corpus that is named, if it is here, or those that the recipe was made for; 0: it
    does not say."""
    corpus: str
    """Where the corpus lies that is named; empty: none is."""
    videos: int
    """Miniature videos that the run renders for itself."""
    read_bytes: int
    """Bytes of pictures that the run reads from the store."""
    store_bytes: int
    """About the size of a corpus of `clips` clips; 0 where it is here, and has its size."""
    negatives: int
    """Other pairs that each pair of a contrastive loss is told from; 0 for other losses."""
    accumulate: int
    """Micro-batches of a step, which make them fewer."""

    @property
    def samples(self) -> int:
        """Clips that the run looks at."""
        return self.steps * self.batch_size

    @property
    def epochs(self) -> float | None:
        """How often it sees each, where the corpus is known."""
        return self.samples / self.clips if self.clips else None

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
    """Count what `recipe` needs; takes seconds and no memory to speak of, whatever the size of the model.

    Raises:
        UsageError: the batch cannot be cut for `recipe.processes`, or has more clips than the corpus.
        StoreError: the corpus that the recipe names cannot be read.
    """
    block = Share(recipe.batch_size, 0, recipe.processes, recipe.accumulate).block
    clips = min(block, recipe.chunk or block)
    high, low = _picture_bytes(recipe)
    see, store_fps = recipe.data.preprocess, recipe.data.preprocess.fps
    sample = see.segments * (high + 2 * see.neighbours * low)
    clip = CLIP_SECONDS * store_fps * (high / see.hr_every + low)
    known = _clips(recipe)
    return Plan(
        recipe.name,
        _parts(recipe),
        recipe.processes,
        estimate_memory(recipe, clips),
        recipe.steps,
        recipe.batch_size,
        known,
        _corpus(recipe),
        recipe.data.miniature.videos if recipe.data.miniature and not recipe.data.corpus else 0,
        int(recipe.steps * recipe.batch_size * sample),
        0 if _is_here(recipe) else int(known * clip),
        recipe.negatives,
        recipe.accumulate,
    )


def _clips(recipe: Recipe) -> int:
    """Those that a run learns from of the corpus that is named, if it is here, else those that the recipe was made for;
    of a benchmark, what is learned from of the protocol that it is set to."""
    benchmark, clips = recipe.data.benchmark, recipe.data.clips
    if _is_here(recipe):
        source = open_corpus(recipe.data.corpus)
        learned = len(source.clips) if recipe.validate is None else len(hold_out(source)[0])
        return Order(learned, recipe.batch_size, recipe.seed).clips
    if benchmark is None or not clips:
        return clips
    return learned_from(get_protocol(benchmark.protocol), recipe.validate)


def _corpus(recipe: Recipe) -> str:
    return "" if recipe.data.benchmark else recipe.data.corpus


def _is_here(recipe: Recipe) -> bool:
    return bool(_corpus(recipe)) and Path(_corpus(recipe)).is_dir()


def _parts(recipe: Recipe) -> tuple[Part, ...]:
    counts: dict[str, list[int]] = {}
    for name, parameter in shapes_only(recipe).named_parameters():
        words = name.split(".")
        part = ".".join(words[:2]) if words[0] == "transformer" else words[0]
        counts.setdefault(part, [0, 0])[not parameter.requires_grad] += parameter.numel()
    return tuple(Part(name, *numbers) for name, numbers in counts.items())


def _picture_bytes(recipe: Recipe) -> tuple[float, float]:
    """Bytes of one stored HR and LR picture."""
    pixels = recipe.data.preprocess.height * recipe.data.preprocess.width * STORED_PER_CROP
    return pixels * HR_BYTES_PER_PIXEL, pixels / 16 * LR_BYTES_PER_PIXEL

"""A protocol: everything that must be the same before two numbers may stand in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hdvila.annotations.records import Annotations
from hdvila.media.preprocess import Preprocess

Task = Literal["retrieval", "open_ended", "multiple_choice", "count"]
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Published:
    """A row that somebody has published: metric names and values as the record has them (fractions 0..1, ranks)."""

    who: str
    source: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A named way of measuring a model on a benchmark.

    Attributes:
        name: as `hdvila evaluate --protocol` takes it.
        benchmark: the data set, in words.
        task: what is asked of the model.
        files: by split, the names under which a data folder may hold its annotations, the first found is read; a split
            that the benchmark does not have is not in it.
        split, captions, paragraphs: in words: which videos, which texts of them count, how sentences are joined.
        text_length: tokens.
        train, test: how clips become model input; both read one store.
        metric: what is reported first.
        gallery: candidates of a full test, or answers to choose from.
        chance: what guessing gives of `metric`.
        published: rows to stand beside.
        differences: where paper and official code part, a sentence each.
        read: annotation file -> what is in it; raises UsageError naming file and line.
    """

    name: str
    benchmark: str
    task: Task
    files: Mapping[Split, tuple[str, ...]]
    split: str
    captions: str
    paragraphs: str
    text_length: int
    train: Preprocess
    test: Preprocess
    metric: str
    gallery: int
    chance: float
    published: tuple[Published, ...]
    differences: tuple[str, ...]
    read: Callable[[Path], Annotations]

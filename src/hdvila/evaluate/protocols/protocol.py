"""A protocol: everything that must be the same before two numbers may stand in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from hdvila.annotations.records import Annotations, Split

__all__ = ["Protocol", "Published", "Split", "TaskKind"]

TaskKind = Literal["retrieval", "open_ended", "multiple_choice", "count", "captions"]
"""What a model is asked for. captions: nothing, these are captioned images or videos to learn from."""


@dataclass(frozen=True, slots=True)
class Published:
    """A row that somebody has published.

    Attributes:
        who: the method, as it stands in a table; no two rows of a protocol have the same.
        source: what prints the numbers: a paper, its version and the number of its table, or a README. For most methods
            it is another's than their own.
        values: metric names and values as the record has them (fractions 0..1, ranks); for retrieval, text to video.
        setting: what it was trained on, by whom it was run, and whether its table sets it apart; or empty.
    """

    who: str
    source: str
    values: Mapping[str, float]
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A named way of measuring a model on a benchmark.

    Attributes:
        name: as `hdvila evaluate --protocol` takes it.
        benchmark: the data set, in words.
        task: what is asked of the model.
        files: by split, the names under which a data folder may hold its annotations, the first found is read; a split
            that the benchmark does not have is not in it.
        train_size: videos of the full training split, of questions the questions, of clips the clips; 0: it has none.
        split, captions, paragraphs: in words: which videos, which texts of them count, how sentences are joined.
        metric: what is reported first, as the record has it; empty where nothing is measured.
        queries: captions or questions of the published test.
        gallery: candidates of a full test, or answers to choose from.
        chance: what guessing gives of `metric` on the full test.
        published: rows to stand beside.
        differences: what is easily done wrong with it, a sentence each; what a system's paper and code do differently,
            and how it is shown the benchmark, says the system (`hdvila.models.system.Shown`).
        read: annotation file and split -> what is in it; raises UsageError naming file and line.
        clips, seconds: clips of all splits together, which is what a prepared store holds, and their mean length, where
            they are known; for estimates.
        groups: names of the benchmark's own divisions (`BenchmarkVideo.group`), where its files have numbers from 0.
        table, column: the table that it shares with other protocols, as papers print them, and its column there; a
            protocol without has a table of its own.
        options_are_captions: of multiple choice, whether the options describe the video, so that the one that fits it
            best is the answer, whatever is asked.
        compared: what becomes of an answer before it is compared with those of the annotations, which are so already;
            None: nothing.
        wider: protocols that train on more videos of this test's benchmark.
    """

    name: str
    benchmark: str
    task: TaskKind
    files: Mapping[Split, tuple[str, ...]]
    train_size: int
    split: str
    captions: str
    paragraphs: str
    metric: str
    queries: int
    gallery: int
    chance: float
    published: tuple[Published, ...]
    read: Callable[[Path, Split], Annotations]
    differences: tuple[str, ...] = ()
    clips: int = 0
    seconds: float = 0.0
    groups: tuple[str, ...] = ()
    table: str = ""
    column: str = ""
    options_are_captions: bool = False
    compared: Callable[[str], str] | None = None
    wider: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by the names above; `read` is left out."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "files": {split: list(names) for split, names in self.files.items()},
            "published": [{**asdict(row), "values": dict(row.values)} for row in self.published],
            "differences": list(self.differences),
        }


_PLAIN = (
    "name",
    "benchmark",
    "task",
    "train_size",
    "split",
    "captions",
    "paragraphs",
    "metric",
    "queries",
    "gallery",
    "chance",
)

"""The record of an evaluation: the numbers and all that gives them a meaning, as one JSON object."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

from hdvila.errors import StoreError, UsageError, reason_of, some_of
from hdvila.evaluate.metrics.bootstrap import Interval
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.files import replacing

__all__ = [
    "PublishedRow",
    "Record",
    "file_name",
    "hardware",
    "published_rows",
    "read_record",
    "read_records",
    "short_identity",
    "versions",
    "write_record",
]

_PACKAGES = ("hdvila", "torch", "numpy", "av", "tokenizers")


class Ranks(TypedDict):
    """The numbers of one direction of retrieval: shares of queries, ranks, and the 95 % interval of each."""

    r1: float
    r5: float
    r10: float
    r50: float
    median_rank: float
    mean_rank: float
    intervals: dict[str, Interval]


class Directions(TypedDict):
    """Both directions of retrieval."""

    text_to_video: Ranks
    video_to_text: Ranks


class _SourcedRow(TypedDict):
    who: str
    source: str
    values: dict[str, float]


class PublishedRow(_SourcedRow, total=False):
    """A row to stand beside, as `hdvila.evaluate.protocols.Published` has it; records of old have no `setting`."""

    setting: str


@dataclass(frozen=True, slots=True)
class Record:
    """What was measured, on what, by what.

    Attributes:
        protocol, task, metric: as the protocol has them.
        method: what stands in the first column of a table.
        queries, videos: captions or questions, and videos, that were scored.
        full_queries: captions or questions of the published test.
        missing: ids of the videos that the predictions lack; they are in no number.
        gallery, full_gallery: candidates of a query here, and in the published test; of questions, answers to choose
            from, as many as the vocabulary has where it is known.
        split: of the benchmark, that was scored; test, unless the file is by its name another's.
        split_told: the file's name says so; it is taken for the test where it says nothing.
        built: the questions were drawn by the benchmark's rule, for want of its own file.
        synthetic: the videos are drawn, in the form of the benchmark; then no row is published of them.
        chance: what guessing gives of `metric`, on exactly these queries.
        ties, tie_rule: queries of either direction whose right answer shares its score, and what became of them.
        text_to_video, video_to_text: see `Ranks`, and queries, gallery, chance_r1, ties.
        accuracy, accuracy_by_type: fractions.
        mean_squared_error: of counts.
        intervals, intervals_by_type: 95 % by resampling, of accuracy and error, and of the accuracy of each type.
        most_frequent: the accuracy of always giving the most frequent right answer.
        out_of_vocabulary: `questions` and different `answers` that are right and no model with the vocabulary can give.
        extra: numbers with the whole test in view, by method; never the plain ones (see `metrics.rerank`).
        published: rows to stand beside, as the protocol has them.
        notes: what was odd in the files.
        checkpoint: of the model, if one made the predictions: `path`, and its hashes (`hdvila.hub.identify`).
        recipe: how it looked at the videos (`seen`: at how much of the area of their frames), and its training.
        fine_tuned: the protocols that it was fine-tuned on, the first training first; None where nothing tells.
        versions, hardware, seconds: of this evaluation.
    """

    protocol: str
    task: str
    metric: str
    method: str
    queries: int
    videos: int
    full_queries: int
    missing: tuple[str, ...]
    gallery: int
    full_gallery: int
    chance: float
    split: str = "test"
    split_told: bool = True
    built: bool = False
    synthetic: bool = False
    ties: int = 0
    tie_rule: str = "pessimistic"
    text_to_video: Ranks | None = None
    video_to_text: Ranks | None = None
    accuracy: float | None = None
    accuracy_by_type: dict[str, float] | None = None
    mean_squared_error: float | None = None
    intervals: dict[str, Interval] | None = None
    intervals_by_type: dict[str, Interval] | None = None
    most_frequent: float | None = None
    out_of_vocabulary: dict[str, int] | None = None
    extra: dict[str, Directions] | None = None
    published: tuple[PublishedRow, ...] = ()
    notes: tuple[str, ...] = ()
    checkpoint: dict[str, str] | None = None
    recipe: dict[str, Any] | None = None
    fine_tuned: tuple[str, ...] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, by the names above, without what the task does not have."""
        return {name: _plain(value) for name, value in asdict(self).items() if value is not None}


def published_rows(protocol: Protocol) -> tuple[PublishedRow, ...]:
    """The rows of a protocol, as its records keep them."""
    return tuple(
        PublishedRow(who=row.who, source=row.source, values=dict(row.values), setting=row.setting)
        for row in protocol.published
    )


def file_name(record: Record) -> str:
    """What the record of a checkpoint is called: two evaluations of which only one may be the same have two names."""
    recipe = record.recipe or {}
    parts = [
        record.protocol,
        "built" if record.built else "",
        recipe.get("sampling", "standard"),
        recipe.get("store", "store").removeprefix("store").replace("/", "-").strip("-"),
        "" if record.tie_rule == "pessimistic" else f"ties-{record.tie_rule}",
        f"{len(record.missing)}-missing" if record.missing else "",
        short_identity(record),
    ]
    return "-".join(part for part in parts if part) + ".json"


def short_identity(record: Record) -> str:
    """Twelve digits by which people tell its model from others; empty where no model made the predictions."""
    checkpoint = record.checkpoint or {}
    return (checkpoint.get("identity") or checkpoint.get("sha256", ""))[:12]


def write_record(path: Path, record: Record) -> None:
    """Write a record, whole or not at all; its folder is made.

    Raises:
        StoreError: the file cannot be written.
    """
    with replacing(path, kind=StoreError) as partial:
        partial.write_text(json.dumps(record.to_dict(), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_records(path: Path) -> tuple[list[Record], list[str]]:
    """The record of a file, or those of a folder's JSON files, by their names; and why others of these are none.

    Raises:
        UsageError: as `read_record`, or the folder has no record.
    """
    if not path.is_dir():
        return [read_record(path)], []
    records, odd = [], []
    for file in sorted(path.glob("*.json")):
        try:
            records.append(read_record(file))
        except UsageError as error:
            odd.append(str(error))
    if not records:
        why = f"; of its {len(odd)} .json files {odd[0]}" if odd else "; hdvila evaluate writes them as .json files"
        raise UsageError(f"{path}: holds no records of evaluations{why}")
    return records, odd


def read_record(path: Path) -> Record:
    """The inverse of `write_record`.

    Raises:
        UsageError: the file is missing or is no record.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
        if not isinstance(values, dict):
            raise ValueError("it is no object")
        needed = [one.name for one in fields(Record) if one.default is MISSING and one.default_factory is MISSING]
        if lacking := [name for name in needed if name not in values]:
            raise ValueError(f"it lacks {some_of(lacking)}")
        kinds = get_type_hints(Record)
        known = {name: value for name, value in values.items() if name in kinds}
        if odd := next((name for name, value in known.items() if not _fits(value, kinds[name])), ""):
            raise ValueError(f"{odd!r} is {known[odd]!r:.60}")
        return Record(**known)
    except (OSError, ValueError, RecursionError, TypeError) as error:
        raise UsageError(
            f"{path}: is not a record of an evaluation ({reason_of(error)}); make one with hdvila evaluate"
        ) from error


def versions() -> dict[str, str]:
    """Of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hardware(device: str = "cpu") -> dict[str, Any]:
    """What the machine is, in a few words; `device` is where the model ran."""
    return {"machine": platform.machine(), "system": platform.system(), "cores": os.cpu_count(), "device": device}


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value out of a JSON file is of an annotated type; a list stands for a tuple, 1 for 1.0."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if is_typeddict(kind):
        hints, needed = get_type_hints(kind), kind.__required_keys__
        known = isinstance(value, dict) and hints.keys() & value.keys() >= needed
        return known and all(_fits(value[name], hints[name]) for name in hints.keys() & value.keys())
    if origin is UnionType:
        return any(_fits(value, one) for one in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if origin is tuple:
        each = inner[:1] * len(value) if inner[1:] == (...,) and isinstance(value, list) else inner
        return isinstance(value, list) and len(value) == len(each) and all(map(_fits, value, each))
    return isinstance(value, (int, float) if kind is float else kind) and isinstance(value, bool) == (kind is bool)


def _plain(value: Any) -> Any:
    """Tuples as lists, at any depth."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value

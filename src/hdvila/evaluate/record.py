"""The record of an evaluation: its metrics and what they were measured on, as one JSON object."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from hdvila.errors import StoreError, UsageError, reason_of
from hdvila.evaluate.metrics.bootstrap import Interval
from hdvila.evaluate.protocols.protocol import Protocol
from hdvila.files import replacing
from hdvila.settings import from_json

__all__ = [
    "BeforeReranking",
    "PublishedRow",
    "Ranks",
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
    """The metrics of one direction of retrieval: shares 0..1, ranks, and the 95 % interval of each."""

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


class BeforeReranking(Directions):
    """What the first model alone says, where a second one has scored its first hits again.

    `method` is its name, `ties` are as in `Record`. `difference` is the re-ranked result less this one, negative shares
    where re-ranking lowers it; its intervals are of the differences of the same queries, so that one without 0 is no
    chance (none for the median).
    """

    method: str
    ties: int
    difference: Directions


class _SourcedRow(TypedDict):
    who: str
    source: str
    values: dict[str, float]


class PublishedRow(_SourcedRow, total=False):
    """A published row, as `hdvila.evaluate.protocols.Published` has it; earlier records have no `setting`."""

    setting: str


@dataclass(frozen=True, slots=True)
class Record:
    """What was measured, on what, and with what.

    Attributes:
        protocol, task, metric: as in the protocol.
        method: the name of the row in tables.
        queries, videos: how many captions or questions, and videos, were scored.
        full_queries: captions or questions of the published test.
        missing: ids of the videos that the predictions lack; no metric includes them.
        gallery, full_gallery: candidates of a query here and in the published test; for questions the answers
            to choose from, those of the vocabulary where it is known.
        split: the split that was scored: test, unless the file's name says another.
        split_told: whether the file's name says which split it is.
        built: the questions were drawn by the benchmark's rule, because its own file was not there.
        synthetic: the videos are rendered in the format of the benchmark, so there are no published rows.
        chance: the expected `metric` of random guesses, on exactly these queries.
        ties, tie_rule: queries of either direction whose right answer shares its score, and the rule for them.
        text_to_video, video_to_text: see `Ranks`; also queries, gallery, chance_r1, ties.
        before_reranking: of a re-ranked result, the plain one beside it and the difference.
        accuracy, accuracy_by_type: 0..1.
        mean_squared_error: of counts.
        intervals, intervals_by_type: 95 % intervals of accuracy and error, and of the accuracy of each type.
        most_frequent: the accuracy of always giving the most frequent right answer.
        out_of_vocabulary: `questions` and different right `answers` outside the model's vocabulary.
        extra: metrics that use the whole test at once, by method (see `metrics.normalise_scores`).
        published: the protocol's published rows.
        notes: oddities of the files.
        checkpoint: `path` and hashes (`hdvila.hub.file_hashes`) of the model, if one made the predictions.
        recipe: how the model sampled the videos (`seen`: the share of the frames' area), and its training.
        fine_tuned: the protocols that it was fine-tuned on, in order; None: unknown.
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
    before_reranking: BeforeReranking | None = None
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
        """Plain values for JSON by the names above, without fields that are None."""
        return {name: _plain(value) for name, value in asdict(self).items() if value is not None}


def published_rows(protocol: Protocol) -> tuple[PublishedRow, ...]:
    """The published rows of a protocol, as records keep them."""
    return tuple(
        PublishedRow(who=row.who, source=row.source, values=dict(row.values), setting=row.setting)
        for row in protocol.published
    )


def file_name(record: Record) -> str:
    """The file name of a checkpoint's record; evaluations that differ in any setting have different names."""
    recipe = record.recipe or {}
    parts = [
        record.protocol,
        "built" if record.built else "",
        "" if record.split == "test" else record.split,
        recipe.get("sampling", "standard"),
        recipe.get("store", "store").removeprefix("store").replace("/", "-").strip("-"),
        "" if record.tie_rule == "pessimistic" else f"ties-{record.tie_rule}",
        f"{len(record.missing)}-missing" if record.missing else "",
        _reranked(recipe.get("reranking")),
        short_identity(record),
    ]
    return "-".join(part for part in parts if part) + ".json"


def _reranked(how: dict[str, Any] | None) -> str:
    return f"first-{how['first']}-by-{(how['checkpoint'] or {}).get('identity', '')[:12]}" if how else ""


def short_identity(record: Record) -> str:
    """The first twelve digits of the model's identity; empty where no model made the predictions."""
    checkpoint = record.checkpoint or {}
    return (checkpoint.get("identity") or checkpoint.get("sha256", ""))[:12]


def write_record(path: Path, record: Record) -> None:
    """Write a record, atomically; its folder is created.

    Raises:
        StoreError: the file cannot be written.
    """
    with replacing(path, kind=StoreError) as partial:
        partial.write_text(json.dumps(record.to_dict(), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_records(path: Path) -> tuple[list[Record], list[str]]:
    """Read the record of a file, or those of a folder's JSON files in the order of their names.

    Returns:
        The records, and for each JSON file of the folder that is not a record, why.

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
        raise UsageError(f"{path}: has no records of evaluations{why}")
    return records, odd


def read_record(path: Path) -> Record:
    """Read a record that `write_record` wrote.

    Raises:
        UsageError: the file is missing or is not a record.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
        if not isinstance(values, dict):
            raise ValueError("it is not an object")
        return from_json(Record, values, "it", unknown="drop")
    except (OSError, ValueError, RecursionError, UsageError) as error:
        raise UsageError(
            f"{path}: is not a record of an evaluation ({reason_of(error)}); make one with hdvila evaluate"
        ) from error


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that metrics depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hardware(device: str = "cpu") -> dict[str, Any]:
    """The machine in a few words; `device` is where the model ran."""
    return {"machine": platform.machine(), "system": platform.system(), "cores": os.cpu_count(), "device": device}


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _plain(value: Any) -> Any:
    """Convert tuples to lists, at any depth."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value

"""Annotation files as text, and what they hold: how many questions, and how well a blind guess does."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Summary", "as_json", "as_table", "summarise"]


def as_json(content: Any) -> str:
    return json.dumps(content) + "\n"


def as_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], delimiter: str = ",", end: str = "\n") -> str:
    """Delimited text with a header; keys that are not among the columns are left out."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass(frozen=True, slots=True)
class Summary:
    """One kind of question of one file.

    Attributes:
        benchmark, file, kind: which; the kind is a type, an open question's first words, or empty.
        number: of questions, or of captions.
        answers: different right answers.
        chance: the share of the most frequent right answer (a position, where there are options), 0..1; None for
            captions.
    """

    benchmark: str
    file: str
    kind: str
    number: int
    answers: int
    chance: float | None


def summarise(benchmark: str, files: Mapping[str, str]) -> list[Summary]:
    """A row for each kind of question of each file, or one for its captions."""
    rows = []
    for file, text in files.items():
        answers: dict[str, list[Any]] = defaultdict(list)
        for kind, answer in _items(file, text):
            answers[kind].append(answer)
        for kind, given in sorted(answers.items()):
            counts = Counter(answer for answer in given if answer is not None)
            chance = max(counts.values()) / len(given) if counts else None
            rows.append(Summary(benchmark, file, kind, len(given), len(counts), chance))
    return rows


def _items(file: str, text: str) -> Iterable[tuple[str, Any]]:
    """(kind, right answer) of each question, ("", None) for each caption."""
    if file.endswith(".txt"):  # maps videos, holds neither
        return []
    if file.startswith("LSMDC"):  # no header
        return [("", None)] * text.count("\n")
    if file.endswith(".csv"):
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in text else ",")
        return [(row.get("type") or "", row.get("answer")) for row in table]
    if file.endswith(".jsonl"):
        return [("", json.loads(line)["answer"]) for line in text.split("\n") if line]
    content = json.loads(text)
    if isinstance(content, list):
        return [(" ".join(one.get("question", "").split()[:3]), one.get("answer")) for one in content]
    if "sentences" in content:
        return [("", None)] * len(content["sentences"])
    return [("", None)] * sum(len(video["sentences"]) for video in content.values())

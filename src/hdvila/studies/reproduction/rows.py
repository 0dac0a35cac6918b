"""The results of the studies: a line of ``results.jsonl`` for each test of a trained model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from hdvila.errors import UsageError
from hdvila.files import replacing

__all__ = ["Row", "add_rows", "read_rows"]

RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One test of one trained model.

    Attributes:
        task, start, seed: which model (`plan.Task.name`, `plan.Pretraining.name`).
        look: "" or how the clips were changed (`looks.LOOKS`).
        segments: 0, or a number other than the model's own.
        score: R@1 from text to video, or accuracy, 0..1; `low` and `high` are its 95 % interval over queries.
        blind: what is had without looking: by chance, or by always giving the most frequent answer, if that is more.
        by_type: accuracy by kind of question.
        steps, seconds: of the training; seconds of its last part where it was killed and continued.
        precision: in which it computed (`hdvila.nn.precision`).
    """

    task: str
    start: str
    seed: int
    look: str
    segments: int
    score: float
    low: float
    high: float
    blind: float
    by_type: dict[str, float]
    steps: int
    seconds: float
    precision: str


def read_rows(root: Path) -> list[Row]:
    """The tests of finished runs, in the order of the studies' jobs.

    Raises:
        UsageError: a line is cut or no row; says which.
    """
    file = root / RESULTS
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines() if file.exists() else [], start=1):
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{file}, line {number}: is no row of a test ({error}); delete it and the lines before it of the same "
                "task, start and seed, and the same command asks that model again"
            ) from error
    return rows


def add_rows(root: Path, rows: Iterable[Row]) -> None:
    """Put rows behind those that are there: all of them, or, if this is killed, none.

    Raises:
        UsageError: as `read_rows`.
    """
    text = "".join(json.dumps(asdict(row)) + "\n" for row in (*read_rows(root), *rows))
    with replacing(root / RESULTS) as partial:
        partial.write_text(text, encoding="utf-8")

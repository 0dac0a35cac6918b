"""What did not make it into the corpus, and why: a table that a person can read and a later run can act on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FAILURES = "failures.parquet"
_SCHEMA = pa.schema([("video", pa.string()), ("step", pa.string()), ("reason", pa.string())])


@dataclass(frozen=True, slots=True)
class Failure:
    """One video that is not in the corpus: its id, the step at which it was left out, and the reason in one line."""

    video: str
    step: str
    reason: str


def write_failures(root: Path, failures: Iterable[Failure]) -> None:
    """Replace ``failures.parquet`` in one step."""
    partial = root / f".{FAILURES}.part"
    pq.write_table(pa.Table.from_pylist([asdict(failure) for failure in failures], _SCHEMA), partial)
    os.replace(partial, root / FAILURES)


def one_line(error: BaseException) -> str:
    """The reason that an error gives, without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__

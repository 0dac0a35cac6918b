"""What did not make it into the corpus, and why: a table that a person can read and a later run can act on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from hdvila.corpus.replacing import replacing
from hdvila.errors import HdvilaError, MissingDependency, StoreError

FAILURES = "failures.parquet"
STEPS = ("collect", "exclude", "fetch", "transcript", "filter", "balance", "clips", "cut")
"""The steps at which a video can be left out, in their order."""

WANTED = frozenset({"exclude", "balance"})
"""Steps that leave out what is good, because they were asked to: no fault of anything."""

_SCHEMA = pa.schema([("video", pa.string()), ("step", pa.string()), ("reason", pa.string())])


@dataclass(frozen=True, slots=True)
class Failure:
    """One video that is not in the corpus: its id, the step at which it was left out, and the reason in one line."""

    video: str
    step: str
    reason: str

    @property
    def kind(self) -> str:
        """The reason without what is of this video alone: no path, no numbers, no advice. The same for its like."""
        head, colon, rest = self.reason.partition(": ")
        said = rest if colon and (self.video in head or re.search(r"[/\\]|\.\w{2,5}$", head)) else self.reason
        return re.sub(r"\d+(\.\d+)?", "N", said.split(";")[0])


class Attempt:
    """Work on one video: whatever goes wrong in its block ends the block and is the `failure` of the step in hand.

        with Attempt(video.video_id, video.path, "filter") as attempt:
            ...
            attempt.step = "cut"
            return ...
        return attempt.failure

    What is no fault of the video goes through: a package that is missing, a corpus that cannot be written.
    """

    def __init__(self, video: str, path: Path, step: str) -> None:
        self._video, self._path, self.step = video, path, step
        self._failure: Failure | None = None

    @property
    def failure(self) -> Failure:
        """Why the block ended early."""
        assert self._failure is not None, "the block has not failed"
        return self._failure

    def refuse(self, why: str, path: Path | None = None) -> NoReturn:
        """The video is not wanted; the reason names `path`, or the video's own."""
        raise _Refusal(f"{path or self._path}: {why}")

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, Exception) or isinstance(error, MissingDependency | StoreError):
            return False
        why = one_line(error)
        if not isinstance(error, HdvilaError):  # a defect of ours or of a decoder costs one video, and is called one
            why = f"{self._path}: unexpected {type(error).__name__}: {why}"
        self._failure = Failure(self._video, self.step, why)
        return True


class _Refusal(HdvilaError):
    """A video that can be used and is not wanted."""


@dataclass(frozen=True, slots=True)
class StepSummary:
    """How many videos went into a step and came out of it, and why the others did not: {reason: how many}."""

    step: str
    came_in: int
    came_out: int
    reasons: dict[str, int]


def summarise(found: int, failures: Iterable[Failure], steps: Iterable[str] = STEPS) -> tuple[StepSummary, ...]:
    """What each step did to the `found` videos; steps that left something out are listed even if not in `steps`."""
    by_step: dict[str, Counter[str]] = {}
    for failure in failures:
        by_step.setdefault(failure.step, Counter())[failure.kind] += 1
    listed = {*steps, *by_step}
    order = [*(step for step in STEPS if step in listed), *sorted(listed - set(STEPS))]
    summaries, left = [], found
    for step in order:
        reasons = by_step.get(step, Counter())
        summaries.append(StepSummary(step, left, left - reasons.total(), dict(reasons.most_common())))
        left -= reasons.total()
    return tuple(summaries)


def write_failures(root: Path, failures: Iterable[Failure], name: str = FAILURES) -> None:
    """Replace ``failures.parquet`` in one step.

    Raises:
        StoreError: it cannot be written.
    """
    with replacing(root / name) as partial:
        pq.write_table(pa.Table.from_pylist([asdict(failure) for failure in failures], _SCHEMA), partial)


def read_failures(root: Path, name: str = FAILURES) -> list[Failure]:
    """The table that `write_failures` wrote; nothing where there is none.

    Raises:
        StoreError: it is there and cannot be read.
    """
    file = root / name
    if not file.exists():
        return []
    try:
        return [Failure(**row) for row in pq.read_table(file, schema=_SCHEMA).to_pylist()]
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"{file}: cannot be read ({error}); remove it and build once without --retry-failed"
        ) from error


def one_line(error: BaseException) -> str:
    """The reason that an error gives, without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__

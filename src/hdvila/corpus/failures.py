"""Why videos and sentences are not in the corpus: failures of single videos, their table, and summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from hdvila.errors import HdvilaError, InternalError, MissingDependency, StoreError, is_defect
from hdvila.files import replacing
from hdvila.processes import Died
from hdvila.text.formats.embedded import NO_WORDS_INSIDE

if TYPE_CHECKING:
    from hdvila.corpus.sources.video import SourceVideo

FAILURES = "failures.parquet"
STEPS = ("collect", "exclude", "fetch", "transcript", "filter", "balance", "clips", "cut")
"""The steps at which a video can be left out, in their order."""

WANTED = frozenset({"exclude", "balance"})
"""Steps that leave out good videos, because the user asked for it."""

CHANGED = "is not what was cut under its id"
"""The kind of failure of a video whose id belongs to another file in the corpus."""

_DIED = "the process that read it died"
_SCHEMA = pa.schema([(name, pa.string()) for name in ("video", "step", "reason", "kind")])


@dataclass(frozen=True, slots=True)
class Failure:
    """One video that is not in the corpus.

    Attributes:
        video: its id.
        step: at which it was left out.
        reason: one line, with the details of this video; names files relative to the folder of the source.
        kind: the same for all videos that are left out for a like reason, with the limits that were set; default: the
            reason.
    """

    video: str
    step: str
    reason: str
    kind: str = ""

    def __post_init__(self) -> None:
        if not self.kind:
            object.__setattr__(self, "kind", self.reason)

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong; not so where the user asked for it, or where the video has no subtitles."""
        return self.step not in WANTED and self.kind not in NO_WORDS_INSIDE


def failure_of(video: SourceVideo, step: str, error: Exception) -> Failure:
    """An error as the failure of a video. A bug of ours or of a decoder costs one video, and is reported as a bug."""
    said = str(error) or type(error).__name__
    if is_defect(error):
        internal = InternalError(error)
        return Failure(video.video_id, step, video.published(f"{video.path}: {internal}"), internal.kind)
    if not isinstance(error, HdvilaError):
        kind = f"unexpected {type(error).__name__}"
        return Failure(video.video_id, step, video.published(f"{video.path}: {kind}: {said}"), kind)
    for file in dict.fromkeys((*video.spoken, video.path)):
        bare = said.removeprefix(f"{file}: ")
        if bare != said:
            break
    return Failure(video.video_id, step, video.published(said), error.kind or video.published(bare).split(";")[0])


def died_on(video: SourceVideo, step: str, outcome: Died) -> Failure:
    """The process that worked on a video died."""
    why = f"{video.path}: {_DIED} (exit status {outcome.exit_code}); the file is bad"
    return Failure(video.video_id, step, video.published(why), _DIED)


class Attempt:
    """Work on one video: an error in the block ends it and becomes the `failure` of the current step.

        with Attempt(video, "filter") as attempt:
            ...
            attempt.step = "cut"
            return ...
        return attempt.failure

    Errors that say nothing about the video are raised: a missing package, a corpus that cannot be written.
    """

    def __init__(self, video: SourceVideo, step: str) -> None:
        self._video, self.step = video, step
        self._failure: Failure | None = None

    @property
    def failure(self) -> Failure:
        """Why the block ended."""
        assert self._failure is not None, "the block has not failed"
        return self._failure

    def refuse(self, why: str, path: Path | None = None, kind: str = "") -> NoReturn:
        """Leave the video out. The reason names `path`, or the file of the video. `kind`: see `Failure`."""
        raise _Refusal(f"{path or self._video.path}: {why}", kind=kind)

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, Exception) or isinstance(error, MissingDependency | StoreError):
            return False
        self._failure = failure_of(self._video, self.step, error)
        return True


class _Refusal(HdvilaError):
    """A video that can be read and is not wanted."""


@dataclass(frozen=True, slots=True)
class StepSummary:
    """Numbers of videos that went into and came out of a step, and of the others by reason."""

    step: str
    came_in: int
    came_out: int
    reasons: dict[str, int]


def summarise(found: int, failures: Iterable[Failure], steps: Iterable[str] = STEPS) -> tuple[StepSummary, ...]:
    """What each step did to the `found` videos. Steps that left videos out are listed even if not in `steps`."""
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


@dataclass(frozen=True, slots=True)
class Sentences:
    """Numbers of sentences of one or more videos: all, those in clips, and the others by reason.

    ``beyond``: seconds for which the words go on after the end of the video.
    """

    found: int = 0
    in_clips: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    beyond: float = 0.0


def write_failures(root: Path, failures: Iterable[Failure], name: str = FAILURES) -> None:
    """Replace ``failures.parquet`` atomically.

    Raises:
        StoreError: it cannot be written.
    """
    with replacing(root / name, kind=StoreError) as partial:
        pq.write_table(pa.Table.from_pylist([asdict(failure) for failure in failures], _SCHEMA), partial)


def read_failures(root: Path, name: str = FAILURES) -> list[Failure]:
    """The failures that `write_failures` wrote; empty where there is no table.

    Raises:
        StoreError: the table cannot be read.
    """
    file = root / name
    if not file.exists():
        return []
    try:
        return [Failure(**row) for row in pq.read_table(file, schema=_SCHEMA).to_pylist()]
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"{file}: cannot be read ({error}); remove it and build again, without --retry-failed"
        ) from error

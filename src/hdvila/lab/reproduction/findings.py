"""Which claims, of the paper and our own, the rows agree with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from hdvila.lab.frame_selection.study import Result
from hdvila.lab.reproduction.plan import ENLARGED, LOW, NONE, ONE_CATEGORY, STAGE1, STAGE2, TASKS, DownstreamTask
from hdvila.lab.reproduction.rows import (
    Row,
    RowFilter,
    plain,
    pretrained,
    segment_numbers,
    task_names,
    with_segments,
    with_variant,
)

__all__ = ["Finding", "findings"]

_CLEAR = {2: 6.31, 3: 2.92, 4: 2.35, 5: 2.13}
"""Number of seeds -> one-sided 95 % quantile of Student's t."""
PAPER, OURS = "paper", "ours"
BOTH, ALONE = "1 HR + 10 LR", {"1 HR + 0 LR": "one HR frame alone", "0 HR + 10 LR": "ten LR frames alone"}
"""Names of `hdvila.lab.frame_selection.study.FrameChoice`."""
_WITHOUT = {
    "shuffled": "when frames are shuffled",
    "one frame": "when all LR frames are the same",
    "no detail": "without detail in HR",
}

BySeed = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim, and what these rows say of it.

    Attributes:
        whose: ``paper`` or ``ours``.
        claim: that one score is better than another, in words.
        better, worse: the means of the two scores, 0..1.
        by_seed: better minus worse of each seed.
    """

    whose: str
    claim: str
    better: float
    worse: float
    by_seed: tuple[float, ...]

    @property
    def verdict(self) -> str:
        """``agrees`` if the mean difference has the claim's sign and exceeds `_CLEAR` standard errors."""
        seeds = len(self.by_seed)
        if seeds < 2:
            return "one seed says nothing"
        lead, needed = mean(self.by_seed), _CLEAR.get(seeds, _CLEAR[5]) * stdev(self.by_seed) / sqrt(seeds)
        if lead > needed:
            return "agrees"
        if -lead > needed:
            return "the other way round"
        return "no clear difference"


def findings(rows: Sequence[Row], frames: Sequence[Result] = ()) -> list[Finding]:
    """Every comparison of which at least one seed has both scores.

    Args:
        rows: of the downstream tasks.
        frames: of the frame-selection study (Table 9).
    """
    found = []
    for whose, claim, better, worse in (
        *_starts(rows),
        *_data(rows),
        *_frames(frames),
        *_segments(rows),
        *_rests(rows),
    ):
        seeds = sorted(better.keys() & worse.keys())
        if seeds:
            differences = tuple(better[seed] - worse[seed] for seed in seeds)
            means = [mean(side[seed] for seed in seeds) for side in (better, worse)]
            found.append(Finding(whose, claim, means[0], means[1], differences))
    return found


_Comparison = tuple[str, str, BySeed, BySeed]
"""Whose claim, the claim, the scores that it says are better, and those that it says are worse."""


def _starts(rows: Sequence[Row]) -> Iterator[_Comparison]:
    for name in task_names(rows):
        claim = f"{name}: pre-training helps"
        yield OURS, claim, _scores(rows, plain(name, STAGE1)), _scores(rows, plain(name, NONE))
    for name in (task.name for task in TASKS if STAGE2 in task.starts):
        claim = f"{name}: stage two is the better start"
        yield OURS, claim, _scores(rows, plain(name, STAGE2)), _scores(rows, plain(name, STAGE1))


def _data(rows: Sequence[Row]) -> Iterator[_Comparison]:
    for other, claim in (
        (ONE_CATEGORY, "fifteen categories teach more than one"),
        (LOW, "high resolution teaches more than low alone, which fine-tuning and test keep to"),
        (ENLARGED, "high resolution teaches more than low resolution enlarged"),
    ):
        yield (
            PAPER, f"MSR-VTT: {claim}", _scores(rows, plain("MSR-VTT", STAGE1)), _scores(rows, plain("MSR-VTT", other)),
        )  # fmt: skip


def _frames(frames: Sequence[Result]) -> Iterator[_Comparison]:
    for world in dict.fromkeys(result.world for result in frames):
        of = {
            name: {result.seed: result.r1 for result in frames if (result.world, result.frames) == (world, name)}
            for name in (BOTH, *ALONE)
        }
        for name, words in ALONE.items():
            yield (
                PAPER if world == "balanced" else OURS,
                f"frames, {world} world: one HR and ten LR beat {words}",
                of[BOTH],
                of[name],
            )


def _segments(rows: Sequence[Row]) -> Iterator[_Comparison]:
    for task in TASKS:
        if task.segments:
            fewest, *_, most = segment_numbers(task)
            claim = f"{task.name}: {most} segments at the test beat {fewest}"
            yield OURS, claim, _scores(rows, with_segments(task, most)), _scores(rows, with_segments(task, fewest))


def _rests(rows: Sequence[Row]) -> Iterator[_Comparison]:
    """The tasks about time and detail: how well they are answered, and what the answers depend on."""
    for task in TASKS:
        if task.needs:
            yield from _needs(rows, task)


def _needs(rows: Sequence[Row], task: DownstreamTask) -> Iterator[_Comparison]:
    for start in pretrained(task):
        name, own = f"{task.name} from {start.words}", _scores(rows, plain(task.name, start))
        halfway = {row.seed: (1 + row.blind) / 2 for row in rows if plain(task.name, start)(row)}
        yield OURS, f"{name}: more than halfway from blind to perfect", own, halfway
        for variant in task.needs:
            yield (
                OURS,
                f"{name}: falls {_WITHOUT[variant]}",
                own,
                _scores(rows, with_variant(task.name, start, variant)),
            )


def _scores(rows: Sequence[Row], test: RowFilter) -> BySeed:
    return {row.seed: row.score for row in rows if test(row)}

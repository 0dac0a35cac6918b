"""Step three: no category has more than so many hours."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hdvila.corpus.failures import Failure, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, UsageError
from hdvila.media import probe

PAPER_HOURS = 30_000.0
"""The cap of HD-VILA-100M."""


@dataclass(frozen=True, slots=True)
class CategoryHours:
    """Videos and hours of a category before and after; `category` None: of the videos whose category is not known."""

    category: str | None
    videos: int
    hours: float
    videos_kept: int
    hours_kept: float


def balance(
    videos: Sequence[SourceVideo], hours: float, seed: int = 0, stored: Collection[str] = ()
) -> tuple[list[SourceVideo], list[Failure], list[CategoryHours]]:
    """Keep a random part of each category that has more than `hours`. Videos whose category is not known are all kept:
    they are of many categories, and a cap on all of them together would cut those by chance.

    Every video draws a number from its id and the seed alone; the lowest are kept up to the cap. So the order of the
    videos does not matter, and when videos are added the sample only gives some up for others, as few as can be.

    Args:
        videos: with durations; one that has none is probed.
        hours: the cap, for each category.
        seed: of the sample.
        stored: ids that are in the corpus already: they stay, and count.

    Returns:
        The kept in the order given, the others with their reason, and a row for each category, the largest first; that
        of None holds the videos whose category is not known.

    Raises:
        UsageError: hours below zero.
    """
    if not hours >= 0:
        raise UsageError(f"{hours:g} hours a category: give 0 or more")
    measured, failures = [], []
    for video in videos:
        try:
            measured.append(
                video if video.duration is not None else replace(video, duration=probe(video.path).duration)
            )
        except HdvilaError as error:
            failures.append(failure_of(video, "filter", error))
    groups: dict[str | None, list[SourceVideo]] = {}
    for video in measured:
        groups.setdefault(video.attributes.get("category"), []).append(video)
    kept: set[str] = set()
    rows = []
    for category, group in groups.items():
        chosen = group if category is None else _sample(group, int(hours * 3_600_000), seed, stored)
        kept |= {video.video_id for video in chosen}
        before, after = (sum(video.duration or 0.0 for video in part) / 3600 for part in (group, chosen))
        rows.append(CategoryHours(category, len(group), before, len(chosen), after))
        why = f"category {category!r} has {before:.2f} h, and at most {hours:g} are kept"
        kind = f"category {category!r} has more than {hours:g} h"
        failures += [Failure(video.video_id, "balance", why, kind) for video in group if video.video_id not in kept]
    rows.sort(key=lambda row: (-row.hours, row.category or ""))
    return [video for video in measured if video.video_id in kept], failures, rows


def draw(video_id: str, seed: int) -> float:
    """The number in [0, 1) that a video draws: the same everywhere and at all times."""
    digest = hashlib.sha256(f"{seed}\n{video_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _sample(group: Sequence[SourceVideo], room: int, seed: int, stored: Collection[str]) -> list[SourceVideo]:
    """Those that are stored, then others in the order of what they draw, until the next does not fit.

    `room` is in milliseconds: whole numbers, so that the sum does not depend on the order.
    """
    chosen, left = [], room
    for video in sorted(group, key=lambda one: (one.video_id not in stored, draw(one.video_id, seed), one.video_id)):
        left -= round(1000 * (video.duration or 0.0))
        if left < 0 and video.video_id not in stored:
            break
        chosen.append(video)
    return chosen

"""Balancing: a cap on the hours of each category."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hdvila.corpus.failures import Failure, failure_of
from hdvila.corpus.sources.video import SourceVideo
from hdvila.errors import HdvilaError, UsageError
from hdvila.media import probe


@dataclass(frozen=True, slots=True)
class CategoryHours:
    """Videos and hours of a category before and after balancing; `category` None: of videos without a known one."""

    category: str | None
    videos: int
    hours: float
    videos_kept: int
    hours_kept: float


def balance(
    videos: Sequence[SourceVideo], hours: float, seed: int = 0, stored: Collection[str] = ()
) -> tuple[list[SourceVideo], list[Failure], list[CategoryHours]]:
    """Keep a random sample of each category that has more than `hours`.

    Videos without a known category are all kept: they belong to many categories, and a cap on all of them together
    would reduce those by chance.

    Each video draws a number from its id and the seed alone, and the lowest are kept up to the cap. So the order of the
    videos does not matter, and added videos replace as few of the sample as possible.

    Args:
        videos: to balance; those without a duration are probed.
        hours: the cap of each category.
        seed: of the sample.
        stored: ids that are in the corpus already: they are kept, and count.

    Returns:
        The kept videos in their order, the others with their reasons, and a row per category, the largest first. The
        row of None holds the videos without a known category.

    Raises:
        UsageError: `hours` is below zero.
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
    """The number in [0, 1) that a video draws; depends on its id and the seed only."""
    digest = hashlib.sha256(f"{seed}\n{video_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _sample(group: Sequence[SourceVideo], room: int, seed: int, stored: Collection[str]) -> list[SourceVideo]:
    """The stored videos, then others by what they draw, until the next does not fit into `room` milliseconds.

    Whole milliseconds, so that the sum does not depend on the order.
    """
    chosen, left = [], room
    for video in sorted(group, key=lambda one: (one.video_id not in stored, draw(one.video_id, seed), one.video_id)):
        left -= round(1000 * (video.duration or 0.0))
        if left < 0 and video.video_id not in stored:
            break
        chosen.append(video)
    return chosen

"""MSVD-QA: open questions about short clips of YouTube, one event each, numbered for the questions."""

from __future__ import annotations

from collections.abc import Sequence

from hdvila.miniature.benchmarks.cast import Actor, cast
from hdvila.miniature.benchmarks.names import youtube_id
from hdvila.miniature.benchmarks.one_word import one_word_files
from hdvila.miniature.world import WorldConfig

CONFIG = WorldConfig(events=(1, 1))
_FIRST = 7_000_000
_MOST = 1970  # videos of MSVD, by whose numbers readers know it


def actors(videos: int, seed: int) -> list[Actor]:
    """Videos called by YouTube id and seconds, at most as many as MSVD has."""
    return cast(min(videos, _MOST), seed, _FIRST, CONFIG, _name)


def files(videos: Sequence[Actor], seed: int) -> dict[str, str]:
    """train_qa.json, val_qa.json, test_qa.json, and youtube_mapping.txt, which says what file a video's number is."""
    mapping = "".join(f"{actor.stem} vid{_number(actor)}\n" for actor in videos)
    return one_word_files(videos, seed, _number, lambda actor: {}) | {"youtube_mapping.txt": mapping}


def _number(actor: Actor) -> int:
    return actor.number + 1


def _name(number: int) -> str:
    start = 7 * number % 300
    return f"{youtube_id(f'msvd {number}')}_{start}_{start + 5}"

"""What the report shows, as plain values: the demo gathers them, the page draws them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hdvila.types import HybridClip, Moment


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search, with pictures of it (JPEG) and whether it shows what was asked."""

    moment: Moment
    pictures: tuple[bytes, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One search: the words, what they ask for (``"a texture"``), the hits, best first."""

    words: str
    asks_for: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One hybrid sequence as the model reads it, and what is said meanwhile."""

    frames: HybridClip
    sentence: str


@dataclass(frozen=True, slots=True)
class MaskedWord:
    """A sentence with one word hidden: the guesses (word, probability) with its own video and with another one."""

    before: str
    word: str
    after: str
    own_video: tuple[tuple[str, float], ...]
    other_video: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Loss by step of one training stage."""

    title: str
    steps: tuple[int, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page. ``facts`` is what ``report.json`` holds."""

    facts: dict[str, Any]
    curves: tuple[Curve, ...]
    queries: tuple[Query, ...]
    segments: tuple[Segment, ...]
    masked_words: tuple[MaskedWord, ...] = field(default=())

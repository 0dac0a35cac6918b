"""The demo's report: its contents as plain values, drawn into one self-contained page (no script, no outside file)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hdvila.lab.demo.queries import Query
from hdvila.pages import BLUE, PALE, drawing, image_uri, render, write_text
from hdvila.types import Pixels


@dataclass(frozen=True, slots=True)
class Segment:
    """One hybrid sequence as the model reads it, and the sentence spoken over it."""

    frames: Any
    sentence: str


@dataclass(frozen=True, slots=True)
class MaskedWord:
    """A sentence with one word hidden: the predictions (word, probability) with its own video and with another one."""

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
    """Everything on the page. `facts` are the contents of ``report.json``."""

    facts: dict[str, Any]
    curves: tuple[Curve, ...]
    queries: tuple[Query, ...]
    segments: tuple[Segment, ...]
    masked_words: tuple[MaskedWord, ...] = field(default=())


def write_page(report: Report, path: Path) -> None:
    """Write `report` as the HTML file `path`."""
    html = render(
        "hdvila.lab.demo",
        "page.html.j2",
        facts=report.facts,
        queries=report.queries,
        masked_words=report.masked_words,
        curves=_curves_svg(report.curves),
        segments=[_segment(segment) for segment in report.segments],
    )
    write_text(path, html)


def _image(rgb_3HW: Pixels) -> str:
    return image_uri(rgb_3HW.transpose(1, 2, 0))


def _segment(segment: Segment) -> dict[str, object]:
    """The frames of a hybrid sequence in order of time, each with its offset from the middle frame."""
    clip = segment.frames
    if clip.high is None or clip.low is None:
        raise ValueError("the report draws hybrid sequences: the clip must have both streams")
    middle = float(clip.high_pts[0])
    low = [(float(t) - middle, _image(rgb)) for t, rgb in zip(clip.low_pts[0], clip.low[0], strict=True)]
    return {
        "sentence": segment.sentence,
        "high": _image(clip.high[0]),
        "before": low[: len(low) // 2],
        "after": low[len(low) // 2 :],
        "high_size": f"{clip.high.shape[3]} × {clip.high.shape[2]}",
        "low_size": f"{clip.low.shape[4]} × {clip.low.shape[3]}",
    }


def _curves_svg(curves: tuple[Curve, ...]) -> str:
    with drawing(4.6 * len(curves), 2.6) as drawn:
        for column, curve in enumerate(curves, start=1):
            axes = drawn.figure.add_subplot(1, len(curves), column)
            axes.plot(curve.steps, curve.losses, color=PALE, linewidth=0.8)
            axes.plot(curve.steps, _smooth(curve.losses), color=BLUE, linewidth=1.8)
            axes.set(title=curve.title, xlabel="step", ylabel="loss", ylim=(0, None))
    return drawn.svg


def _smooth(values: tuple[float, ...], width: int = 15) -> list[float]:
    """The running mean over the last `width` values."""
    return [float(np.mean(values[max(0, i - width + 1) : i + 1])) for i in range(len(values))]

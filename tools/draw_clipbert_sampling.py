"""Draw docs/images/clipbert_sampling.png: clip length, T, N_train and N_test of ClipBERT's inputs on one video.

python tools/draw_clipbert_sampling.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hdvila.models.clipbert.sampling import sparse_frames
from hdvila.pages.draw import BLUE, PALE, SOFT, drawing

INTO = Path(__file__).parents[1] / "docs" / "images" / "clipbert_sampling.png"
SECONDS, FPS, LENGTH, FRAMES, TRAIN, TEST = 12, 30, 1.0, 2, 3, 8
BAR = 0.5
"""Height of a video, of which a row has 1."""


def rows() -> list[tuple[str, str, Any]]:
    """What is drawn, from top to bottom: a title, what it means, and the frames (N, T)."""
    total, length = SECONDS * FPS, LENGTH * FPS
    steps = (sparse_frames(total, length, TRAIN, FRAMES, np.random.default_rng(seed)) for seed in (3, 23))
    single = {place: sparse_frames(total, length, 1, FRAMES, position=place) for place in ("middle", "third", "first")}
    return [
        *(
            (f"training step {at}", f"N_train = {TRAIN} random clips, may overlap", step)
            for at, step in enumerate(steps, 1)
        ),
        ("test", f"N_test = {TEST} uniform clips", sparse_frames(total, length, TEST, FRAMES, position="first")),
        ("test, 1 clip", "position middle: paper", single["middle"]),
        ("", "position third: official code, retrieval", single["third"]),
        ("", "position first: official code, QA", single["first"]),
    ]


def draw(axes: Any) -> None:
    """All rows, and what lengths mean on the first."""
    shown = rows()
    for at, (title, meaning, frames_NT) in enumerate(shown):
        bottom = -at - BAR / 2
        axes.broken_barh([(0, SECONDS)], (bottom, BAR), facecolor="#eef0f4")
        for numbers in frames_NT:
            axes.broken_barh([(numbers[0] / FPS, LENGTH)], (bottom, BAR), facecolor=PALE, edgecolor="white")
            axes.vlines((numbers + 0.5) / FPS, bottom, bottom + BAR, color=BLUE, linewidth=2.5)
        axes.text(-0.2, -at + 0.13, title, ha="right", va="center", weight="bold")
        axes.text(-0.2, -at - 0.15 if title else -at, meaning, ha="right", va="center", color=SOFT, size=9)
    first = shown[0][2][0] / FPS
    axes.annotate("", (first[0], 0.42), (first[0] + LENGTH, 0.42), arrowprops={"arrowstyle": "<->", "color": SOFT})
    axes.text(first[0] + LENGTH / 2, 0.5, f"clip length {LENGTH:g} s", ha="center", va="bottom", color=SOFT, size=9)
    second = (shown[0][2][2] + 0.5) / FPS
    for place in second:
        axes.annotate(
            "",
            (place, BAR / 2 + 0.02),
            (second.mean(), 0.52),
            arrowprops={"arrowstyle": "-", "color": BLUE, "linewidth": 0.8},
        )
    axes.text(second.mean(), 0.55, f"T = {FRAMES} frames of a clip", ha="center", va="bottom", color=BLUE, size=9)
    axes.set_xlim(-0.1, SECONDS + 0.1)
    axes.set_ylim(-len(shown) + 0.6, 0.95)
    axes.set_xticks(range(0, SECONDS + 1, 2), [f"{second} s" for second in range(0, SECONDS + 1, 2)])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def main() -> None:
    """Write the picture."""
    with drawing(8.8, 3.6, "clipbert-sampling") as drawn:
        draw(drawn.figure.add_subplot())
        drawn.figure.savefig(INTO, dpi=144, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    main()

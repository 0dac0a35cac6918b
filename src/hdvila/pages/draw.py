"""Plots for a page, as SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hdvila.errors import require

BLUE, PALE, SOFT, INK, LINE = "#2b59c3", "#b9c7e6", "#667085", "#1c2230", "#e4e7ec"
"""As in ``style.css``."""


class Drawing:
    """The value of `drawing`: a matplotlib figure to draw into, and its SVG afterwards."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure
        self.svg = ""


@contextmanager
def drawing(width: float, height: float, name: str = "hdvila") -> Iterator[Drawing]:
    """Draw a matplotlib figure; on leaving the context, ``svg`` holds it as self-contained SVG.

    Args:
        width, height: of the figure in inches of 72 points.
        name: makes the ids inside unique on the page. The same input gives the same SVG.

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    matplotlib = require("matplotlib", extra="corpus")
    from matplotlib.figure import Figure

    style = {
        "svg.hashsalt": name,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#cbd0d8",
        "axes.labelcolor": SOFT,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
    }
    with matplotlib.rc_context(style):
        drawn = Drawing(Figure(figsize=(width, height), layout="constrained"))
        yield drawn
        text = io.StringIO()
        drawn.figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    drawn.svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)

"""The report of the demo as one self-contained page: no script, no outside file."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from pathlib import Path

import numpy as np

from hdvila.demo.views import Curve, Report, Segment
from hdvila.errors import require
from hdvila.media.jpeg import encode_jpeg
from hdvila.types import Pixels


def write_page(report: Report, path: Path) -> None:
    """Draw `report` into the HTML file `path`."""
    jinja2 = require("jinja2", extra="train")
    template = files("hdvila.demo").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["jpeg"] = _data_uri
    environment.filters["clock"] = clock
    html = environment.from_string(template).render(
        facts=report.facts,
        queries=report.queries,
        masked_words=report.masked_words,
        curves=_curves_svg(report.curves),
        segments=[_segment(segment) for segment in report.segments],
    )
    path.write_text(html, encoding="utf-8")


def clock(seconds: float) -> str:
    """Minutes and seconds, as a player shows them: 75.25 -> ``1:15.2``."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def _data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _picture(rgb_3HW: Pixels) -> str:
    return _data_uri(encode_jpeg(np.ascontiguousarray(rgb_3HW.transpose(1, 2, 0)), quality=92))


def _segment(segment: Segment) -> dict[str, object]:
    """The pictures of a hybrid sequence in order of time, with the offset of each from the middle frame."""
    clip = segment.frames
    if clip.high is None or clip.low is None:
        raise ValueError("the report draws hybrid sequences: it needs both streams")
    middle = float(clip.high_pts[0])
    low = [(float(t) - middle, _picture(rgb)) for t, rgb in zip(clip.low_pts[0], clip.low[0], strict=True)]
    return {
        "sentence": segment.sentence,
        "high": _picture(clip.high[0]),
        "before": low[: len(low) // 2],
        "after": low[len(low) // 2 :],
        "high_size": f"{clip.high.shape[3]} × {clip.high.shape[2]}",
        "low_size": f"{clip.low.shape[4]} × {clip.low.shape[3]}",
    }


def _curves_svg(curves: tuple[Curve, ...]) -> str:
    matplotlib = require("matplotlib", extra="train")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "hdvila", "font.size": 9}):
        figure = Figure(figsize=(4.6 * len(curves), 2.6), layout="constrained")
        for column, curve in enumerate(curves, start=1):
            axes = figure.add_subplot(1, len(curves), column)
            axes.plot(curve.steps, curve.losses, color="#b9c7e6", linewidth=0.8)
            axes.plot(curve.steps, _smooth(curve.losses), color="#2b59c3", linewidth=1.8)
            axes.set(title=curve.title, xlabel="step", ylabel="loss", ylim=(0, None))
            axes.spines[["top", "right"]].set_visible(False)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True)
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def _smooth(values: tuple[float, ...], width: int = 15) -> list[float]:
    """The running mean over the last `width` values."""
    return [float(np.mean(values[max(0, i - width + 1) : i + 1])) for i in range(len(values))]

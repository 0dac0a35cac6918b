"""``report.html``: the numbers of a corpus on one page with histograms, beside those of the paper."""

from __future__ import annotations

from typing import Any

from hdvila.corpus.paper import CATEGORIES, CATEGORY_HOURS, HD_VILA_100M
from hdvila.pages import BLUE, PALE, SOFT, drawing, render

_SHOWN = 24  # rows of a table; one more sums up the others
_WIDTH, _HEIGHT = 5.2, 2.7  # inches: two side by side on a wide page, one on a phone


def report_html(name: str, stats: dict[str, Any]) -> str:
    """The page of the corpus `name` with these numbers (see `describe`).

    Raises:
        MissingDependency: matplotlib is not installed.
    """
    similarity = stats.get("similarity")
    return render(
        "hdvila.corpus.describe",
        "report.html.j2",
        name=name,
        stats=stats,
        paper=HD_VILA_100M,
        paper_categories=CATEGORIES,
        paper_category_hours=CATEGORY_HOURS,
        categories=with_rest(stats["categories"]),
        resolutions=with_rest(stats["resolutions"]),
        steps=list(stats["failed_by_step"].items()),
        clip_seconds=length_histogram(stats["clip_seconds"], "seconds", "clips", HD_VILA_100M.clip_seconds),
        sentence_words=length_histogram(stats["sentence_words"], "words", "sentences", HD_VILA_100M.sentence_words),
        similarity=similarity_histogram(similarity) if similarity else None,
    )


def with_rest(rows: list[dict[str, Any]], shown: int = _SHOWN) -> list[dict[str, Any]]:
    """At most `shown` rows as they are, and one that sums up the others."""
    if len(rows) <= shown:
        return rows
    rest = rows[shown:]
    totals = {column: sum(row[column] for row in rest) for column in ("videos", "clips", "hours")}
    return [*rows[:shown], {"name": f"{len(rest)} others", **totals}]


def length_histogram(summary: dict[str, Any], unit: str, what: str, paper_mean: float) -> str:
    """A histogram of lengths as SVG, with lines at its mean and at that of the paper.

    Args:
        summary: see `Tally.summary`.
        unit: of the edges, such as ``seconds``.
        what: is counted, such as ``clips``.
        paper_mean: in the same unit.
    """
    edges, counts = summary["edges"], summary["counts"]
    width = edges[1] - edges[0]
    total = max(1, sum(counts))
    with drawing(_WIDTH, _HEIGHT, f"{what} by {unit}") as drawn:
        axes = drawn.figure.add_subplot()
        shares = [100 * count / total for count in counts]
        axes.bar(edges, shares, width=0.9 * width, align="edge", color=PALE)
        _line(axes, paper_mean, SOFT, f"{paper_mean:g} paper", "--")
        if summary["mean"] is not None:
            _line(axes, summary["mean"], BLUE, f"{summary['mean']:.1f} here", "-")
        longest = max((edge + width for edge, count in zip(edges, counts, strict=True) if count), default=0)
        axes.set(xlabel=unit, ylabel=f"% of {what}", xlim=(0, max(longest, 1.4 * paper_mean)))
        axes.set_ylim(0, max(shares) * 1.08 or 1)
        axes.locator_params(axis="x", integer=True)
        axes.legend(title="mean", frameon=False, loc="upper right", fontsize=9, title_fontsize=9)
    return drawn.svg


def similarity_histogram(similarity: dict[str, Any]) -> str:
    """Histograms as SVG: cosines of clips with their own words, and with those of another clip."""
    edges = similarity["edges"]
    used = [
        at for at in range(len(edges) - 1) if any(similarity[name]["counts"][at] for name in _pairs(similarity))
    ] or [len(edges) // 2]
    with drawing(_WIDTH, _HEIGHT, "similarity") as drawn:
        axes = drawn.figure.add_subplot()
        for name, label, color in (("other", "words of another clip", SOFT), ("own", "its own words", BLUE)):
            if name in similarity:
                counts = similarity[name]["counts"]
                shares = [100 * count / max(1, sum(counts)) for count in counts]
                axes.stairs(shares, edges, fill=True, color=color, alpha=0.18)
                axes.stairs(shares, edges, color=color, linewidth=1.6, label=label)
        axes.set(xlabel="cosine of frames and words", ylabel="% of clips", ylim=(0, None))
        axes.set_xlim(max(-1, edges[used[0]] - 0.1), min(1, edges[used[-1] + 1] + 0.1))
        axes.legend(frameon=False, loc="upper left", fontsize=9)
    return drawn.svg


def _pairs(similarity: dict[str, Any]) -> list[str]:
    return [name for name in ("own", "other") if name in similarity]


def _line(axes: Any, at: float, color: str, label: str, style: str) -> None:
    axes.axvline(at, color=color, linewidth=1.6, linestyle=style, label=label)

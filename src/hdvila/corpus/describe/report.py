"""``report.html``: the numbers of a corpus as one page that a person can read, beside those of the paper."""

from __future__ import annotations

from typing import Any

from hdvila.corpus.describe.plots import length_histogram, similarity_histogram
from hdvila.corpus.paper import CATEGORIES, CATEGORY_HOURS, HD_VILA_100M
from hdvila.pages import render

_SHOWN = 24  # rows of a table; what is beyond them is added up in one more


def report_html(name: str, stats: dict[str, Any]) -> str:
    """The page of a corpus called `name` with these numbers (see `corpus_statistics`).

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
    """At most `shown` rows as they are, and one that adds up the others."""
    if len(rows) <= shown:
        return rows
    rest = rows[shown:]
    totals = {column: sum(row[column] for row in rest) for column in ("videos", "clips", "hours")}
    return [*rows[:shown], {"name": f"{len(rest)} others", **totals}]

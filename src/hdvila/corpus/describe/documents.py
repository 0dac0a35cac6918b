"""A corpus described for people: ``report.html``, the data card ``README.md`` and the datasheet ``DATASHEET.md``.

The datasheet has the fifty questions of Gebru et al., "Datasheets for Datasets" (CACM 2021), in our words; "Anything
else?" at the end of each of its seven sections is not counted. Only what follows from the corpus and its builds is
answered. What only its maker knows is marked `MAKER`.

An edited card or datasheet is never overwritten. Its last line holds a checksum of all lines before it, so no other
file has to agree with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from hdvila.corpus.paper import CATEGORIES, CATEGORY_HOURS, CITATION, HD_VILA_100M
from hdvila.pages import BLUE, PALE, SOFT, drawing, render, write_text

_SHOWN = 24  # rows of a table; one more sums up the others
_WIDTH, _HEIGHT = 5.2, 2.7  # inches: two side by side on a wide page, one on a phone
_HUB_LICENCES = {
    *("apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0"),
    *("cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0", "odc-by", "pddl"),
}
_SIZES = [
    (1e3, "n<1K"),
    (1e4, "1K<n<10K"),
    (1e5, "10K<n<100K"),
    (1e6, "100K<n<1M"),
    (1e7, "1M<n<10M"),
    (1e8, "10M<n<100M"),
    (1e9, "100M<n<1B"),
]
_RUNS = 10  # last builds that are described one by one
MAKER = "**To be filled in by the maker:**"
_SEAL = re.compile(rb"<!-- as written by hdvila: ([0-9a-f]{16}) -->\n")


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
        categories=_with_rest(stats["categories"]),
        resolutions=_with_rest(stats["resolutions"]),
        steps=list(stats["failed_by_step"].items()),
        clip_seconds=_length_histogram(stats["clip_seconds"], "seconds", "clips", HD_VILA_100M.clip_seconds),
        sentence_words=_length_histogram(stats["sentence_words"], "words", "sentences", HD_VILA_100M.sentence_words),
        similarity=_similarity_histogram(similarity) if similarity else None,
    )


def card_markdown(name: str, stats: dict[str, Any]) -> str:
    """The data card of the corpus `name` with these numbers (see `describe`), for the Hugging Face hub."""
    return render(
        "hdvila.corpus.describe",
        "card.md.j2",
        name=name,
        front=_front_matter(name, stats),
        summary=summary(stats),
        stats=stats,
        ending="jpg" if stats["form"] == "jpeg" else stats["form"],
        paper=HD_VILA_100M,
        citation=CITATION,
        categories=_with_rest(stats["categories"]),
    )


def datasheet_markdown(name: str, stats: dict[str, Any]) -> str:
    """The datasheet of the corpus `name` with these numbers (see `describe`)."""
    return render(
        "hdvila.corpus.describe",
        "datasheet.md.j2",
        name=name,
        summary=summary(stats),
        stats=stats,
        runs=list(enumerate(stats["runs"], start=1))[-_RUNS:],
        maker=MAKER,
    )


def write_unless_edited(file: Path, text: str) -> bool:
    """Write a Markdown file, unless it exists and was edited; returns whether it was written.

    Raises:
        OSError: it cannot be written.
    """
    if file.exists() and not is_unedited(file.read_bytes()):
        return False
    body = f"{text.rstrip()}\n\n".encode(errors="replace")
    write_text(file, f"{body.decode()}<!-- as written by hdvila: {_digest(body)} -->\n")
    return True


def is_unedited(data: bytes) -> bool:
    """Whether a file is byte for byte as `write_unless_edited` wrote it."""
    seals = list(_SEAL.finditer(data))
    if not seals or seals[-1].end() != len(data):
        return False
    return seals[-1][1].decode() == _digest(data[: seals[-1].start()])


def summary(stats: dict[str, Any]) -> str:
    """The corpus in two sentences."""
    hours = f"{stats['hours']:,.0f}" if stats["hours"] >= 100 else f"{stats['hours']:.2f}"
    clips, videos = stats["clips"], stats["videos"]
    if not clips:
        return "A corpus of video clips with the words said in them; it holds no clip yet."
    return (
        f"{clips:,} video clip{'s' if clips != 1 else ''} with the words said in them ({hours} hours), cut from "
        f"{videos:,} narrated video{'s' if videos != 1 else ''} at sentence bounds. Each clip has the streams "
        + " and ".join(f"{stream['name']} ({stream['fps']:g} a second)" for stream in stats["streams"])
        + "."
    )


def _front_matter(name: str, stats: dict[str, Any]) -> str:
    """The YAML head of the card. Values are written as JSON, which is valid YAML, so that no name can break it."""
    licences = [row["name"].lower() for row in stats["licenses"]["largest"]]
    known = len(licences) == 1 and licences[0] in _HUB_LICENCES
    languages = [row["name"].lower().split("-")[0] for row in stats["languages"]["largest"]]
    codes = sorted({code for code in languages if re.fullmatch(r"[a-z]{2,3}", code)})
    fields = {
        "pretty_name": name,
        "license": licences[0] if known else "other" if licences else "unknown",
        **({"language": codes} if codes else {}),
        "task_categories": ["video-text-to-text"],
        "size_categories": [next((size for limit, size in _SIZES if stats["clips"] < limit), "n>1T")],
        "tags": ["video", "video-text", "narration"],
        "configs": [{"config_name": "clips", "data_files": "clips.parquet", "default": True}],
    }
    return "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())


def _with_rest(rows: list[dict[str, Any]], shown: int = _SHOWN) -> list[dict[str, Any]]:
    """At most `shown` rows as they are, and one that sums up the others."""
    if len(rows) <= shown:
        return rows
    rest = rows[shown:]
    totals = {column: sum(row[column] for row in rest) for column in ("videos", "clips", "hours")}
    return [*rows[:shown], {"name": f"{len(rest)} others", **totals}]


def _length_histogram(summary: dict[str, Any], unit: str, what: str, paper_mean: float) -> str:
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


def _similarity_histogram(similarity: dict[str, Any]) -> str:
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


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]

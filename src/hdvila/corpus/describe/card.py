"""``README.md``: the corpus as a Hugging Face dataset card."""

from __future__ import annotations

import json
import re
from typing import Any

from hdvila.corpus.describe.report import with_rest
from hdvila.corpus.paper import CITATION, HD_VILA_100M
from hdvila.pages import render

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


def summary(stats: dict[str, Any]) -> str:
    """The corpus in two sentences."""
    hours = f"{stats['hours']:,.0f}" if stats["hours"] >= 100 else f"{stats['hours']:.2f}"
    clips, videos = stats["clips"], stats["videos"]
    if not clips:
        return "A corpus of video clips with the words said in them; it holds no clip yet."
    return (
        f"{clips:,} video clip{'s' if clips != 1 else ''} with the words said in them ({hours} hours), cut from "
        f"{videos:,} narrated video{'s' if videos != 1 else ''} at sentence bounds. Each clip has pictures in high "
        f"resolution ({stats['hr_fps']:g} a second) and in low resolution ({stats['lr_fps']:g} a second)."
    )


def card_markdown(name: str, stats: dict[str, Any]) -> str:
    """The card of a corpus called `name` with these numbers."""
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
        categories=with_rest(stats["categories"]),
    )


def _front_matter(name: str, stats: dict[str, Any]) -> str:
    """YAML; every value is written as JSON, which is YAML too, so that no name can break it."""
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

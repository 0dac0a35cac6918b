"""``README.md``, the dataset card, and ``DATASHEET.md``: written by the program, completed by a person.

The datasheet has the fifty questions of Gebru et al., "Datasheets for Datasets" (CACM 2021), in our words; "Anything
else?" at the end of each of its seven sections is not counted. Only what follows from the corpus and its builds is
answered. What only its maker knows is marked `MAKER`.

A document that was edited is never overwritten. Its last line holds a checksum of all lines before it, so no other file
has to agree with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from hdvila.corpus.describe.report import with_rest
from hdvila.corpus.paper import CITATION, HD_VILA_100M
from hdvila.pages import render, write_text

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
        categories=with_rest(stats["categories"]),
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
        f"{videos:,} narrated video{'s' if videos != 1 else ''} at sentence bounds. Each clip has frames in "
        + " and in ".join(f"{stream['said']} ({stream['fps']:g} a second)" for stream in stats["streams"])
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


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]

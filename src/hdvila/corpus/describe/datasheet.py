"""``DATASHEET.md``: the fifty questions of Gebru et al., "Datasheets for Datasets" (CACM 2021), in our words.

"Anything else?", which ends each of its seven sections, is not counted. They are answered as far as the corpus can:
only what can be read off it and its build is stated; what only its maker knows is marked ``MAKER``.
"""

from __future__ import annotations

from typing import Any

from hdvila.corpus.describe.card import summary
from hdvila.pages import render

_RUNS = 10  # builds that are told one by one: the last
MAKER = "**To be filled in by the maker:**"


def datasheet_markdown(name: str, stats: dict[str, Any]) -> str:
    """The datasheet of a corpus called `name` with these numbers (see `describe`)."""
    return render(
        "hdvila.corpus.describe",
        "datasheet.md.j2",
        name=name,
        summary=summary(stats),
        stats=stats,
        runs=list(enumerate(stats["runs"], start=1))[-_RUNS:],
        maker=MAKER,
    )

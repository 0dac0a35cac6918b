"""Writing what describes a corpus: numbers, report, data card, datasheet and Croissant file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hdvila.corpus.describe.croissant import CROISSANT, croissant_json
from hdvila.corpus.describe.documents import card_markdown, datasheet_markdown, report_html, write_unless_edited
from hdvila.corpus.describe.similarity import Scorer, score_clips
from hdvila.corpus.describe.statistics import Rows, corpus_statistics
from hdvila.corpus.ledger import Ledger
from hdvila.corpus.paper import beside_paper
from hdvila.errors import MissingDependency
from hdvila.pages import write_text
from hdvila.progress import SILENT, Reporter
from hdvila.store import Corpus

STATS = "stats.json"


def describe(
    corpus_root: str | os.PathLike[str],
    *,
    scorer: Scorer | None = None,
    scorer_name: str = "",
    scored: int = 1000,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> dict[str, Any]:
    """Write ``stats.json``, ``report.html``, ``DATASHEET.md``, ``README.md`` and ``croissant.json`` into a corpus.

    The facts of its builds come from ``build.json``. A measured similarity is kept as long as the clips do not change.
    The same corpus gives the same bytes. Without matplotlib, ``report.html`` is left out, and without datasketches or
    HanTa their numbers; a README.md or DATASHEET.md that was edited is kept. The reporter notes all of this.

    Memory: about 400 MB, whatever the number of clips; with a scorer also the index (about 30 bytes per frame).

    Args:
        corpus_root: the corpus folder.
        scorer: a model; with it the similarity of words and frames is measured on `scored` clips.
        scorer_name: the name of the model in the texts.
        seed: of the samples.
        reporter: shows progress, a step per clip.

    Returns:
        The content of ``stats.json``.

    Raises:
        StoreError: the corpus cannot be read.
        UsageError: the scorer does not fit the corpus.
    """
    root = Path(corpus_root)
    rows = Rows(root)
    stats = corpus_statistics(root, seed, reporter)
    name = root.resolve().name
    stats |= {**Ledger(root).read(), "beside_paper": beside_paper(stats)}
    before = _last(root).get("similarity") or {}
    if scorer is not None and stats["clips"]:
        numbers = rows.sample(scored, seed).tolist()
        scores = score_clips(Corpus(root), numbers, scorer, reporter)
        stats["similarity"] = {
            "model": scorer_name or type(scorer).__name__,
            "of": rows.fingerprint(),
            **scores.summary(),
        }
    elif before and before.get("of") == rows.fingerprint():
        stats["similarity"] = before
    prose = {"README.md": card_markdown(name, stats), "DATASHEET.md": datasheet_markdown(name, stats)}
    for file, text in prose.items():
        if not write_unless_edited(root / file, text):
            reporter.note(f"{root / file} was edited and is kept; delete it to have it written again")
    write_text(root / STATS, json.dumps(stats, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_text(root / CROISSANT, croissant_json(name, root, stats))
    try:
        write_text(root / "report.html", report_html(name, stats))
    except MissingDependency as error:
        reporter.note(f"{root / 'report.html'} was not written: {error}")
    return stats


def _last(root: Path) -> dict[str, Any]:
    """The last content of ``stats.json``; empty if it cannot be read."""
    try:
        last = json.loads((root / STATS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return last if isinstance(last, dict) else {}

"""A corpus in the rows of the paper's tables: Table 1, data sets; Table 10, words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hdvila.corpus.paper import DATA_SETS, NGRAM_READING, WORDS


def beside_paper(name: str, stats: dict[str, Any]) -> dict[str, Any]:
    """``data_sets`` and ``words``, each with the row of a corpus called `name` before those of the paper, and how the
    means of n-grams are read. What cannot be said is None.

    Args:
        name: of the corpus.
        stats: its numbers (see `corpus_statistics`). A clip's text counts as one sentence, as in the paper.
    """
    clips, parts = stats["clips"], stats["parts_of_speech"]["per_sentence"]
    ours = {
        "name": name,
        "domain": None,
        "clips": clips,
        "sentences": clips,
        "clip_seconds": stats["clip_seconds"]["mean"],
        "sentence_words": stats["sentence_words"]["mean"],
        "hours": stats["hours"],
        "lines": min(map(int, stats["resolutions"][0]["name"].split("x"))) if stats["resolutions"] else None,
    }
    said = {
        "name": name,
        "unique_ngrams": {
            n: stats["ngrams"][str(n)]["unique"] / clips if clips else None for n in WORDS[0].unique_ngrams
        },
        "per_sentence": {part: parts[part] if parts else None for part in WORDS[0].per_sentence},
    }
    words = [said, *map(asdict, WORDS)]
    for row in words:
        row["unique_ngrams"] = {str(n): mean for n, mean in row["unique_ngrams"].items()}
    return {"data_sets": [ours, *map(asdict, DATA_SETS)], "words": words, "ngram_reading": NGRAM_READING}

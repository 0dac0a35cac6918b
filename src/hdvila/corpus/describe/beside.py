"""A corpus in the rows of the paper's tables: Table 1, data sets; Table 10, words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hdvila.corpus.paper import DATA_SETS, NGRAM_READING, WORDS


def beside_paper(stats: dict[str, Any]) -> dict[str, Any]:
    """``data_sets`` and ``words``, each with the row of this corpus before those of the paper, and how the means of
    n-grams are read. What cannot be said is None. No folder's name is in it: equal corpora have equal numbers.

    Args:
        stats: the numbers of the corpus (see `corpus_statistics`). As in the paper, a clip has one sentence, its text.
    """
    clips, parts = stats["clips"], stats["parts_of_speech"]["per_sentence"]
    ours = {
        "name": "this corpus",
        "domain": None,
        "clips": clips,
        "sentences": clips,
        "clip_seconds": stats["clip_seconds"]["mean"],
        "sentence_words": stats["sentence_words"]["mean"],
        "hours": stats["hours"],
        "lines": min(map(int, stats["resolutions"][0]["name"].split("x"))) if stats["resolutions"] else None,
    }
    said = {
        "name": "this corpus",
        "unique_ngrams": {
            n: stats["ngrams"][str(n)]["unique"] / clips if clips else None for n in WORDS[0].unique_ngrams
        },
        "per_sentence": {part: parts[part] if parts else None for part in WORDS[0].per_sentence},
    }
    words = [said, *map(asdict, WORDS)]
    for row in words:
        row["unique_ngrams"] = {str(n): mean for n, mean in row["unique_ngrams"].items()}
    return {"data_sets": [ours, *map(asdict, DATA_SETS)], "words": words, "ngram_reading": NGRAM_READING}

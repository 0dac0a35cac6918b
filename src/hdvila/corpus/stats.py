"""``stats.json``: the corpus in a few numbers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from hdvila.store import Corpus

STATS = "stats.json"


def corpus_stats(corpus: Corpus) -> dict[str, Any]:
    """Counts, hours and means of a corpus; means are None where there is no clip."""
    table = corpus.table
    seconds = pc.subtract(table["end"], table["start"])
    return {
        "videos": pc.count_distinct(table["video_id"]).as_py(),
        "clips": len(corpus),
        "hours": (pc.sum(seconds).as_py() or 0.0) / 3600,
        "clip_seconds_mean": pc.mean(seconds).as_py(),
        "sentence_words_mean": pc.mean(table["words"]).as_py(),
        "clips_timed_by_word": pc.sum(pc.equal(table["timed_by"], "word")).as_py() or 0,
        "hr_frames": pc.sum(table["hr_frames"]).as_py() or 0,
        "lr_frames": pc.sum(table["lr_frames"]).as_py() or 0,
    }


def write_stats(root: Path, stats: dict[str, Any]) -> None:
    """Replace ``stats.json`` in one step."""
    partial = root / f".{STATS}.part"
    partial.write_text(json.dumps(stats, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, root / STATS)

"""Remove stop words from queries, as the paper does for zero-shot retrieval (section D.2).

The paper removes them "as MIL-NCE does" and prints no list. MIL-NCE takes the English list of the Glasgow
Information Retrieval Group (ir.dcs.gla.ac.uk/resources/linguistic_utils/stop_words) in the version that
scikit-learn ships as ``ENGLISH_STOP_WORDS`` (BSD-3-Clause): 318 words, some of which can be seen in a video
(fire, front, two, under). `stop_words.txt` is that list.
"""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["STOP_WORDS", "without_stop_words"]

STOP_WORDS = frozenset(files("hdvila.evaluate").joinpath("stop_words.txt").read_text(encoding="utf-8").split())
"""The list of the Glasgow Information Retrieval Group; contractions have no apostrophe: cant, hasnt."""


def without_stop_words(text: str) -> str:
    """Remove the stop words of `text`; a text of stop words only is returned unchanged."""
    kept = [word for word in text.split() if re.sub(r"\W", "", word).lower() not in STOP_WORDS]
    return " ".join(kept) or text
